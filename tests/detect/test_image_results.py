"""From candidates to results."""

from __future__ import annotations

import numpy as np
import torch

from darknet_py.detect.candidates import Candidates
from darknet_py.detect.image_results import batch_results, image_result
from darknet_py.detect.pipeline import Detections, Timing
from darknet_py.images.frames import Frame

NAMES = ["ant", "bee"]


def candidates() -> Candidates:
    return Candidates(
        torch.tensor([1, 0, 1]),
        torch.tensor([[0.5, 0.5, 0.2, 0.2], [0.1, 0.2, 0.3, 0.4], [0.6, 0.6, 0.1, 0.1]]),
        torch.ones(3),
        torch.tensor([[0.75, 0.5], [0.0, 0.25], [0.0, 0.0]]),
    )


def frame(channels: int | None) -> Frame:
    pixels = None if channels is None else np.full((4, 8, channels), 7, np.uint8)
    return Frame("a.png", 5, 2.5, (8, 4), pixels)


def test_each_class_above_zero_is_a_row() -> None:
    result = image_result(frame(3), candidates().of_image(1), NAMES, 12.5)
    assert result.boxes.class_id.tolist() == [0, 1]
    assert result.boxes.confidence.tolist() == [0.75, 0.5]
    assert result.boxes.box.tolist() == [0, 0]
    assert np.allclose(result.boxes.xywhn, [[0.5, 0.5, 0.2, 0.2]] * 2)
    assert (result.boxes.width, result.boxes.height) == (8, 4)
    assert (result.path, result.frame, result.time, result.milliseconds) == ("a.png", 5, 2.5, 12.5)


def test_the_image_is_in_colour_or_of_no_pixels() -> None:
    images = [image_result(frame(n), Candidates.empty(2), NAMES, 0).image for n in (1, 4, None)]
    assert [image.shape for image in images] == [(4, 8, 3), (4, 8, 3), (0, 0, 3)]
    assert (images[0] == 7).all() and (images[1] == 7).all()


def test_a_batch_shares_the_networks_time() -> None:
    batch = Detections(0, (frame(3), frame(None)), candidates(), Timing(network=0.03))
    results = batch_results(batch, NAMES)
    assert [result.boxes.class_id.tolist() for result in results] == [[1], [0, 1]]
    assert [result.milliseconds for result in results] == [15.0, 15.0]
