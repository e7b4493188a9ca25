"""Samples of segmenters and regressors as tiles of a page: the image, and what is to be learnt."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from darknet_py.augment.pixels import Floats
from darknet_py.data.loader import SampleKey, SampleSource, first_readable
from darknet_py.data.segmentation_samples import InstanceSet, SegmenterSet
from darknet_py.images.class_map import SURE, draw_classes, enlarged, name_region, paint_region
from darknet_py.images.contact_sheet import SheetStyle, SheetTile
from darknet_py.images.draw import colour
from darknet_py.images.io import Pixels, to_bgr
from darknet_py.layers.scores import ISEG_INSTANCES

STYLE = SheetStyle(columns=4, width=300, height=300, lines=2, margin=0.02)
Describe = Callable[[Pixels, Floats], SheetTile]
"""Of a sample: its BGR image (H, W, 3) and its truth array."""


def truth_tiles(
    source: SampleSource, describe: Describe, keys: Sequence[SampleKey], seed: int
) -> list[SheetTile]:
    """The very samples training sees. Raises DataError when no images can be read."""

    def make(key: SampleKey) -> tuple[NDArray[np.uint8], Floats]:
        return source.sample(*key, seed)

    samples = [first_readable(key, make)[0] for key in keys]
    return [
        describe(to_bgr(np.ascontiguousarray(chw.transpose(1, 2, 0))), truth)
        for chw, truth in samples
    ]


def class_tiles(source: SegmenterSet, names: Sequence[str]) -> Describe:
    """The classes of the pixels over the image."""

    def describe(image: Pixels, truth: Floats) -> SheetTile:
        maps = [enlarged(one, source.reduction) for one in _maps(image, truth, source.reduction)]
        there = [name for name, one in zip(names, maps, strict=True) if one.any()]
        return SheetTile(draw_classes(image, maps, names), caption=(", ".join(there) or "nothing",))

    return describe


def instance_tiles(source: InstanceSet, names: Sequence[str]) -> Describe:
    """The objects over the image, each in a colour of its own."""

    def describe(image: Pixels, truth: Floats) -> SheetTile:
        rows = truth.reshape(ISEG_INSTANCES, -1)
        count = int((rows[:, 0] >= 0).astype(int).cumprod().sum())
        canvas = image.copy()
        maps = _maps(image, rows[:count, 1:], source.reduction)
        for number, (row, one) in enumerate(zip(rows, maps, strict=False)):
            share, bgr = enlarged(one, source.reduction), colour(number, count)
            paint_region(canvas, share, bgr)
            if (share >= SURE).any():
                name_region(canvas, share >= SURE, names[int(row[0])], bgr)
        return SheetTile(canvas, caption=(f"{count} objects",))

    return describe


def number_tile(image: Pixels, truth: Floats) -> SheetTile:
    """The numbers under the image."""
    return SheetTile(image, caption=(" ".join(f"{value:g}" for value in truth.tolist()),))


def _maps(image: Pixels, values: Floats, reduction: int) -> Floats:
    """Maps (N, h, w) of an image (H, W, 3)."""
    return values.reshape(-1, image.shape[0] // reduction, image.shape[1] // reduction)
