"""The stream behind a real port: who looks, who leaves, what fails, and how it ends."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from starlette.applications import Starlette
from support.served import served
from support.simulated_camera import Openings, SimulatedCamera
from support.small_videos import write_video
from support.stream_client import (
    PATIENCE,
    close_all,
    closed,
    connect,
    read_all,
    read_until,
    wait_until,
)
from support.tiny_detector import files, noise_image

import darknet_py
from darknet_py.images.capture import CaptureOptions
from darknet_py.images.io import Pixels
from darknet_py.images.live import live_source
from darknet_py.serve import app, stream_api
from darknet_py.serve import live_source as source_module
from darknet_py.serve.live_source import open_live
from darknet_py.serve.live_stream import LiveStream
from darknet_py.video.json_files import frame_line
from darknet_py.video.mjpeg_server import jpeg_bytes
from darknet_py.video.output import OutputFrame

THRESH = 0.35
"""Leaves some sixty boxes an image; of six hundred each would be drawn for half a second."""


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> darknet_py.Detector:
    return darknet_py.load(*files(tmp_path_factory.mktemp("net")))


@pytest.fixture(autouse=True)
def _clients_closed() -> Iterator[None]:
    yield
    close_all()


class Frames:
    """A caller's own frames: each comes when the test gives it."""

    def __init__(self) -> None:
        self.given = threading.Semaphore(0)
        self.images: list[Pixels] = []
        self.over = False

    def give(self, image: Pixels) -> None:
        self.images.append(image)
        self.given.release()

    def end(self) -> None:
        self.over = True
        self.given.release()

    def __iter__(self) -> Iterator[Pixels]:
        number = 0
        while self.given.acquire() and not self.over:
            yield self.images[number]
            number += 1


@pytest.fixture
def frames() -> Iterator[Frames]:
    made = Frames()
    yield made
    made.end()


def stream_of(application: Starlette) -> LiveStream:
    stream: LiveStream | None = application.state.service.stream
    assert stream is not None
    return stream


def viewers(application: Starlette, count: int) -> None:
    wait_until(lambda: stream_of(application).state.viewers == count)


def url(port: int, path: str) -> str:
    return f"http://127.0.0.1:{port}{path}"


def asked(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def expected(detector: darknet_py.Detector, number: int, image: Pixels) -> OutputFrame:
    result = detector(image, THRESH)
    assert isinstance(result, darknet_py.Result)
    return OutputFrame(
        number, darknet_py.Result("stream", image, result.boxes, result.names, 0, number - 1, None)
    )


def test_pictures_lines_and_array_are_those_of_detect(
    detector: darknet_py.Detector, frames: Frames
) -> None:
    application = app(detector, thresh=THRESH, stream=iter(frames))
    images = [noise_image(seed) for seed in range(3)]
    with ExitStack() as stack:
        port = stack.enter_context(served(application))
        show, lines, array = (
            stack.enter_context(httpx.stream("GET", url(port, path), timeout=PATIENCE))
            for path in ("/stream", "/stream.jsonl", "/stream.json")
        )
        parts, texts, entries = show.iter_bytes(), lines.iter_lines(), array.iter_text()
        viewers(application, 3)
        drawn = [expected(detector, number, image) for number, image in enumerate(images, 1)]
        seen, heard = b"", ""
        for image, frame in zip(images, drawn, strict=True):
            assert not np.array_equal(frame.image, image)  # boxes are drawn
            frames.give(image)
            assert f"{next(texts)}\n" == frame_line(frame)
            while not seen.endswith(b"\r\n--mjpegstream"):
                seen += next(parts)
            head, _, jpeg = seen.partition(b"\r\n\r\n")
            assert jpeg == jpeg_bytes(frame.image) + b"\r\n--mjpegstream"
            assert f"Content-Length: {len(jpeg) - 15}".encode() in head
            seen = b""
        frames.end()
        heard = "".join(entries)
        assert list(texts) == []
        assert b"".join(parts) == b"--\r\n"
    assert heard == "[\n" + ", \n".join(frame.json for frame in drawn) + "\n]"
    types = [answer.headers["content-type"] for answer in (show, lines, array)]
    mjpeg = "multipart/x-mixed-replace; boundary=mjpegstream"
    assert types == [mjpeg, "application/x-ndjson", "application/json"]


def test_opencv_reads_it_as_it_reads_a_camera(
    detector: darknet_py.Detector, tmp_path: Path
) -> None:
    write_video(tmp_path / "a.avi", 4, fps=20)
    with served(app(detector, thresh=THRESH, stream=tmp_path / "a.avi")) as port:
        capture = cv2.VideoCapture(url(port, "/stream"), cv2.CAP_FFMPEG)
        there, image = capture.read()
        capture.release()
    assert there and image.shape == (40, 50, 3)


def test_nobody_looks_and_nothing_is_drawn(
    detector: darknet_py.Detector, frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    lined: list[int] = []
    monkeypatch.setattr(
        "darknet_py.serve.live_stream.frame_line", lambda frame: lined.append(frame.number) or ""
    )
    application = app(detector, thresh=THRESH, stream=iter(frames))
    stream = stream_of(application)
    paint = stream.following.paint
    object.__setattr__(stream, "following", Painted(drawn, paint))
    with served(application) as port:
        for seed in range(3):
            frames.give(noise_image(seed))
        wait_until(lambda: stream.state.frames == 3)
        time.sleep(0.05)
        assert (drawn, lined, stream.state.pictures) == ([], [], 0)
        for _ in range(20):
            viewer = connect(url(port, "/"), asked("/stream"))
            for _ in range(2):  # the first is that before the picture
                read_until(viewer, b"\r\n--mjpegstream")
        assert (drawn, stream.state.pictures) == ([3], 1)  # the newest, for all of them
        viewers(application, 20)
        close_all()
        viewers(application, 0)
        frames.end()


class Painted:
    """As Following; drawn: numbers of the frames that were, from 1."""

    def __init__(self, drawn: list[int], paint: Any) -> None:
        self.drawn, self._paint = drawn, paint

    def results(self, detector: Any, source: Any, *options: Any) -> Any:
        return detector.results(source, *options)

    def paint(self, result: darknet_py.Result) -> Pixels:
        self.drawn.append(result.frame + 1)
        image: Pixels = self._paint(result)
        return image


def test_a_viewer_that_reads_nothing_holds_up_nobody(
    detector: darknet_py.Detector, frames: Frames
) -> None:
    application = app(detector, thresh=1, stream=iter(frames))
    large = noise_image(1, 640, 480)  # what the system keeps for a client is full soon
    with served(application) as port:
        slow = connect(url(port, "/"), asked("/stream"), receive_buffer=4096)
        read_until(slow, b"\r\n\r\n")
        with httpx.stream("GET", url(port, "/stream.jsonl"), timeout=PATIENCE) as answer:
            viewers(application, 2)
            lines = answer.iter_lines()
            number, end = 0, time.monotonic() + PATIENCE
            while not stream_of(application).state.dropped:
                assert time.monotonic() < end, "what nobody takes is lost at some time"
                number += 1
                frames.give(large)
                assert json.loads(next(lines))["frame_id"] == number
                time.sleep(0.01)
        assert httpx.get(url(port, "/models")).json()["stream"] is True
        slow.close()
        viewers(application, 0)
        frames.end()


def test_requests_are_answered_while_it_runs(detector: darknet_py.Detector, tmp_path: Path) -> None:
    write_video(tmp_path / "a.avi", 4, fps=100)
    ok, data = cv2.imencode(".png", noise_image(7))
    assert ok
    result = detector(noise_image(7), THRESH)
    assert isinstance(result, darknet_py.Result)
    application = app(detector, thresh=THRESH, stream=tmp_path / "a.avi")
    with served(application) as port:
        wait_until(lambda: stream_of(application).state.frames > 5)
        for _ in range(5):
            answer = httpx.post(url(port, "/detect"), content=data.tobytes())
            assert answer.text == result.to_json(named=False)
        assert stream_of(application).state.fps > 1


def test_the_end_is_said_to_who_comes_later(detector: darknet_py.Detector, frames: Frames) -> None:
    application = app(detector, thresh=THRESH, stream=iter(frames))
    with served(application) as port:
        frames.give(noise_image())
        wait_until(lambda: stream_of(application).state.frames == 1)
        frames.end()
        wait_until(lambda: stream_of(application).state.ended)
        answer = httpx.get(url(port, "/stream"))
    assert (answer.status_code, answer.json()) == (410, {"error": "the stream has ended"})


def test_without_a_stream_it_is_said_how_to_have_one(detector: darknet_py.Detector) -> None:
    with served(app(detector)) as port:
        answers = [httpx.get(url(port, path)) for path in ("/stream", "/stream.jsonl")]
        assert httpx.get(url(port, "/models")).json()["stream"] is False
    words = "there is no stream; start the server with --stream SOURCE"
    assert [answer.status_code for answer in answers] == [404, 404]
    assert [answer.json() for answer in answers] == [{"error": words}] * 2


def test_no_more_viewers_than_a_machine_bears(
    detector: darknet_py.Detector, frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_api, "MOST_VIEWERS", 2)
    application = app(detector, thresh=THRESH, stream=iter(frames))
    with served(application) as port:
        first = connect(url(port, "/"), asked("/stream"))
        connect(url(port, "/"), asked("/stream.json"))
        viewers(application, 2)
        answer = httpx.get(url(port, "/stream.jsonl"))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        assert answer.json() == {"error": "2 viewers look already; try again later"}
        first.close()
        viewers(application, 1)
        assert b" 200 OK" in read_until(connect(url(port, "/"), asked("/stream")), b"\r\n")
        frames.end()


def test_a_camera_that_is_gone_is_said_while_it_lasts(
    detector: darknet_py.Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("darknet_py.images.live_frames.FIRST_PAUSE", 0.01)
    openings = Openings(SimulatedCamera(3))
    source = live_source("camera 0", openings, CaptureOptions(every_frame=True))
    application = app(detector, thresh=THRESH, stream=source)
    with served(application) as port:
        wait_until(lambda: stream_of(application).state.trouble == "cannot be opened")
        wait_until(lambda: stream_of(application).state.frames == 3)
        answer = httpx.get(url(port, "/stream"))
        assert answer.json() == {"error": "the stream has no frames now: cannot be opened"}
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        openings.left = iter([SimulatedCamera(fps=50)])
        wait_until(lambda: not stream_of(application).state.trouble)
        assert b" 200 OK" in read_until(connect(url(port, "/"), asked("/stream")), b"\r\n")


def test_a_network_that_fails_is_tried_again(
    detector: darknet_py.Detector,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(source_module, "FIRST_PAUSE", 0.01)
    write_video(tmp_path / "a.avi", 2, fps=100)
    stream = LiveStream(detector, open_live(tmp_path / "a.avi"))
    results, tries = stream.following.results, []

    def failing(*arguments: Any) -> Any:
        tries.append(0)
        if len(tries) < 3:
            raise RuntimeError("CUDA out of memory.\nTried to")
        return results(*arguments)

    monkeypatch.setattr(type(stream.following), "results", lambda self, *more: failing(*more))
    with closing(stream):
        stream.start()
        wait_until(lambda: stream.state.frames > 0)
        assert (stream.state.trouble, len(tries)) == ("", 3)
    reason = "RuntimeError: CUDA out of memory. Tried to; it is tried again and again"
    lines = [f"{tmp_path}/a.avi: {reason}", f"{tmp_path}/a.avi: is there again"]
    assert caplog.messages == lines


@pytest.mark.parametrize("path", ["/stream", "/stream.jsonl", "/stream.json"])
def test_a_stop_ends_who_waits_for_a_frame(
    detector: darknet_py.Detector, frames: Frames, path: str
) -> None:
    application = app(detector, thresh=THRESH, stream=iter(frames))
    with served(application) as port:
        viewer = connect(url(port, "/"), asked(path))
        read_until(viewer, b"\r\n\r\n")
        viewers(application, 1)
        application.state.service.stop_streams()
        application.state.service.stop_streams()
        assert read_all(viewer).endswith(b"0\r\n\r\n")  # whole, as HTTP has it
        frames.end()


def test_a_viewer_that_reads_nothing_does_not_hold_up_the_end(
    detector: darknet_py.Detector,
    frames: Frames,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("darknet_py.serve.live_response.LOOK_SECONDS", 0.01)
    monkeypatch.setattr("darknet_py.serve.live_response.CLOSING_SECONDS", 0.05)
    application = app(detector, thresh=1, stream=iter(frames))
    stream = stream_of(application)
    with served(application) as port:
        slow = connect(url(port, "/"), asked("/stream"), receive_buffer=4096)
        read_until(slow, b"\r\n\r\n")
        while not stream.state.dropped:
            pictures = stream.state.pictures
            frames.give(noise_image(1, 640, 480))
            wait_until(lambda before=pictures: stream.state.pictures > before)  # type: ignore[misc]
        start = time.monotonic()
        frames.end()
    assert time.monotonic() - start < PATIENCE  # of the 30 s that a client may leave its answer
    assert closed(slow)
    assert [line for line in caplog.messages if "ASGI" in line] == []


def test_a_stream_that_never_gave_a_frame_can_be_closed(
    detector: darknet_py.Detector, monkeypatch: pytest.MonkeyPatch, frames: Frames
) -> None:
    monkeypatch.setattr("darknet_py.serve.live_stream.JOIN_SECONDS", 0.05)
    stream = LiveStream(detector, open_live(iter(frames)))
    stream.close()  # before it began
    stream.start()
    assert not stream._thread.is_alive()
    other = LiveStream(detector, open_live(iter(frames)))
    other.start()
    other.close()
    other.close()
    frames.end()
    other._thread.join(PATIENCE)
    assert not other._thread.is_alive()


def test_the_options_of_the_server_are_those_of_the_stream(
    detector: darknet_py.Detector, frames: Frames
) -> None:
    application = app(detector, stream=iter(frames), thresh=0.35, letter_box=True)
    with (
        served(application) as port,
        httpx.stream("GET", url(port, "/stream.jsonl"), timeout=PATIENCE) as answer,
    ):
        viewers(application, 1)
        frames.give(noise_image(3))
        line = json.loads(next(answer.iter_lines()))
        frames.end()
    result = detector(noise_image(3), 0.35, letter_box=True)
    assert isinstance(result, darknet_py.Result)
    assert [one["class_id"] for one in line["objects"]] == result.boxes.class_id.tolist()
    assert 0 < len(line["objects"]) < 100
