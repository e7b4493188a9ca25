"""What the stream is made of: opened, played at its own pace, and taken up again."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.simulated_camera import Openings, SimulatedCamera, wait_until
from support.small_videos import write_video

from darknet_py.errors import DarknetError, DataError, ImageError
from darknet_py.images.capture import CaptureOptions
from darknet_py.images.frames import FrameSource, array_frame
from darknet_py.images.live import live_source
from darknet_py.images.sources import open_source
from darknet_py.serve import live_source as module
from darknet_py.serve.live_source import LiveSource, Pace, open_live, said

GREY = np.full((8, 16, 3), 7, np.uint8)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.01)


class Clock:
    """Time that passes only while somebody waits, or is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.waits: list[float] = []
        monkeypatch.setattr(time, "monotonic", lambda: self.now)

    def wait(self, seconds: float) -> None:
        self.waits.append(round(seconds, 6))
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_frames_wait_for_their_time_and_so_does_the_end(clock: Clock) -> None:
    pace = Pace(clock.wait)
    assert [pace.shows(moment) for moment in (0, 0.1, 0.2, 0.5)] == [True] * 4
    pace.end(0.1)
    assert clock.waits == [0.1, 0.1, 0.3, 0.1]
    assert clock.now == pytest.approx(100.6)


def shown(clock: Clock, seconds: float, every_frame: bool = False) -> list[int]:
    """Of a video of 3 s at 8 frames a second, behind a network that takes so long for each."""
    pace, numbers = Pace(clock.wait, every_frame), []
    for number in range(24):
        if pace.shows(number / 8):
            numbers.append(number)
            clock.now += seconds
    return numbers


def test_what_is_too_late_is_passed_over_so_that_time_is_kept(clock: Clock) -> None:
    assert shown(clock, 2.5 / 8) == [0, 2, 4, 7, 9, 12, 14, 17, 19, 22]
    assert clock.now == 100 + 10 * 2.5 / 8


def test_every_frame_plays_slowly(clock: Clock) -> None:
    assert shown(clock, 2.5 / 8, every_frame=True) == list(range(24))
    assert clock.now == 100 + 24 * 2.5 / 8


def test_a_network_of_five_seconds_still_shows_a_frame_of_each_second(clock: Clock) -> None:
    assert shown(clock, 5) == [0, 8, 16]


def taken(source: LiveSource, count: int) -> list[float | None]:
    """The times of so many frames; then the source is stopped."""
    frames = source.frames()
    times = [frame.time for frame in islice(frames.frames, count)]
    source.stop()
    frames.close()
    return times


def test_a_video_is_played_at_its_rate_and_begins_again(tmp_path: Path) -> None:
    write_video(tmp_path / "a.avi", 3, fps=20)
    source = open_live(tmp_path / "a.avi")
    start = time.monotonic()
    assert taken(source, 8) == pytest.approx([0, 0.05, 0.1, 0, 0.05, 0.1, 0, 0.05])
    assert time.monotonic() - start > 0.33  # 7 frames of .05 s
    assert (source.name, source.label) == (str(tmp_path / "a.avi"), "a.avi")
    assert source.fps == 20
    assert source.over


def test_what_the_network_is_too_slow_for_is_counted(tmp_path: Path) -> None:
    write_video(tmp_path / "a.avi", 10, fps=100)
    first = open_source(tmp_path / "a.avi")
    source = LiveSource("a", first, lambda: open_source(tmp_path / "a.avi"))
    frames = iter(source.frames().frames)
    next(frames)
    time.sleep(0.2)
    assert next(frames).time == 0  # of the second round
    assert first.stats is not None and first.stats.dropped == 9
    source.stop()


def test_a_generator_gives_its_frames_as_they_come_and_ends() -> None:
    source = open_live(GREY for _ in range(3))
    assert not source.over
    assert taken(source, 9) == [None] * 3
    assert (source.over, source.trouble, source.label) == (True, "", "stream")


def test_an_open_source_is_taken_as_it_is() -> None:
    source = open_live(FrameSource([array_frame(GREY), array_frame(GREY)], 2))
    assert len(taken(source, 9)) == 2


def test_a_file_that_is_gone_is_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.avi"
    write_video(path, 2, fps=100)
    source = open_live(path)
    frames = iter(source.frames().frames)
    next(frames), next(frames)
    path.rename(tmp_path / "b.avi")
    there: list[Any] = []
    waiting = threading.Thread(target=lambda: there.append(next(frames)))
    waiting.start()
    wait_until(lambda: source.trouble)
    assert source.trouble == "no such file; check the path"
    time.sleep(0.05)  # it is tried several times, and said once
    (tmp_path / "b.avi").rename(path)
    waiting.join()
    source.recover()
    source.stop()
    assert there[0].time == 0
    assert source.trouble == ""
    again = f"{path}: no such file; check the path; it is tried again and again"
    assert caplog.messages == [again, f"{path}: is there again"]


def test_what_a_callers_own_frames_raise_ends_the_stream(caplog: pytest.LogCaptureFixture) -> None:
    def frames() -> Iterator[np.ndarray]:
        yield GREY
        raise ArithmeticError("lens\n  broken")

    source = open_live(frames())
    assert len(taken(source, 9)) == 1
    assert source.trouble == "ArithmeticError: lens broken"
    assert caplog.messages == ["stream: ArithmeticError: lens broken"]


def test_a_video_without_frames_is_no_endless_loop() -> None:
    tries: list[float] = []

    def empty() -> FrameSource:
        tries.append(time.monotonic())
        return FrameSource([], 0)

    source = LiveSource("a.avi", empty(), empty)
    waiting = threading.Thread(target=lambda: list(source.frames().frames))
    waiting.start()
    wait_until(lambda: len(tries) > 3)
    assert source.trouble == "gives no frames"
    source.stop()
    waiting.join()
    pauses = np.diff(tries)
    assert (pauses > [0.01 * 2**number for number in range(len(pauses))]).all()


def test_a_camera_that_stops_says_so_until_it_is_there_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("darknet_py.images.live_frames.FIRST_PAUSE", 0.01)
    caplog.set_level(logging.ERROR)
    back = threading.Event()
    openings = Openings(SimulatedCamera(2), SimulatedCamera(1, first=2))

    def opener() -> SimulatedCamera:
        if openings.tries and not back.is_set():
            raise ImageError("camera 0 cannot be opened")
        return openings()

    source = open_live(live_source("camera 0", opener, CaptureOptions(every_frame=True)))
    frames = iter(source.frames().frames)
    assert [next(frames).number for _ in range(2)] == [0, 1]
    wait_until(lambda: source.trouble == "cannot be opened")
    back.set()
    assert next(frames).number == 2
    source.stop()


@pytest.mark.parametrize("source", [[GREY, GREY], GREY])
def test_what_does_not_move_is_refused(source: Any) -> None:
    message = "^stream: does not move; stream a video, a camera .its number. or an address$"
    with pytest.raises(DataError, match=message):
        open_live(source)


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="none.avi: no such file; check the path$"):
        open_live(str(tmp_path / "none.avi"))


def test_a_stop_ends_a_wait_for_the_next_frame(tmp_path: Path) -> None:
    write_video(tmp_path / "a.avi", 2, fps=0.01)
    source = open_live(tmp_path / "a.avi")
    frames = iter(source.frames().frames)
    next(frames)
    threading.Timer(0.05, source.stop).start()
    start = time.monotonic()
    assert len(list(frames)) <= 1  # its time would come in 100 seconds
    assert time.monotonic() - start < 50


def test_a_failure_is_one_line() -> None:
    assert said(DarknetError("a\nb")) == "a b"
    assert said(ValueError("a\n  b")) == "ValueError: a b"


def test_it_is_opened_without_torch() -> None:
    """So that a missing file is said at once."""
    code = "import sys, darknet_py.serve.live_source; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
