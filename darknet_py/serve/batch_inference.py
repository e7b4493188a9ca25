"""One pass of the network for the images of several requests, each by its own thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from darknet_py.detect.detector import Detector
from darknet_py.detect.image_results import batch_results
from darknet_py.detect.pipeline import Detections, PipelineOptions, Timing, candidates_of
from darknet_py.detect.result import Result
from darknet_py.images.fitted_images import FittedImage
from darknet_py.serve.query import Query


@dataclass(frozen=True, eq=False)
class BatchAnswer:
    """outcomes: for each image its result, or what went wrong with it alone. seconds: in the
    network. not_finite: boxes that were left out because their numbers are not finite."""

    outcomes: tuple[Result | Exception, ...]
    seconds: float
    not_finite: int


def batch_answer(
    detector: Detector, images: Sequence[FittedImage], queries: Sequence[Query]
) -> BatchAnswer:
    """queries: one for each image. Raises what the engine raises."""
    pipeline = detector.pipeline(PipelineOptions())
    heads, seconds = pipeline.timed(pipeline.network_input(images))
    share = seconds / len(images)
    outcomes: dict[int, Result | Exception] = {}
    not_finite = 0
    for options, rows in rows_by_options(queries).items():
        group = [images[row] for row in rows]
        try:
            found = detections(detector, rows_of(heads, rows), group, options, share)
            not_finite += len(found.not_finite)
            outcomes |= zip(rows, batch_results(found, detector.names), strict=True)
        except Exception as error:  # noqa: BLE001 - told to those who asked for it
            outcomes |= dict.fromkeys(rows, error)
    return BatchAnswer(tuple(outcomes[row] for row in range(len(images))), seconds, not_finite)


def detections(
    detector: Detector,
    heads: Sequence[Tensor],
    images: Sequence[FittedImage],
    options: PipelineOptions,
    share: float,
) -> Detections:
    """heads: of these images. share: seconds that the network took for each."""
    placements = [image.placement for image in images]
    candidates = candidates_of(detector.graph, heads, placements, options)
    frames = tuple(image.frame for image in images)
    return Detections(0, frames, candidates, Timing(network=share * len(images)))


def rows_of(heads: Sequence[Tensor], rows: Sequence[int]) -> list[Tensor]:
    """The outputs for some images of a batch."""
    if len(rows) == len(heads[0]):
        return list(heads)
    with torch.inference_mode():
        return [head[list(rows)] for head in heads]


def rows_by_options(queries: Sequence[Query]) -> dict[PipelineOptions, list[int]]:
    """The rows of a batch that boxes are found in by the same numbers; how an image was fitted does
    not matter any more."""
    rows: dict[PipelineOptions, list[int]] = {}
    for row, query in enumerate(queries):
        options = PipelineOptions(thresh=query.thresh, nms=query.nms, hier=query.hier)
        rows.setdefault(options, []).append(row)
    return rows
