"""What `segmenter test` and `isegmenter test` print and draw."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import click
import numpy as np

from darknet_py.classify.given_images import given_images
from darknet_py.classify.load_classifier import Failures
from darknet_py.detect.predictions import PredictionPaths
from darknet_py.errors import ImageError
from darknet_py.files import require_writable
from darknet_py.images.class_map import (
    SURE,
    Floats,
    best_classes,
    draw_classes,
    name_region,
    outline,
    paint_region,
    stretched_to,
)
from darknet_py.images.draw import colour, save_image
from darknet_py.images.io import Pixels, to_bgr
from darknet_py.images.label_text import Colour
from darknet_py.options.inference import SegmentOptions
from darknet_py.segment.instances import instances
from darknet_py.segment.segmenter import Segmented, Segmenter, open_segmenter

ONE = "predictions.jpg"
MOST_NAMED = 8
"""Classes, or objects, that the line about a picture names."""


def predict(options: SegmentOptions) -> int:
    """Segment every image; returns how many could not be read.

    C shows its picture in a window; here it is written: predictions.jpg, of several arguments
    predictions_NAME.jpg. Of paths that are typed each picture replaces the one before.
    """
    session = _Session(open_segmenter(options), DRAWINGS[options.instances])
    require_writable(Path(ONE))
    for paths in given_images(options.images, session.failures):
        many = len(options.images) > 1 or (options.images and len(paths) > 1)
        for path in paths:
            session.show(path, session.paths.next(_stem(path)) if many else Path(ONE))
    return session.failures.count


Drawn = tuple[Pixels, str]
"""A picture, and words on what it shows."""


def _stem(path: str) -> str:
    return f"{Path(ONE).stem}_{Path(path).stem}"


@dataclass
class _Session:
    """A network at work, and what has been written so far."""

    segmenter: Segmenter
    draw: Callable[[Segmenter, Segmented], Drawn]
    failures: Failures = field(default_factory=Failures)
    paths: PredictionPaths = field(default_factory=PredictionPaths)

    def show(self, path: str, target: Path) -> None:
        """Print C's two lines about an image and write its picture."""
        try:
            pixels = self.segmenter.read(path)
        except ImageError as error:
            self.failures.report(error)
            return
        start = time.perf_counter()
        segmented = self.segmenter(pixels)
        seconds = time.perf_counter() - start
        click.echo(f"Predicted: {segmented.first:f}")
        click.echo(f"{path}: Predicted in {seconds:f} seconds.")
        picture, words = self.draw(self.segmenter, segmented)
        save_image(target, picture)
        click.echo(f"{target}: {words}", err=True)


def _draw_classes(segmenter: Segmenter, segmented: Segmented) -> Drawn:
    """The classes of the pixels, and how much of the image each has."""
    maps = [segmenter.on_image(score, segmented.pixels) for score in segmented.scores]
    numbers, best = best_classes(maps)
    counts = np.bincount(numbers[best >= SURE], minlength=len(maps)) / numbers.size
    shares = [
        f"{segmenter.names[one]} {counts[one]:.1%}" for one in np.argsort(-counts) if counts[one]
    ]
    return draw_classes(to_bgr(segmented.pixels), maps, segmenter.names), _in_short(shares)


def _draw_instances(segmenter: Segmenter, segmented: Segmented) -> Drawn:
    """The objects, each in a colour of its own."""
    found = instances(segmented.scores, segmented.embedding)
    canvas: Pixels = np.array(to_bgr(segmented.pixels), np.uint8, order="C")
    words = [f"{segmenter.names[one.class_id]} {one.score:.0%}" for one in found]
    regions = [
        (segmenter.on_image(one.mask, segmented.pixels), colour(number, len(found)))
        for number, one in enumerate(found)
    ]
    for share, bgr in regions:
        _paint(canvas, share, bgr)
    for (share, bgr), text in zip(regions, words, strict=True):
        sure = stretched_to(share, canvas) >= SURE / 2
        if sure.any():
            name_region(canvas, sure, text, bgr)
    return canvas, _in_short(words)


def _paint(canvas: Pixels, share: Floats, bgr: Colour) -> None:
    large = stretched_to(share, canvas)
    paint_region(canvas, large, bgr)
    outline(canvas, large >= SURE / 2, bgr)


DRAWINGS = {False: _draw_classes, True: _draw_instances}
"""By whether objects are told apart."""


def _in_short(words: list[str]) -> str:
    more = f" and {len(words) - MOST_NAMED} more" if len(words) > MOST_NAMED else ""
    return (", ".join(words[:MOST_NAMED]) or "nothing found") + more
