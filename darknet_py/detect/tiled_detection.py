"""Images and their tiles through the pipeline: each image is decoded once, and has one table of
boxes at the end."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

import numpy as np
import torch

from darknet_py.detect.decode import Suppression
from darknet_py.detect.pipeline import (
    Detections,
    Pipeline,
    PipelineOptions,
    Timing,
    suppressed_in_order,
)
from darknet_py.detect.tile_merge import all_parts, without_parts
from darknet_py.detect.tiles import TileWindow, Tiling
from darknet_py.detect.workers import WorkerPool
from darknet_py.images.fitted_images import FittedImage, InputSpec, fit_frame
from darknet_py.images.frames import Frame, FrameSource, readers
from darknet_py.parallel import ordered_map

Piece = tuple[FittedImage, TileWindow | None]
"""An image, and the tile of it that is meant; None: the image as a whole."""


@dataclass(frozen=True)
class TiledPipeline:
    """A pipeline that sees each image as a whole and tile by tile."""

    pipeline: Pipeline
    spec: InputSpec
    tiling: Tiling

    def run(
        self, images: Iterator[FittedImage], source: FrameSource
    ) -> Generator[Detections, None, None]:
        """The detections of each image of the source, image by image and in order.

        images: those of the source that can be read, with their pixels. Tiles of several images may
        be in one batch. Of a live source no image is taken before the last one's boxes are there.
        """
        if source.live:
            pool = replace(WorkerPool.alone(), batch=self.pipeline.options.batch)
            pieces = (self._pieces([image], pool) for image in images)
            batches = chain.from_iterable(pool.batches(some) for some in pieces)
            yield from self._whole_images(batches, pool)
            return
        first = next(images, None)
        if first is None:
            return
        # The others are taken to be as large: it only decides how many threads there are.
        tiles = 1 + len(self.windows(first.frame))
        pool = self.pipeline.workers(None if source.length is None else tiles * source.length)
        pool = replace(pool, eager=source.waits)
        with closing(self._pieces(chain([first], images), pool)) as pieces_of_all:
            yield from self._whole_images(pool.batches(pieces_of_all), pool)

    def windows(self, frame: Frame) -> list[TileWindow]:
        return self.tiling.windows(frame.size, (self.spec.width, self.spec.height))

    def _pieces(
        self, images: Iterable[FittedImage], pool: WorkerPool
    ) -> Generator[FittedImage, None, None]:
        """Each image, and after it its tiles, fitted a few ahead: their inputs together take more
        memory than the image."""
        fit = partial(fitted_tile, spec=self.spec)
        pieces = self._with_windows(images)
        return ordered_map(fit, pieces, readers(), pool.ahead, name="tile", eager=pool.eager)

    def _with_windows(self, images: Iterable[FittedImage]) -> Iterator[Piece]:
        for image in images:
            yield image, None
            for window in self.windows(image.frame):
                yield image, window

    def _whole_images(
        self, batches: Iterable[list[FittedImage]], pool: WorkerPool
    ) -> Generator[Detections, None, None]:
        """The detections of images whose tiles come one after another."""
        options, graph = self.pipeline.options, self.pipeline.graph
        rule, waiting = options.suppression_for(graph), list[Detections]()
        with closing(self.pipeline.map_batches(_one_by_one, batches, pool)) as found:
            for detections in chain.from_iterable(found):
                waiting.append(detections)
                windows = self.windows(detections.frames[0])
                if len(waiting) > len(windows):
                    yield merged(waiting, windows, options, rule)
                    waiting = []


def fitted_tile(piece: Piece, spec: InputSpec) -> FittedImage:
    """A tile as the network's input, of the frame of its image and with a placement of its own."""
    image, window = piece
    if window is None:
        return image
    start, pixels = time.thread_time(), image.frame.pixels
    assert pixels is not None
    down = slice(window.top, window.top + window.height)
    across = slice(window.left, window.left + window.width)
    # Resizing takes rows out of it again and again, and would copy a part of an array each time.
    tile = np.ascontiguousarray(pixels[down, across])
    size = window.width, window.height
    fitted = fit_frame(replace(image.frame, size=size, pixels=tile), spec)
    seconds = time.thread_time() - start
    return FittedImage(image.frame, fitted.chw, fitted.placement, seconds)


def _one_by_one(batch: Detections) -> list[Detections]:
    """The detections of each image or tile of a batch."""
    timing, count = batch.timing, len(batch.frames)
    share = Timing(timing.reading / count, timing.network / count, timing.rest / count)
    return [
        Detections(batch.first + number, (frame,), batch.candidates.of_image(number), share)
        for number, frame in enumerate(batch.frames)
    ]


def merged(
    parts: list[Detections],
    windows: list[TileWindow],
    options: PipelineOptions,
    rule: Suppression,
) -> Detections:
    """The detections of an image out of those of the image as a whole and of each tile."""
    (frame,) = parts[0].frames
    timing = sum((part.timing for part in parts), Timing())
    tables = [part.candidates for part in parts]
    if windows:
        joined = without_parts if options.nms > 0 else all_parts
        table = joined(tables, windows, frame.size)
        sides = np.full((len(table), 2), frame.size, np.float32) if options.nms_in_pixels else None
        table = suppressed_in_order(table, rule, options.nms, sides)
    else:
        table = replace(tables[0], image=torch.zeros_like(tables[0].image))
    return Detections(frame.number, (frame,), table, timing)
