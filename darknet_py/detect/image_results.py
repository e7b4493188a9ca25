"""From the candidates of an image to its Result: of a source's images and of requests."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing

import numpy as np
import torch

from darknet_py.detect.candidates import Candidates
from darknet_py.detect.pipeline import Detections
from darknet_py.detect.result import Result
from darknet_py.detect.result_boxes import Boxes
from darknet_py.images.frames import Frame
from darknet_py.images.io import Pixels, with_channels


def batch_results(batch: Detections, names: Sequence[str]) -> list[Result]:
    """The result of each image of a batch, which has an equal share of the network's time."""
    share = 1000 * batch.timing.network / len(batch.frames)
    return [
        image_result(frame, batch.candidates.of_image(number), names, share)
        for number, frame in enumerate(batch.frames)
    ]


def image_result(
    frame: Frame, candidates: Candidates, names: Sequence[str], milliseconds: float
) -> Result:
    """The result of one image, whose `image` is of no pixels where the frame has none.

    candidates: of this image only, suppressed, as `candidates_of` gives them. milliseconds: that
    the network took for it.
    """
    box, class_id = torch.nonzero(candidates.scores > 0, as_tuple=True)
    boxes = Boxes(
        candidates.boxes[box].numpy(),
        candidates.scores[box, class_id].numpy(),
        class_id.numpy(),
        box.numpy(),
        *frame.size,
    )
    image = _bgr(frame.pixels)
    return Result(frame.path, image, boxes, names, milliseconds, frame.number, frame.time)


def _bgr(pixels: Pixels | None) -> Pixels:
    if pixels is None:
        return np.zeros((0, 0, 3), np.uint8)
    return with_channels(pixels, 3, "bgr")


def results_of_all(
    found: Generator[Detections, None, None], names: Sequence[str]
) -> Generator[list[Result], None, None]:
    """The results of each of the detections, which end when this does."""
    with closing(found):
        for detections in found:
            yield batch_results(detections, names)
