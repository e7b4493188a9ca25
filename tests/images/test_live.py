"""Cameras and addresses: what is one, how it is asked, and what is said where it does not open."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.local_server import local_server
from support.small_videos import drawn_frames, jpeg, read_back, write_video

from darknet_py.errors import DataError, ImageError
from darknet_py.images import live, live_frames, web_addresses
from darknet_py.images.capture import CaptureOptions
from darknet_py.images.live import shown
from darknet_py.images.moving_names import is_address, is_camera_text
from darknet_py.images.sources import open_source


class Device:
    """As cv2.VideoCapture of a camera of 640 x 480 at most. asked: what was set, in order."""

    def __init__(self, *arguments: object) -> None:
        self.arguments = arguments
        self.properties = {3: 640.0, 4: 480.0, 5: 30.0}
        self.asked: list[tuple[int, float]] = []
        self.number = 0

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return True

    def set(self, prop: int, value: float) -> bool:
        self.asked.append((prop, value))
        most = {3: 640.0, 4: 480.0, 5: 60.0}
        self.properties[prop] = min(value, most[prop])
        return True

    def get(self, prop: int, /) -> float:
        return self.properties.get(prop, 0.0)

    def grab(self) -> bool:
        self.number += 1
        return True

    def retrieve(self) -> tuple[bool, np.ndarray]:
        return True, np.full((4, 6, 3), self.number, np.uint8)

    def release(self) -> None:
        self.number = -1


@pytest.fixture
def devices(monkeypatch: pytest.MonkeyPatch) -> list[Device]:
    made: list[Device] = []

    def open_device(*arguments: object) -> Device:
        made.append(Device(*arguments))
        return made[-1]

    monkeypatch.setattr(cv2, "VideoCapture", open_device)
    return made


@pytest.mark.parametrize("source", [3, "3", np.int64(3)])
def test_a_number_is_a_camera(source: object, devices: list[Device]) -> None:
    opened = open_source(source)
    assert [device.arguments for device in devices] == [(3, cv2.CAP_ANY, [])]
    assert (opened.live, opened.endless, opened.fps) == (True, True, 30.0)
    frame = next(iter(opened.frames)).read()
    assert (frame.path, frame.size) == ("camera 3", (6, 4))
    opened.close()


def test_a_file_named_by_a_number_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert [is_camera_text(text) for text in ("0", "", "-1", "1.5", "٣", "0x")] == [True] + [
        False
    ] * 5
    Path("0").write_bytes(jpeg(drawn_frames(1)[0]))
    (frame,) = open_source("0").frames
    assert frame.read().size == (50, 40)


def test_a_camera_is_asked_for_its_size_and_speed(
    devices: list[Device], caplog: pytest.LogCaptureFixture
) -> None:
    open_source(0, CaptureOptions(width=640, height=480, fps=12.5))
    assert devices[0].asked == [(3, 640), (4, 480), (5, 12.5)]
    assert caplog.records == []
    open_source(1, CaptureOptions(width=1920, fps=60.0))
    (record,) = caplog.records
    assert record.getMessage() == "camera 1 gives width 640, asked for width 1920, fps 60"


@pytest.mark.parametrize("number", [77, -1, 100, 200])
def test_a_camera_that_is_not_there(number: int, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ImageError, match=f"^camera {number} cannot be opened; check that it is"):
        open_source(number)
    assert capfd.readouterr().err == ""


def test_cameras_in_a_list_are_refused(devices: list[Device]) -> None:
    with pytest.raises(DataError, match="a camera or stream never ends"):
        open_source([0, 1])
    assert [device.number for device in devices] == [-1]


def test_passwords_are_not_shown() -> None:
    cases = {
        "rtsp://me:secret@host:554/a": "rtsp://me:***@host:554/a",
        "rtsp://me:se@cr/et@host/a": "rtsp://me:***@host/a",
        "rtsp://me@host/a": "rtsp://me@host/a",
        "http://host:80/a": "http://host:80/a",
    }
    assert {address: shown(address) for address in cases} == cases


def test_addresses_of_other_kinds(tmp_path: Path) -> None:
    assert [is_address(text) for text in ("rtsp://a", "a/b.mp4", "C:\\a.mp4", 5)] == [True] + [
        False
    ] * 3
    with pytest.raises(DataError, match=r"file:///a.mp4: streams come by http, https, .*as a path"):
        open_source("file:///a.mp4")
    with pytest.raises(DataError, match="no address: Invalid IPv6"):
        open_source("rtsp://[::1/a")


@pytest.fixture
def silent_server() -> Iterator[int]:
    """A port that takes connections and never says anything."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.mark.parametrize("scheme", ["rtsp", "http", "rtmp"])
def test_an_address_that_never_answers_is_given_up(
    scheme: str, silent_server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "OPEN_SECONDS", 0.3)
    monkeypatch.setattr(web_addresses, "ANSWER_SECONDS", 0.3)
    address = f"{scheme}://me:secret@127.0.0.1:{silent_server}/a"
    expected = rf"{scheme}://me:\*\*\*@127.0.0.1:{silent_server}/a: cannot be opened \(no answer in"
    start = time.monotonic()
    with pytest.raises(ImageError, match=expected):
        open_source(address)
    assert time.monotonic() - start < 9


class Web(BaseHTTPRequestHandler):
    """/clip.avi is a file; /short.mjpg sends `frames` and ends, /stuck.mjpg is silent then."""

    clip = b""
    frames: list[bytes] = []
    over = threading.Event()

    def do_GET(self) -> None:  # noqa: N802 - the base's name
        self.send_response(200)
        if self.path == "/clip.avi":
            self.send_header("Content-Length", str(len(self.clip)))
            self.end_headers()
            self.wfile.write(self.clip)
            return
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=b")
        self.end_headers()
        for frame in self.frames:
            head = f"--b\r\nContent-Type: image/jpeg\r\nContent-Length: {len(frame)}\r\n\r\n"
            self.wfile.write(head.encode() + frame + b"\r\n")
        self.wfile.flush()
        if self.path == "/stuck.mjpg":
            self.over.wait(20)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def web() -> Iterator[str]:
    Web.over.clear()
    with local_server(Web) as address:
        yield address
        Web.over.set()


def test_a_video_in_the_web_is_a_file(tmp_path: Path, web: str) -> None:
    path = tmp_path / "a.avi"
    write_video(path, 5)
    Web.clip = path.read_bytes()
    source = open_source(f"{web}/clip.avi")
    assert (source.length, source.live, source.endless) == (5, False, False)
    pixels = [frame.read().pixels for frame in source.frames]
    assert all((ours == theirs).all() for ours, theirs in zip(pixels, read_back(path), strict=True))


@pytest.mark.parametrize("name", ["short.mjpg", "stuck.mjpg"])
def test_a_stream_that_ends_or_is_silent_is_opened_again(
    name: str, web: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "READ_SECONDS", 0.3)
    monkeypatch.setattr(live_frames, "FIRST_PAUSE", 0.01)
    Web.frames = [jpeg(frame) for frame in drawn_frames(40)]
    start = time.monotonic()
    with closing(open_source(f"{web}/{name}", CaptureOptions(every_frame=True))) as source:
        assert source.endless and source.stats is not None
        frames = list(islice(source.frames, 45))
        assert source.stats.reconnected >= 1
    assert time.monotonic() - start < 15
    assert [frame.number for frame in frames] == list(range(45))
    for frame, data in zip(frames, Web.frames + Web.frames, strict=False):
        expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        # Another decoder of JPEG; a neighbour's frame is 25 off.
        assert np.abs(frame.read().pixels.astype(int) - expected).mean() < 6  # type: ignore[union-attr]
