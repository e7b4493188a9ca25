"""Videos: their formats, sizes and rates, and what they are when something goes wrong."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from support.fake_video import FPS, frame_result, frames, holds_frames, level, levels

from darknet_py.errors import OutputError
from darknet_py.files import growing_file
from darknet_py.video import encoder, repacked, video_writer
from darknet_py.video.output import OutputFrame, bare
from darknet_py.video.video_writer import FORMATS, VideoFile, fitted, require_video, video_fps

COUNT = 15
"""Frames: more than there are between two key frames."""


def written(path: Path, count: int = COUNT, fps: float | None = FPS) -> Path:
    output = VideoFile(path, fps)
    for frame in frames(count):
        output.write(frame)
    output.close()
    return path


def properties(path: Path) -> tuple[float, ...]:
    """Frames that its index says, frames a second, width, height."""
    capture = cv2.VideoCapture(str(path))
    asked = ("FRAME_COUNT", "FPS", "FRAME_WIDTH", "FRAME_HEIGHT")
    values = tuple(capture.get(getattr(cv2, f"CAP_PROP_{name}")) for name in asked)
    capture.release()
    return values


@pytest.mark.parametrize("suffix", FORMATS)
def test_each_format_has_all_frames_and_an_index(
    tmp_path: Path, suffix: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / f"video{suffix}")
    assert holds_frames(path, COUNT)
    assert properties(path) == (COUNT, FPS, 64, 48)
    assert os.listdir(tmp_path) == [path.name]
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_the_index_knows_key_frames(tmp_path: Path) -> None:
    """A player that goes to a frame starts at the key frame before it."""
    path = tmp_path / "a.avi"
    output = VideoFile(path, FPS)
    (frame,) = frames(1)
    for _ in range(30):
        output.write(frame)
    output.close()
    data = path.read_bytes()
    start = data.index(b"idx1") + 8
    rows = list(struct.iter_unpack("<4s3I", data[start : start + 30 * 16]))
    assert {name for name, *_ in rows} == {b"00dc"}
    assert [index for index, (_, flags, _, _) in enumerate(rows) if flags & 0x10] == [0, 12, 24]


@pytest.mark.parametrize("fps", [12.5, 24000 / 1001, 29.97, 119.88, 0.5])
@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_odd_rates_stay(tmp_path: Path, suffix: str, fps: float) -> None:
    path = written(tmp_path / f"a{suffix}", 3, fps)
    assert properties(path)[:2] == (3, pytest.approx(fps, abs=1e-3))


@pytest.mark.parametrize("fps", [None, 0.0, float("nan"), float("inf"), -1.0, 90_000.0])
def test_an_unknown_rate_is_said_to_be_25(
    fps: float | None, caplog: pytest.LogCaptureFixture
) -> None:
    assert video_fps(fps) == 25
    assert caplog.messages == [
        f"frames per second of the source: {fps or 'unknown'}; the video gets 25"
    ]
    assert video_fps(1000) == 1000 and len(caplog.messages) == 1


@pytest.mark.parametrize("name", ["a", "a.xyz", "a.jpg", ".mp4"])
def test_unknown_suffixes_are_refused_at_once(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match=r"use one of \.avi \.mkv \.webm \.mp4 \.m4v \.mov"):
        VideoFile(tmp_path / name, FPS)
    with pytest.raises(OutputError, match=r"did you mean '\.mp4'"):
        require_video(tmp_path / "a.mp44")
    assert require_video(tmp_path / "A.MP4") == FORMATS[".mp4"]


def test_a_folder_that_is_not_there_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="does not exist; create it first"):
        VideoFile(tmp_path / "none" / "a.mp4", FPS)


@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_the_old_file_stays_until_there_is_a_frame(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_text("old")
    VideoFile(path, FPS).close()
    assert path.read_text() == "old" and os.listdir(tmp_path) == [path.name]
    written(path, 1)
    assert holds_frames(path, 1) and os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("suffix", [".mp4", ".avi", ".mkv"])
def test_frames_of_odd_and_of_other_sizes(
    tmp_path: Path, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / f"a{suffix}"
    output = VideoFile(path, FPS)
    for size in ((65, 49), (130, 98), (20, 90), (65, 49)):
        output.write(OutputFrame(1, frame_result(5, size), bare))
    output.close()
    assert properties(path) == (4, FPS, 64, 48)
    assert len(caplog.messages) == 1
    assert caplog.messages[0].endswith("a frame of 130x98 is fitted into 65x49, and so are others")
    first, same, tall, last = levels(path)
    assert abs(first - same) < 3 and abs(first - last) < 3
    assert abs(tall - first * 11 / 65) < 5  # the rest is black


def test_fitting_keeps_the_shape_of_things() -> None:
    white = np.full((10, 20, 3), 255, np.uint8)
    actual = fitted(white, (40, 40))
    assert actual.shape == (40, 40, 3)
    assert (actual[10:30] == 255).all() and actual.sum() == 255 * 3 * 40 * 20
    assert fitted(np.full((1, 500, 3), 9, np.uint8), (10, 4)).shape == (4, 10, 3)


def full_after(limit: int) -> Callable[[Any, bytes], None]:
    """A disk that takes that many bytes."""
    write, left = growing_file.write_all, [limit]

    def limited(file: Any, data: bytes) -> None:
        write(file, data[: left[0]])
        left[0] -= min(len(data), left[0])
        if not left[0]:
            raise OSError(28, "No space left on device")

    return limited


@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_a_full_disk_is_an_error_and_leaves_what_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    path = tmp_path / f"a{suffix}"
    output = VideoFile(path, FPS)
    monkeypatch.setattr(encoder, "PIECE", 2048)  # what the disk cannot take goes as a whole
    monkeypatch.setattr(growing_file, "write_all", full_after(20_000))
    with pytest.raises(OutputError, match="cannot be written: No space left on device"):
        for frame in frames(5000):
            output.write(frame)
    with pytest.raises(OutputError, match="No space left"):
        output.close()
    monkeypatch.undo()
    kept = levels(path)[:-1]  # of the last one a part may be missing
    assert len(kept) > 5
    assert all(abs(grey - level(index)) < 6 for index, grey in enumerate(kept))
    assert os.listdir(tmp_path) == [path.name]


def test_a_disk_without_room_for_a_second_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(repacked, "MARGIN", 1 << 62)
    path = written(tmp_path / "a.avi")
    assert caplog.messages == [f"{path}: plays, but has no index to seek by"]
    assert holds_frames(path, COUNT) and properties(path)[0] == COUNT


def test_a_copy_that_lacks_frames_is_thrown_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Forgetful:
        """OpenCV's writer on a full disk: it says nothing."""

        def __init__(self, real: cv2.VideoWriter) -> None:
            self.real, self.left = real, 9
            self.set, self.release = real.set, real.release

        def write(self, data: Any) -> None:
            self.left -= 1
            if self.left > 0:
                self.real.write(data)

    real = repacked.open_writer
    monkeypatch.setattr(repacked, "open_writer", lambda *values: Forgetful(real(*values)))  # type: ignore[arg-type]
    path = written(tmp_path / "a.avi")
    assert holds_frames(path, COUNT) and os.listdir(tmp_path) == [path.name]
    assert caplog.messages == [f"{path}: plays, but has no index to seek by"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_frames_too_small_for_a_codec(
    tmp_path: Path, suffix: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_text("old")
    output = VideoFile(path, FPS)
    with pytest.raises(OutputError, match="of 1x1 at 10 frames per second; use another suffix"):
        output.write(next(frames(1, (1, 1))))
    output.close()
    assert path.read_text() == "old" and os.listdir(tmp_path) == [path.name]
    assert capfd.readouterr().err == ""


def test_a_codec_that_gives_no_frame(tmp_path: Path) -> None:
    """VP8 takes frames of 2x2 and drops them."""
    path = tmp_path / "a.webm"
    path.write_text("old")
    output = VideoFile(path, FPS)
    output.write(next(frames(1, (2, 2))))
    with pytest.raises(OutputError, match=r"a\.webm: the codec gave no frame; use another suffix"):
        output.close()
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["a.webm"]


def test_the_next_codec_is_taken_where_the_first_is_not_known(tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    output = VideoFile(path, FPS)
    output.write(next(frames(1, (8200, 20))))  # wider than MPEG-4 can be
    output.close()
    capture = cv2.VideoCapture(str(path))
    assert int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little") == b"MJPG"
    assert properties(path) == (1, FPS, 8200, 20)
    capture.release()


@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_without_pipes_the_video_is_there_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr(video_writer, "HAS_PIPES", False)
    path = tmp_path / f"a{suffix}"
    output = VideoFile(path, 12.5)
    for frame in frames(COUNT):
        output.write(frame)
        assert not path.exists()
    output.close()
    assert holds_frames(path, COUNT) and properties(path) == (COUNT, 12.5, 64, 48)
    assert os.listdir(tmp_path) == [path.name]
    with pytest.raises(OutputError, match="cannot encode"):
        VideoFile(path, FPS).write(next(frames(1, (1, 1))))
    assert os.listdir(tmp_path) == [path.name]


def test_closing_twice_does_no_harm(tmp_path: Path) -> None:
    output = VideoFile(tmp_path / "a.mp4", FPS)
    output.write(next(frames(1)))
    output.close()
    output.close()
    assert holds_frames(tmp_path / "a.mp4", 1)


@pytest.mark.parametrize("pipes", [True, False])
def test_a_folder_that_vanishes_is_named_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pipes: bool
) -> None:
    monkeypatch.setattr(video_writer, "HAS_PIPES", pipes)
    folder = tmp_path / "gone"
    folder.mkdir()
    output = VideoFile(folder / "a.avi", FPS)
    folder.rmdir()
    with pytest.raises(OutputError) as raised:
        output.write(next(frames(1)))
    assert str(raised.value) == f"{folder / 'a.avi'}: cannot be written: No such file or directory"
