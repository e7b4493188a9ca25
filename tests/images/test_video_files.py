"""Video files: each frame once, and a line on those that did not come."""

from __future__ import annotations

import logging
import math
import os
import struct
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.simulated_camera import SimulatedCamera
from support.small_videos import break_frame, read_back, starts_of_jpegs, write_video

from darknet_py.errors import DataError, ImageError
from darknet_py.images.capture import CaptureOptions
from darknet_py.images.frames import Frame, FrameSource
from darknet_py.images.moving_names import is_video_file
from darknet_py.images.sources import open_source
from darknet_py.images.video_files import (
    AHEAD_BYTES,
    VideoClock,
    VideoReading,
    video_file,
    video_source,
)

PLAIN = CaptureOptions()


def read(source: FrameSource) -> list[Frame]:
    return [pending.read() for pending in source.frames]


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize(("name", "codec"), [("a.avi", "MJPG"), ("a.mkv", "FFV1")])
def test_every_frame_comes_once(
    tmp_path: Path, name: str, codec: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / name
    drawn = write_video(path, 12, fps=12.5, codec=codec)
    source = video_file(path, PLAIN)
    assert (source.length, source.fps, source.live, source.endless) == (12, 12.5, False, False)
    frames = read(source)
    assert [frame.number for frame in frames] == list(range(12))
    assert [frame.time for frame in frames] == pytest.approx(
        [n / 12.5 for n in range(12)], abs=1e-3
    )
    assert {(frame.path, frame.size) for frame in frames} == {(str(path), (50, 40))}
    pixels = [frame.pixels for frame in frames]
    assert all((ours == theirs).all() for ours, theirs in zip(pixels, read_back(path), strict=True))
    if codec == "FFV1":
        assert all((ours == theirs).all() for ours, theirs in zip(pixels, drawn, strict=True))
    assert source.stats is not None and (source.stats.captured, source.stats.broken) == (12, 0)
    assert source.stats.seconds > 0
    assert lines(caplog) == []


def test_a_broken_frame_in_the_middle_is_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.avi"
    write_video(path, 10)
    whole = read_back(path)
    break_frame(path, 4)
    source = video_file(path, PLAIN)
    frames = read(source)
    assert [frame.time for frame in frames] == pytest.approx([n / 10 for n in range(10) if n != 4])
    kept = whole[:4] + whole[5:]
    assert all((frame.pixels == one).all() for frame, one in zip(frames, kept, strict=True))
    assert source.stats is not None and (source.stats.captured, source.stats.broken) == (9, 1)
    assert lines(caplog) == [f"{path}: 9 of 10 frames read, 1 broken"]


def test_a_file_that_ends_early(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "a.avi"
    write_video(path, 10)
    data = path.read_bytes()
    path.write_bytes(data[: starts_of_jpegs(data)[6] - 8])
    source = video_file(path, PLAIN)
    assert (source.length, len(read(source))) == (10, 6)
    assert lines(caplog) == [f"{path}: 6 of 10 frames read, 0 broken; it ends 4 early"]


def test_a_length_that_is_guessed_from_the_time_may_be_a_second_off(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told = {cv2.CAP_PROP_FPS: 5.0, cv2.CAP_PROP_FRAME_COUNT: 9.0}
    for name, expected in [
        ("a.mkv", []),
        ("a.mp4", ["a.mp4: 4 of 9 frames read, 0 broken; it ends 5 early"]),
    ]:
        caplog.clear()
        source = video_source(SimulatedCamera(4, properties=told), name, PLAIN)
        assert len(read(source)) == 4
        assert lines(caplog) == expected


class Stumbling(SimulatedCamera):
    """Fails once at each of these frames, as FFmpeg does after a long broken stretch."""

    def __init__(self, stops: set[int], **rest: object) -> None:
        super().__init__(**rest)  # type: ignore[arg-type]
        self.stops = stops

    def grab(self) -> bool:
        if self.number + 1 in self.stops:
            self.stops.remove(self.number + 1)
            return False
        return super().grab()


def test_reading_goes_on_behind_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    told = {cv2.CAP_PROP_FPS: 10.0, cv2.CAP_PROP_FRAME_COUNT: 8.0}
    capture = Stumbling({3, 5}, frames=8, properties=told, broken=frozenset({6}))
    reading = VideoReading(capture, "a.avi", 8, 10.0)
    assert [frame.number for frame in reading.frames()] == [0, 1, 2, 3, 4, 5, 7]
    assert capture.released.is_set()
    assert lines(caplog) == ["a.avi: 7 of 8 frames read, 1 broken"]


@pytest.mark.parametrize("told", [0.0, math.nan, math.inf, -5.0, 90_000.0])
def test_a_speed_that_cannot_be(told: float, caplog: pytest.LogCaptureFixture) -> None:
    properties = {cv2.CAP_PROP_FPS: told, cv2.CAP_PROP_FRAME_COUNT: math.nan}
    source = video_source(SimulatedCamera(3, properties=properties), "a.mp4", PLAIN)
    assert (source.fps, source.length) == (None, None)
    assert [frame.time for frame in read(source)] == [0.0, None, None]
    assert lines(caplog) == [
        f"a.mp4: tells {told:g} frames a second; nobody can know how fast it is"
    ]


def test_a_header_that_tells_too_few_frames_hides_none(tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    write_video(path, 7)
    data = bytearray(path.read_bytes())
    stream = data.index(b"strh") + 8
    data[stream + 32 : stream + 36] = struct.pack("<I", 1)
    data[data.index(b"avih") + 8 + 16 :][:4] = struct.pack("<I", 1)
    path.write_bytes(data)
    assert len(read(video_file(path, PLAIN))) == 7


def test_times_of_an_uneven_video() -> None:
    clock = VideoClock(10.0)
    told = [0.0, 40.0, 500.0, 0.0, 300.0, math.nan, 900.0]
    assert [clock.moment(value) for value in told] == pytest.approx(
        [0, 0.04, 0.5, 0.6, 0.7, 0.8, 0.9]
    )
    unknown = VideoClock(None)
    assert [unknown.moment(value) for value in (0.0, 0.0, 80.0)] == [0.0, None, 0.08]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.mp4", b"", "a.mp4: the file is empty"),
        ("a.mp4", b"some text\n" * 50, "a.mp4: not a video that OpenCV can read"),
        ("none.mkv", None, "none.mkv: no such file"),
        ("b%03d.avi", None, "b%03d.avi: no such file"),
        ("a\0.mp4", None, "no such file"),
    ],
)
def test_what_is_no_video_is_an_error_of_one_line(
    tmp_path: Path, name: str, data: bytes | None, message: str
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(ImageError, match=message) as raised:
        open_source(str(tmp_path / name))
    assert "\n" not in str(raised.value)


def test_a_file_without_its_index_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    write_video(path, 10, codec="mp4v")
    assert len(read(video_file(path, PLAIN))) == 10
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ImageError, match="it may be cut off"):
        video_file(path, PLAIN)


def test_a_folder_named_as_a_video_is_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "a.mp4"
    folder.mkdir()
    with pytest.raises(DataError, match="a.mp4: no images in this folder"):
        open_source(folder)
    cv2.imwrite(str(folder / "x.png"), np.zeros((4, 4, 3), np.uint8))
    assert len(read(open_source(folder))) == 1


@pytest.mark.parametrize("name", ["a:b", "concat:a", "http:", "%03d", "ä ü|'", "-x", "[1]"])
def test_names_that_mean_something_to_ffmpeg(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A .mkv, which no other reader opens when FFmpeg does not."""
    monkeypatch.chdir(tmp_path)
    name += ".mkv"
    write_video(tmp_path / "plain.mkv", 3, codec="FFV1")
    os.rename("plain.mkv", name)
    assert [frame.path for frame in read(open_source(name))] == [name] * 3


def test_pictures_with_numbers_are_no_video(tmp_path: Path) -> None:
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"f{number:03d}.jpg"), np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(DataError, match="no such file"):
        open_source(str(tmp_path / "f%03d.jpg"))


def test_which_names_are_those_of_videos() -> None:
    names = ["a.mp4", "A.MKV", "x/y.z.webm", "a.jpg", "mp4", ".mp4", "a.mp4.txt", "a.gif"]
    assert [is_video_file(name) for name in names] == [True, True, True, *[False] * 5]


def test_frames_are_turned_if_that_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    write_video(path, 2)
    source = open_source(path, CaptureOptions(rotate="90_CLOCKWISE"))
    assert source.stats is not None and source.length == 2
    for frame, whole in zip(read(source), read_back(path), strict=True):
        assert frame.size == (40, 50) and (frame.pixels == np.rot90(whole, -1)).all()


def test_what_only_cameras_can_be_asked_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.avi"
    write_video(path, 1)
    video_file(path, CaptureOptions(width=640, fps=5.0))
    assert lines(caplog) == [f"{path}: width 640, fps 5: only a camera can be asked that"]


def test_nothing_is_held_by_a_source_that_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    write_video(path, 30)
    before = threading.active_count()
    unread = open_source(path)
    assert threading.active_count() == before
    unread.close()
    assert list(unread.frames) == []
    begun = open_source(path)
    next(iter(begun.frames))
    assert threading.active_count() == before + 1
    begun.close()
    assert threading.active_count() == before


def test_large_frames_are_not_read_far_ahead() -> None:
    sides = {cv2.CAP_PROP_FRAME_WIDTH: 8000.0, cv2.CAP_PROP_FRAME_HEIGHT: AHEAD_BYTES / 24000 / 3}
    capture = SimulatedCamera(40, properties={cv2.CAP_PROP_FPS: 5.0, **sides})
    source = video_source(capture, "a.mkv", PLAIN)
    first = next(iter(source.frames))
    assert first.number == 0 and capture.number <= 5
    source.close()
    assert capture.released.is_set()


def open_files() -> set[str]:
    """Of this process, where the system tells."""
    links = list(Path("/proc/self/fd").glob("*"))
    return {os.readlink(link) for link in links if os.path.lexists(link)}


def test_a_list_opens_its_videos_one_after_the_other(tmp_path: Path) -> None:
    paths = [tmp_path / "a.avi", tmp_path / "b.avi"]
    for path, count in zip(paths, (2, 3), strict=True):
        write_video(path, count)
    source = open_source(paths)
    assert source.length == 5 and open_files() & {str(path) for path in paths} == set()
    assert [(Path(frame.path).name, frame.number) for frame in read(source)] == [
        ("a.avi", 0),
        ("a.avi", 1),
        ("b.avi", 2),
        ("b.avi", 3),
        ("b.avi", 4),
    ]


def test_nothing_is_printed_about_broken_videos(tmp_path: Path) -> None:
    """FFmpeg writes to the process's own error output."""
    path = tmp_path / "a.avi"
    write_video(path, 6)
    break_frame(path, 2)
    (tmp_path / "b.mp4").write_bytes(b"text" * 100)
    code = (
        "from darknet_py.errors import ImageError\n"
        "from darknet_py.images.sources import open_source\n"
        f"print(len(list(open_source({str(path)!r}).frames)))\n"
        f"for source in ({str(tmp_path / 'b.mp4')!r}, 99):\n"
        "    try:\n"
        "        open_source(source)\n"
        "    except ImageError as error:\n"
        "        print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[0] == "5" and len(run.stdout.splitlines()) == 3
    assert run.stderr == f"{path}: 5 of 6 frames read, 1 broken\n"
    assert logging.getLogger("darknet_py.images.video_files").handlers == []
