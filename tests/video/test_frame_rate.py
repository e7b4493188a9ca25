"""The rates that `demo` prints."""

from __future__ import annotations

import pytest

from darknet_py.video.frame_rate import FrameRate


class Clock:
    def __init__(self) -> None:
        self.now = 5.0

    def __call__(self) -> float:
        return self.now


def counted(*seconds: float) -> FrameRate:
    """After frames so many seconds apart."""
    clock = Clock()
    rate = FrameRate(clock)
    for passed in seconds:
        clock.now += passed
        rate.count()
    return rate


def test_before_the_first_frame_there_is_none() -> None:
    assert (FrameRate().running, FrameRate().mean) == (0.0, 0.0)


def test_the_running_rate_is_smoothed() -> None:
    assert counted(0.1).running == pytest.approx(10)
    assert counted(0.1, 0.2).running == pytest.approx(1 / (0.9 * 0.1 + 0.1 * 0.2))
    assert counted(*[0.05] * 50).running == pytest.approx(20)


def test_frames_that_come_in_bursts_are_not_counted_for_more_than_they_are() -> None:
    assert counted(*[0.0, 0.0, 0.0, 0.4] * 20).running < 15


def test_the_mean_is_that_of_full_three_seconds() -> None:
    assert counted(1, 1).mean == 0
    assert counted(1, 1, 1).mean == 1
    assert counted(1, 1, 1, 1, 1).mean == 1
    assert counted(1, 1, 1, 2, 2).mean == 0.5
