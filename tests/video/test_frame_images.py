"""Each frame as an image."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.fake_video import frames, level

from darknet_py.errors import OutputError
from darknet_py.video.frame_images import FrameImages


def test_files_have_the_numbers_of_the_frames(tmp_path: Path) -> None:
    output = FrameImages(tmp_path / "p.x")
    for frame in frames(2):
        output.write(frame)
    output.close()
    assert sorted(os.listdir(tmp_path)) == ["p.x_00000001.jpg", "p.x_00000002.jpg"]
    pixels = np.asarray(cv2.imread(str(output.path(2))))
    assert pixels.shape == (48, 64, 3) and abs(pixels.mean() - level(1)) < 2


def test_a_folder_that_is_not_there_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="does not exist; create it first"):
        FrameImages(tmp_path / "none" / "p")


def test_an_image_that_cannot_be_written(tmp_path: Path) -> None:
    output = FrameImages(tmp_path / "p")
    output.path(1).mkdir()
    with pytest.raises(OutputError, match=r"p_00000001\.jpg: cannot be written"):
        output.write(next(frames(1)))
