"""Detection from fitted images to boxes: engine, decoding, suppression. The only way there is.

`detect`, `map`, `valid`, `recall`, `benchmark --parts` and `export --verify` come through here.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from darknet_py.detect import greedy_suppression, nms
from darknet_py.detect.candidates import Candidates
from darknet_py.detect.decode import Suppression, decode
from darknet_py.detect.pipeline_options import NOT_FINITE
from darknet_py.detect.pipeline_options import PipelineOptions as PipelineOptions
from darknet_py.detect.workers import TimedEngine, WorkerPool
from darknet_py.images.fitted_images import FittedImage
from darknet_py.images.frames import Frame
from darknet_py.images.letterbox import Placement, scaled_sizes, to_image
from darknet_py.images.tensors import batch_on
from darknet_py.network.graph import Graph

T = TypeVar("T")
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Timing:
    """Seconds spent by threads: reading images, in the network, and on the rest."""

    reading: float = 0.0
    network: float = 0.0
    rest: float = 0.0

    def __add__(self, other: Timing) -> Timing:
        return Timing(
            self.reading + other.reading, self.network + other.network, self.rest + other.rest
        )


@dataclass(frozen=True, eq=False)
class Detections:
    """The images `first` to `first` + N - 1 of those that could be read, and the boxes in them.

    numbers: of the images in their source, where some may have been left out.

    candidates: relative to the images, in the main memory, with a score of 0 where one was
    suppressed; their `image` counts from 0.
    """

    first: int
    frames: tuple[Frame, ...]
    candidates: Candidates
    timing: Timing

    @property
    def numbers(self) -> NDArray[np.int64]:
        return np.array([frame.number for frame in self.frames], np.int64)

    @property
    def sizes(self) -> tuple[tuple[int, int], ...]:
        """Width and height in pixels of each image."""
        return tuple(frame.size for frame in self.frames)

    @property
    def not_finite(self) -> list[str]:
        """The image of each box that was left out, as its number is or its path."""
        frames = [self.frames[index] for index in self.candidates.not_finite]
        return [frame.path or f"image {frame.number + 1}" for frame in frames]


class Pipeline:
    """An engine, and the options that boxes are found by.

    Called with a batch it gives its detections; the steps are there for those who time them.
    """

    def __init__(self, engine: TimedEngine, options: PipelineOptions) -> None:
        self.timed = engine
        self.engine = engine.engine
        self.graph = self.engine.graph
        self.options = options

    def workers(self, length: int | None, live: bool = False) -> WorkerPool:
        """The threads for so many images, None: nobody knows how many. live: each is wanted as soon
        as can be, and none before."""
        if live or self.engine.in_order:
            return WorkerPool.alone()
        return WorkerPool.of(self.engine, self.options.batch, length)

    def run(
        self, images: Iterable[FittedImage], length: int | None
    ) -> Generator[Detections, None, None]:
        """The detections batch by batch, in order; length: how many images there are, if known."""
        return self.map(lambda detections: detections, images, self.workers(length))

    def map(
        self, then: Callable[[Detections], T], images: Iterable[FittedImage], pool: WorkerPool
    ) -> Generator[T, None, None]:
        """What the workers make of each batch's detections, in order.

        Boxes that were left out are counted and said in one line when the iteration ends.
        """

        return self.map_batches(then, pool.batches(images), pool)

    def map_batches(
        self,
        then: Callable[[Detections], T],
        batches: Iterable[list[FittedImage]],
        pool: WorkerPool,
    ) -> Generator[T, None, None]:
        """The same for images that have been put together already."""

        def work(first: int, group: Sequence[FittedImage]) -> tuple[T, list[str]]:
            detections = self(first, group)
            return then(detections), detections.not_finite

        left_out, first_of_all = 0, ""
        try:
            for made, not_finite in pool.run_batches(work, batches):
                left_out += len(not_finite)
                first_of_all = first_of_all or next(iter(not_finite), "")
                yield made
        finally:
            if left_out:
                logger.warning(NOT_FINITE, left_out, first_of_all)

    def __call__(self, first: int, group: Sequence[FittedImage]) -> Detections:
        """The detections of a batch, its images numbered from `first`."""
        start = time.perf_counter()
        heads, seconds = self.timed(self.network_input(group))
        candidates = self.boxes(heads, [image.placement for image in group])
        rest = time.perf_counter() - start - seconds
        reading = sum(image.seconds for image in group)
        frames = tuple(image.frame for image in group)
        return Detections(first, frames, candidates, Timing(reading, seconds, rest))

    def network_input(self, group: Sequence[FittedImage]) -> Tensor:
        """Float32 (N, C, H, W) on the engine's device."""
        return batch_on(self.engine.device, [image.chw for image in group], self.engine.layout)

    def boxes(self, heads: Sequence[Tensor], placements: Sequence[Placement]) -> Candidates:
        """The boxes in the engine's outputs for images that are placed like this."""
        return candidates_of(self.graph, heads, placements, self.options)


def candidates_of(
    graph: Graph,
    heads: Sequence[Tensor],
    placements: Sequence[Placement],
    options: PipelineOptions,
) -> Candidates:
    """The boxes in a network's outputs, decoded and suppressed, in the main memory.

    heads: as net(x) returns them for N images. placements: of these, one each.
    """
    rule = options.suppression_for(graph)
    with torch.inference_mode():
        found = decode(graph, heads, options.decoding(graph))
        return postprocess(found, placements, rule, options.nms, options.nms_in_pixels)


def postprocess(
    candidates: Candidates,
    placements: Sequence[Placement],
    suppression: Suppression,
    threshold: float,
    in_pixels: bool = False,
) -> Candidates:
    """Boxes relative to their images, in the C programs' order, suppressed ones with a score of 0.

    placements: one per image of the batch, at least one, all for one network; threshold: 0 keeps
    all; in_pixels: overlap is measured in pixels of the image. What comes back is in the main
    memory, without boxes that are not finite.
    """
    # Few by now: a device would take longer to be told what there is to do with them.
    candidates = candidates.cpu()
    scaled = scaled_sizes(placements)[candidates.image]
    net_size = placements[0].net_width, placements[0].net_height
    boxes = to_image(candidates.boxes, scaled, net_size)
    candidates = replace(candidates, boxes=boxes)
    candidates = candidates.finite(_sides(placements, candidates))
    sides = _sides(placements, candidates) if in_pixels else None
    ordered = suppressed_in_order(candidates, suppression, threshold, sides)
    return replace(ordered, not_finite=candidates.not_finite)


def suppressed_in_order(
    candidates: Candidates,
    suppression: Suppression,
    threshold: float,
    sides: NDArray[np.float32] | None = None,
) -> Candidates:
    """The rows in the C programs' order, suppressed ones with a score of 0; of the CPU's memory.

    threshold: 0 keeps all; sides: (K, 2) of each row's image in pixels, to measure overlap there.
    """
    table = nms.box_table(candidates, sides)
    order, dropped = greedy_suppression.in_order(table, suppression, threshold)
    ordered = candidates.select(torch.from_numpy(order))
    ordered.drop(*dropped)
    return ordered


def _sides(placements: Sequence[Placement], candidates: Candidates) -> NDArray[np.float32]:
    """(K, 2) width and height in pixels of each box's image."""
    sizes = [(placement.image_width, placement.image_height) for placement in placements]
    return np.array(sizes, np.float32)[candidates.image.numpy()]
