"""The drawing of `performDetect`."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from darknet_py.compat.performed import caption, score_color, shown


def test_captions_are_of_whole_percent() -> None:
    assert caption((b"dog", 0.975, (0, 0, 1, 1))) == "dog: 98.0%"
    assert caption(("cat", 0.974, (0, 0, 1, 1))) == "cat: 97.0%"


def test_colours_go_from_red_to_green() -> None:
    assert [score_color(score) for score in (0, 0.5, 1)] == [(255, 0, 0), (191, 63, 0), (0, 255, 0)]


def test_a_frame_of_three_pixels_is_blended_in(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.png"
    assert cv2.imwrite(str(path), np.full((40, 60, 3), 100, np.uint8))
    answer = shown(str(path), [("dog", 1.0, (30, 20, 20.9, 10.9))], image_only=True)
    image = answer["image"]
    assert answer["caption"] == "dog: 100.0%"
    # Left at int(30 - 10.45), right 20 pixels on; drawn once, and shifted up, down, left and right.
    drawn = np.flatnonzero((image[20] != 100).any(axis=1))
    assert drawn.tolist() == [18, 19, 20, 38, 39, 40]
    # 100 * (1 - .8) is a little under 20, and cut to whole values.
    assert image[20, 18].tolist() == [19, 224, 19]
    # Seen thrice: as it is, up and down.
    assert image[20, 19].tolist() == [0, 253, 0]
    assert image[10, 30].tolist() == [100, 100, 100]
