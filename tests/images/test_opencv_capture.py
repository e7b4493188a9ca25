"""What OpenCV's reader tells, and which readers are asked."""

from __future__ import annotations

import math
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.simulated_camera import SimulatedCamera
from support.small_videos import write_video

from darknet_py.images.opencv_capture import (
    decoded,
    opened,
    stream_backends,
    told_fps,
    told_length,
    told_size,
)


def test_ffmpeg_is_asked_first_and_numbered_images_never() -> None:
    backends = stream_backends()
    assert backends[0] == cv2.CAP_FFMPEG and len(set(backends)) == len(backends)
    assert cv2.CAP_IMAGES not in backends
    assert os.environ["OPENCV_FFMPEG_LOGLEVEL"] == "-8"


def test_the_first_reader_that_opens_it_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    write_video(path, 2)
    capture = opened(str(path), [cv2.CAP_IMAGES, *stream_backends()])
    assert capture is not None and capture.getBackendName() == "FFMPEG"
    assert (told_fps(capture), told_length(capture), told_size(capture)) == (10.0, 2, (50, 40))
    for name in (str(tmp_path / "b.avi"), "a\0b", str(tmp_path)):
        assert opened(name, stream_backends()) is None
    assert opened(str(path), []) is None


@pytest.mark.parametrize("told", [0.0, -1.0, math.nan, math.inf, 2.0**60])
def test_a_length_that_cannot_be(told: float) -> None:
    assert told_length(SimulatedCamera(properties={cv2.CAP_PROP_FRAME_COUNT: told})) is None


def test_pixels_that_are_none() -> None:
    camera = SimulatedCamera(broken=frozenset({1}))
    camera.grab()
    pixels = decoded(camera)
    assert pixels is not None and pixels.shape == (8, 16, 3) and pixels.dtype == np.uint8
    camera.grab()
    assert decoded(camera) is None
    for wrong in (np.zeros((4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8), None):
        camera.retrieve = lambda wrong=wrong: (True, wrong)  # type: ignore[method-assign]
        assert decoded(camera) is None
