"""MJPEG over HTTP: what viewers see, what is encoded and how often, and who pays for it."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from support.small_result import result
from support.stream_client import close_all, connect, read_all, read_until, wait_until

from darknet_py.errors import OutputError
from darknet_py.video import mjpeg_server
from darknet_py.video.mjpeg_server import JpegPart, MjpegServer
from darknet_py.video.output import OutputFrame

PART = b"\r\nContent-Type: image/jpeg\r\nContent-Length: "
ALL = 1e9
"""Frames a second: none is passed over."""


@pytest.fixture(autouse=True)
def _clients_closed() -> Iterator[None]:
    yield
    close_all()


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    made = MjpegServer("127.0.0.1", 0, most_fps=ALL)
    yield made
    made.close()


def grey(number: int) -> OutputFrame:
    """A frame of one shade, its number times 20."""
    image = np.full((48, 64, 3), number * 20, np.uint8)
    return OutputFrame(number, replace(result(), image=image), lambda found: found.image)


def viewers(server: MjpegServer, count: int) -> None:
    wait_until(lambda: server.viewers == count)


def parts(stream: bytes) -> list[bytes]:
    """The JPEG files between the boundaries, with all that stands around them checked."""
    opening, *middle, end = stream.split(b"--mjpegstream")
    assert (opening, end) == (b"", b"--\r\n")
    files = []
    for part in middle:
        assert part.startswith(PART) and part.endswith(b"\r\n")
        length, _, data = part.removeprefix(PART).partition(b"\r\n\r\n")
        files.append(data[:-2])
        assert len(files[-1]) == int(length)
    return files


def numbers(files: list[bytes]) -> list[int]:
    images = [cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR) for file in files]
    assert {image.shape for image in images if image is not None} == {(48, 64, 3)}
    return [round(image.mean() / 20) for image in images if image is not None]


def body(client_bytes: bytes) -> bytes:
    return client_bytes.partition(b"\r\n\r\n")[2]


def test_a_viewer_gets_a_picture_for_each_frame_and_the_end(server: MjpegServer) -> None:
    viewer = connect(server.url)
    head = read_until(viewer, b"\r\n\r\n").decode()
    assert head.startswith("HTTP/1.0 200 OK\r\n")
    assert "\r\nContent-Type: multipart/x-mixed-replace; boundary=mjpegstream\r\n" in head
    seen = read_until(viewer, b"--mjpegstream")
    for number in (1, 2, 3):
        server.write(grey(number))
        seen += read_until(viewer, b"\r\n--mjpegstream")
    server.close()
    assert numbers(parts(seen + read_all(viewer))) == [1, 2, 3]


def test_who_comes_later_sees_the_last_frame_at_once(server: MjpegServer) -> None:
    server.write(grey(1))
    server.write(grey(2))
    viewer = connect(server.url)
    viewers(server, 1)
    server.close()
    assert numbers(parts(body(read_all(viewer)))) == [2]


def test_players_understand_it(server: MjpegServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    done = threading.Event()

    def film() -> None:
        while not done.wait(0.002):
            server.write(grey(7))

    filming = threading.Thread(target=film)
    filming.start()
    capture = cv2.VideoCapture(server.url, cv2.CAP_FFMPEG)
    opened, (seen, image) = capture.isOpened(), capture.read()
    capture.release()
    done.set()
    filming.join()
    if not opened:
        pytest.skip("this OpenCV has no FFmpeg")
    assert seen and image.shape == (48, 64, 3) and round(image.mean() / 20) == 7


def test_a_frame_is_encoded_once_for_all_and_not_at_all_for_nobody(
    server: MjpegServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[int] = []
    real = cv2.imencode

    def counted(*values: object) -> object:
        encoded.append(1)
        return real(*values)  # type: ignore[call-overload]

    monkeypatch.setattr(cv2, "imencode", counted)
    painted: list[int] = []
    unseen = OutputFrame(1, result(), lambda found: painted.append(1) or found.image)  # type: ignore[func-returns-value]
    server.write(unseen)
    server.write(grey(2))
    seen = [connect(server.url) for _ in range(3)]
    viewers(server, 3)
    for viewer in seen:
        read_until(viewer, b"\r\n--mjpegstream")
    server.write(grey(3))
    for viewer in seen:
        read_until(viewer, b"\r\n--mjpegstream")
    assert (len(encoded), painted) == (2, [])


def test_the_pixels_go_when_the_bytes_are_there() -> None:
    frame = grey(3)
    pixels = weakref.ref(frame.result.image)
    part = JpegPart(frame)
    first = part()
    del frame
    gc.collect()
    assert pixels() is None
    assert part() is first and numbers([first.partition(b"\r\n\r\n")[2]]) == [3]


@pytest.mark.parametrize(
    ("fps", "frames", "least", "most"),
    [(31, 310, 285, 302), (29, 290, 290, 290), (200, 2000, 299, 302)],
)
def test_no_more_than_thirty_a_second_are_shown(
    monkeypatch: pytest.MonkeyPatch, fps: int, frames: int, least: int, most: int
) -> None:
    """Ten seconds of several sources; one that is a little too fast is not halved."""
    now = [1000.0]
    monkeypatch.setattr(mjpeg_server, "time", SimpleNamespace(monotonic=lambda: now[0]))
    server = MjpegServer("127.0.0.1", 0)
    shown: list[object] = []
    monkeypatch.setattr(server._server.sender, "publish", shown.append)
    for _ in range(frames):
        server.write(grey(1))
        now[0] += 1 / fps
    assert least <= len(shown) <= most
    server.close()


def test_the_last_frame_is_shown_even_if_it_came_too_soon() -> None:
    server = MjpegServer("127.0.0.1", 0, most_fps=0.001)
    for number in (1, 2, 3):
        server.write(grey(number))
    viewer = connect(server.url)
    seen = read_until(viewer, b"Content-Length")  # of the first frame
    server.close()
    assert numbers(parts(body(seen + read_all(viewer)))) == [1, 3]


def test_what_drawing_raises_ends_the_show(server: MjpegServer) -> None:
    def broken(found: object) -> np.ndarray:
        raise OutputError("no ink")

    viewer = connect(server.url)
    viewers(server, 1)
    server.write(OutputFrame(1, result(), broken))
    viewers(server, 0)
    with pytest.raises(OutputError, match="^no ink$"):
        server.write(grey(2))
    viewer.close()


def test_a_frame_larger_than_jpeg_allows() -> None:
    wide = np.zeros((1, 70_000, 3), np.uint8)
    part = JpegPart(OutputFrame(1, replace(result(), image=wide), lambda found: found.image))
    message = "^a frame of 70000x1 cannot be shown as JPEG, which ends at 65500x65500$"
    with pytest.raises(OutputError, match=message):
        part()


def test_the_quality_is_alexeyabs() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    expected = cv2.imencode(".jpg", noise, (cv2.IMWRITE_JPEG_QUALITY, 40))[1].tobytes()
    assert mjpeg_server.jpeg_bytes(noise) == expected
