"""A thread that captures: the newest frame, or every one, and streams that stop and come back."""

from __future__ import annotations

import threading
import time
from itertools import islice
from statistics import median

import cv2
import pytest
from support.simulated_camera import Openings, SimulatedCamera, wait_until

from darknet_py.errors import ImageError
from darknet_py.images import live_frames
from darknet_py.images.capture import CaptureOptions
from darknet_py.images.frames import CaptureStats, FrameSource, PendingFrame, decoded_frame
from darknet_py.images.live import live_source
from darknet_py.images.live_frames import FrameBuffer, LiveReading
from darknet_py.images.opencv_capture import Opener

NEWEST, EVERY = CaptureOptions(), CaptureOptions(every_frame=True)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_frames, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(live_frames, "LONGEST_PAUSE", 0.04)


def value(pending: PendingFrame) -> int:
    pixels = pending.read().pixels
    assert pixels is not None and pixels.min() == pixels.max()
    return int(pixels[0, 0, 0])


def stats(source: FrameSource) -> CaptureStats:
    assert source.stats is not None
    return source.stats


def wait_for_frame(source: FrameSource, number: int) -> None:
    wait_until(lambda: stats(source).captured >= number)


def test_a_live_source_gives_the_newest_frame() -> None:
    camera = SimulatedCamera(fps=200, properties={cv2.CAP_PROP_FPS: 200.0})
    source = live_source("camera 0", lambda: camera, NEWEST)
    assert (source.live, source.endless, source.length, source.fps) == (True, True, None, 200.0)
    frames = iter(source.frames)
    previous = next(frames)
    for _ in range(3):
        wait_for_frame(source, previous.number + 5)
        frame = next(frames)
        assert frame.number >= previous.number + 4, "frames that nobody took were kept"
        assert value(frame) == frame.number % 251 and frame.path == "camera 0"
        previous = frame
    source.close()
    handed_out = 4
    left = stats(source).captured - stats(source).dropped - handed_out
    assert left in (0, 1), "each frame is handed out, dropped, or the one that waits"
    assert camera.released.is_set()


def test_times_go_from_the_first_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    reading = LiveReading("camera 0", SimulatedCamera(3), Openings(), frames_ahead=8)
    moments = iter([100.0, 100.5, 103.25, 104.0])
    monkeypatch.setattr(live_frames.time, "monotonic", lambda: next(moments))
    reading._capture_all()
    frames = [reading.buffer.take() for _ in range(3)]
    assert [frame.time for frame in frames if frame] == [0.0, 0.5, 3.25]


def test_every_frame_in_order_if_that_is_wanted() -> None:
    camera = SimulatedCamera(60)
    source = live_source("camera 0", Openings(camera), EVERY)
    assert (source.live, source.endless) == (False, True)
    frames = []
    for frame in islice(source.frames, 60):
        frames.append(value(frame))
        if len(frames) == 1:
            wait_until(lambda: stats(source).captured >= 20)
    assert frames == list(range(60))
    assert stats(source).dropped == 0
    source.close()


def test_a_full_queue_has_the_source_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = FrameBuffer(2, newest=False, stats=CaptureStats())
    frames = [decoded_frame(None, "", number, None) for number in range(4)]  # type: ignore[arg-type]
    done: list[int] = []

    def put_all() -> None:
        for frame in frames:
            buffer.put(frame)
            done.append(frame.number)

    thread = threading.Thread(target=put_all)
    thread.start()
    wait_until(lambda: len(done) == 2)
    assert buffer.take() is frames[0]
    wait_until(lambda: len(done) == 3)
    buffer.close()
    thread.join(10)
    assert not thread.is_alive() and buffer.stats.dropped == 0
    assert buffer.take() is None


def test_a_stream_that_stops_is_taken_up_again(caplog: pytest.LogCaptureFixture) -> None:
    first, second = SimulatedCamera(3), SimulatedCamera(2, first=100)
    source = live_source("rtsp://a/b", Openings(first, None, None, second, None), EVERY)
    frames = list(islice(source.frames, 5))
    assert [value(frame) for frame in frames] == [0, 1, 2, 100, 101]
    assert [frame.number for frame in frames] == [0, 1, 2, 3, 4]
    times = [frame.time for frame in frames]
    assert times == sorted(times) and times[3] - times[2] >= 0.01 + 0.02 + 0.04  # type: ignore
    assert stats(source).reconnected == 1 and first.released.is_set()
    source.close()
    assert [record.getMessage() for record in caplog.records][:4] == [
        "rtsp://a/b: stopped after 3 frames; it is opened again in 0.01 s",
        "rtsp://a/b: cannot be opened; it is opened again in 0.02 s",
        "rtsp://a/b: cannot be opened; it is opened again in 0.04 s",
        "rtsp://a/b: is there again",
    ]


def test_pauses_grow_to_a_limit_and_start_anew_with_a_frame(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cameras = SimulatedCamera(1), None, None, None, SimulatedCamera(0), SimulatedCamera(1), None
    openings = Openings(*cameras)
    source = live_source("s", openings, EVERY)
    assert len(list(islice(source.frames, 2))) == 2
    wait_until(lambda: openings.tries >= 7)
    source.close()
    said = [record.getMessage() for record in caplog.records]
    pauses = [line.split()[-2] for line in said if "again in" in line][:7]
    assert pauses == ["0.01", "0.02", "0.04", "0.04", "0.04", "0.01", "0.02"]


def test_the_end_is_not_waited_for_while_it_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_frames, "FIRST_PAUSE", 1000.0)
    source = live_source("s", Openings(SimulatedCamera(1)), NEWEST)
    frames = iter(source.frames)
    assert next(frames).number == 0
    threading.Timer(0.05, source.stop).start()
    assert list(frames) == []
    wait_until(lambda: not any(one.name == "capture" for one in threading.enumerate()))


def test_broken_frames_of_a_stream_are_left_out() -> None:
    camera = SimulatedCamera(6, broken=frozenset({1, 4}))
    source = live_source("s", Openings(camera), EVERY)
    assert [frame.number for frame in islice(source.frames, 4)] == [0, 2, 3, 5]
    assert (stats(source).captured, stats(source).broken) == (6, 2)
    source.close()


class Failing(SimulatedCamera):
    def grab(self) -> bool:
        if self.number == 1:
            raise RuntimeError("the driver died")
        return super().grab()


def test_an_error_of_the_thread_is_raised_after_the_frames_before() -> None:
    camera = Failing()
    frames = iter(live_source("s", lambda: camera, EVERY).frames)
    assert [next(frames).number, next(frames).number] == [0, 1]
    with pytest.raises(RuntimeError, match="the driver died"):
        next(frames)
    assert camera.released.is_set()


def test_what_does_not_open_at_first_is_an_error() -> None:
    with pytest.raises(ImageError, match="the camera is not there"):
        live_source("s", Openings(None, SimulatedCamera(1)), NEWEST)


@pytest.mark.parametrize("options", [NEWEST, EVERY])
def test_a_source_that_nobody_takes_gives_the_camera_back(options: CaptureOptions) -> None:
    before = threading.active_count()
    camera = SimulatedCamera()
    source = live_source("s", lambda: camera, options)
    assert threading.active_count() == before and not camera.released.is_set()
    source.close()
    assert camera.released.is_set() and list(source.frames) == []
    begun = SimulatedCamera()
    frames = live_source("s", lambda: begun, options).frames
    assert next(iter(frames)).number >= 0
    del frames
    wait_until(begun.released.is_set)
    wait_until(lambda: threading.active_count() == before)


def lag_of(opener: Opener, seconds: float, take: float) -> tuple[list[int], list[float]]:
    """Of frames that each take so long: how many newer ones were there when each was handed out,
    and the seconds from when it was captured to its result."""
    behind, late = [], []
    source = live_source("s", opener, NEWEST)
    start = time.monotonic()
    reading_began = None
    for frame in source.frames:
        behind.append(stats(source).captured - 1 - frame.number)
        time.sleep(take)
        now = time.monotonic()
        reading_began = now - take if reading_began is None else reading_began
        assert frame.time is not None
        late.append(now - (reading_began + frame.time))
        if now - start > seconds:
            break
    source.close()
    return behind, late


def test_a_network_slower_than_the_camera_stays_with_it() -> None:
    """A second and a half of a camera of 30 frames a second before a network that manages 10."""
    behind, late = lag_of(lambda: SimulatedCamera(fps=30), 1.5, 0.1)
    assert median(behind) < 2, f"frames behind: {behind}"
    # In a queue the last result would be 2/3 of the time late: a second.
    assert min(late[-3:]) < 0.5, f"seconds late: {late}"


@pytest.mark.slow
def test_a_minute_of_a_camera() -> None:
    behind, late = lag_of(lambda: SimulatedCamera(fps=30), 60.0, 0.1)
    assert len(late) > 300
    assert max(behind[-100:]) < 2 and median(late[-100:]) < 0.1 + 2 / 30


@pytest.mark.slow
def test_a_source_that_stops_for_five_seconds(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(live_frames, "FIRST_PAUSE", 1.0)
    monkeypatch.setattr(live_frames, "LONGEST_PAUSE", 30.0)
    back = time.monotonic() + 4.0 + 5.0
    first = iter([SimulatedCamera(120, fps=30)])

    def reopen() -> SimulatedCamera:
        camera = next(first, None)
        if camera is None and time.monotonic() < back:
            raise ImageError("away")
        return camera or SimulatedCamera(fps=30)

    behind, late = lag_of(reopen, 16.0, 0.1)
    assert len(late) > 60 and max(behind[-20:]) < 2 and median(late[-20:]) < 0.1 + 2 / 30
    assert sum("is there again" in record.getMessage() for record in caplog.records) == 1
