"""Videos of cameras that play as fast as what they show went on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from support.fake_video import FPS, frame_result, levels

from darknet_py.video.output import OutputFrame, bare
from darknet_py.video.paced_video import PacedVideo
from darknet_py.video.video_writer import VideoFile


def shown(tmp_path: Path, times: Sequence[float | None]) -> list[int]:
    """Which of the frames each frame of a video of FPS shows."""
    path = tmp_path / "v.avi"
    output = PacedVideo(VideoFile(path, FPS))
    for index, time in enumerate(times):
        result = replace(frame_result(index), time=time)
        output.write(OutputFrame(index + 1, result, bare))
    output.close()
    greys = [round(float(frame_result(index).image.mean())) for index in range(len(times))]
    return [min(range(len(greys)), key=lambda i: abs(greys[i] - grey)) for grey in levels(path)]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([0.0, 0.1, 0.2], [0, 1, 2]),
        ([5.0, 5.1, 5.2], [0, 1, 2]),
        ([0.0, 0.3, 0.6], [0, 0, 0, 1, 1, 1, 2]),
        ([0.0, 0.02, 0.04], [0, 1, 2]),
        ([None, None, None], [0, 1, 2]),
        ([0.0, 9.0, 9.1], [*[0] * 11, 1, 2]),
    ],
    ids=["each", "later", "every third", "too many", "no time", "away"],
)
def test_a_frame_stands_until_the_next_one_came(
    tmp_path: Path, times: list[float | None], expected: list[int]
) -> None:
    assert shown(tmp_path, times) == expected


def test_small_steps_do_not_add_up(tmp_path: Path) -> None:
    """A source that is a little slower than its rate says: a frame is repeated now and then."""
    frames = shown(tmp_path, [number * 0.11 for number in range(41)])
    assert len(frames) == 45
