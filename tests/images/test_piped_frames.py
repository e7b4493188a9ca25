"""Frames from pipes: MJPEG, raw pixels, and what is neither."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from support.simulated_camera import wait_until
from support.small_videos import drawn_frames, jpeg

from darknet_py.errors import DataError, ImageError
from darknet_py.images.capture import CaptureOptions
from darknet_py.images.frames import Frame
from darknet_py.images.io import encoded_image
from darknet_py.images.piped_frames import DEPTH
from darknet_py.images.sources import open_source

DRAWN = drawn_frames(5)
JPEGS = [jpeg(image) for image in DRAWN]
RAW = CaptureOptions(width=50, height=40, fps=12.5)


def read(source: object, options: CaptureOptions | None = None) -> list[Frame]:
    opened = open_source(source, options or CaptureOptions())
    assert (opened.live, opened.endless, opened.length, opened.single) == (
        False,
        False,
        None,
        False,
    )
    assert opened.moving
    return [pending.read() for pending in opened.frames]


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def test_mjpeg_gives_what_the_files_would(caplog: pytest.LogCaptureFixture) -> None:
    frames = read(io.BytesIO(b"".join(JPEGS)), CaptureOptions(fps=10.0))
    for frame, data in zip(frames, JPEGS, strict=True):
        assert (frame.pixels == encoded_image("", data).decode_bgr()).all()
    assert [frame.number for frame in frames] == [0, 1, 2, 3, 4]
    assert [frame.time for frame in frames] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    assert [frame.time for frame in read(io.BytesIO(JPEGS[0]))] == [None]
    assert lines(caplog) == []


def test_a_broken_image_and_a_cut_one(caplog: pytest.LogCaptureFixture) -> None:
    hollow = b"\xff\xd8\xff\xda\x00\x03\x07\x55\xff\xd9"  # whole segments, and no image
    source = open_source(io.BytesIO(JPEGS[0] + hollow + JPEGS[1] + JPEGS[2][:-9]))
    frames = [pending.read() for pending in source.frames]
    assert [frame.number for frame in frames] == [0, 2]
    assert source.stats is not None and (source.stats.captured, source.stats.broken) == (3, 1)
    assert lines(caplog) == ["BytesIO: 2 frames read, 1 broken, and it ends within one"]


def test_raw_frames(caplog: pytest.LogCaptureFixture) -> None:
    frames = read(io.BytesIO(b"".join(image.tobytes() for image in DRAWN)), RAW)
    assert all((frame.pixels == one).all() for frame, one in zip(frames, DRAWN, strict=True))
    assert [frame.time for frame in frames] == pytest.approx([0, 0.08, 0.16, 0.24, 0.32])
    assert lines(caplog) == []
    assert len(read(io.BytesIO(DRAWN[0].tobytes() + b"12345"), RAW)) == 1
    assert lines(caplog) == ["BytesIO: ends within frame 2: 5 of 6000 bytes; is it BGR of 50 x 40?"]


def test_pipes_give_pieces(tmp_path: Path) -> None:
    """What comes through a real pipe comes in pieces, and the reader does not wait for more."""
    reading, writing = os.pipe()
    with open(reading, "rb") as source, open(writing, "wb", buffering=0) as sink:
        opened = open_source(source)
        frames = iter(opened.frames)
        for number, data in enumerate(JPEGS[:3]):
            sink.write(data[:100])
            sink.write(data[100:])
            assert next(frames).number == number
        sink.close()
        assert list(frames) == []


class Slow(io.RawIOBase):
    """A pipe that does not wait: None where nothing is there."""

    def __init__(self, data: bytes) -> None:
        self.data, self.turn = data, 0

    def read(self, size: int = -1) -> bytes | None:
        self.turn += 1
        if self.turn % 2:
            return None
        piece, self.data = self.data[:3000], self.data[3000:]
        return piece


def test_a_pipe_that_does_not_wait_is_asked_again() -> None:
    assert len(read(Slow(b"".join(JPEGS)))) == 5


def test_the_writer_is_held_back() -> None:
    size, taken = DRAWN[0].nbytes, [0]

    class Endless:
        def read(self, count: int) -> bytes:
            taken[0] += count
            return bytes(count)

    source = open_source(Endless(), RAW)
    frames = iter(source.frames)
    assert next(frames).number == 0
    wait_until(lambda: taken[0] >= (DEPTH + 1) * size)
    assert taken[0] <= (DEPTH + 3) * size
    source.close()
    assert not any(one.name == "capture" for one in threading.enumerate())


def test_one_file_of_an_image_is_a_frame(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(JPEGS[3])
    with open(tmp_path / "a.jpg", "rb") as file:
        (frame,) = read(file)
    assert frame.size == (50, 40)


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        (io.BytesIO(b"\x89PNG" * 100), {}, "BytesIO: 4.. bytes without a JPEG; pipe MJPEG, or raw"),
        (io.BytesIO(b""), {}, "BytesIO: 0 bytes without a JPEG"),
        (io.StringIO("text"), {}, "a pipe must give bytes, not str; open it as 'rb'"),
        (io.BytesIO(b""), {"width": 5}, "BytesIO: raw frames need width and height"),
        (io.BytesIO(b""), {"height": 5}, "BytesIO: raw frames need width and height"),
        (io.BytesIO(b"ab"), {"width": 1 << 15, "height": 1 << 15}, "more than the limit"),
    ],
)
def test_what_gives_no_frames(source: object, options: dict[str, int], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(source, CaptureOptions(**options))  # type: ignore[arg-type]


def test_standard_input_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stdin, message in [(None, "standard input is closed"), (Terminal(), "is a terminal; pipe")]:
        monkeypatch.setattr(sys, "stdin", stdin)
        with pytest.raises(DataError, match=message):
            open_source("-")


CODE = """
from darknet_py.images.capture import CaptureOptions
from darknet_py.images.sources import open_source
source = open_source("-", CaptureOptions({options}))
for pending in source.frames:
    print(pending.number, pending.read().size, int(pending.read().pixels.sum()))
    {then}
"""


@pytest.mark.parametrize("options", ["", "width=50, height=40"])
def test_standard_input(options: str) -> None:
    images = [encoded_image("", data).decode_bgr() for data in JPEGS]
    data = b"".join(image.tobytes() for image in images) if options else b"".join(JPEGS)
    run = subprocess.run(
        [sys.executable, "-c", CODE.format(options=options, then="")],
        input=data,
        capture_output=True,
        check=True,
    )
    expected = [f"{number} (50, 40) {image.sum()}" for number, image in enumerate(images)]
    assert run.stdout.decode().splitlines() == expected and run.stderr == b""


def test_python_ends_while_standard_input_is_waited_for() -> None:
    code = CODE.format(options="", then="raise SystemExit(5)")
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stderr=subprocess.PIPE, stdout=-3
    ) as run:
        assert run.stdin is not None and run.stderr is not None
        run.stdin.write(JPEGS[0])
        run.stdin.flush()
        wait_until(lambda: run.poll() is not None)
        assert (run.returncode, run.stderr.read()) == (5, b"")


def test_standard_input_that_says_nothing_can_be_left(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    reading, writing = os.pipe()
    with (
        open(reading, "rb") as source,
        open(writing, "wb", buffering=0) as sink,
        io.TextIOWrapper(source) as stdin,
    ):
        monkeypatch.setattr(sys, "stdin", stdin)
        opened = open_source("-")
        frames = iter(opened.frames)
        sink.write(JPEGS[0] + JPEGS[1][:90])
        assert next(frames).number == 0
        threading.Timer(0.05, opened.stop).start()
        assert list(frames) == [] and lines(caplog) == []


def test_open_files_are_no_arrays() -> None:
    assert np.asarray(read(io.BytesIO(JPEGS[1]))[0].pixels).shape == (40, 50, 3)
    with pytest.raises(ImageError):
        read(io.BytesIO(b"no image"))
