"""From the candidates of an image to its Result: of a source's images and of requests."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace

from darknet_py.detect.candidates import Candidates
from darknet_py.detect.frame_result import frame_result
from darknet_py.detect.pipeline import Detections
from darknet_py.detect.result import Result
from darknet_py.images.frames import Frame


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
    boxes, scores = candidates.boxes.numpy(), candidates.scores.numpy()
    result = frame_result(frame, boxes, scores, names, milliseconds)
    if candidates.embeddings is None:
        return result
    return replace(result, boxes=result.boxes.with_embeddings(candidates.embeddings.numpy()))


def results_of_all(
    found: Generator[Detections, None, None], names: Sequence[str]
) -> Generator[list[Result], None, None]:
    """The results of each of the detections, which end when this does."""
    with closing(found):
        for detections in found:
            yield batch_results(detections, names)
