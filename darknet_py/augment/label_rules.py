"""Which labels training leaves out, and why: one rule for training itself and for `check data`.

Training asks when the label has moved with the pixels of its image, `check` where it was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darknet_py.forks import Fork

LabelTable = NDArray[np.float32]
"""(K, 5): class x y w h, relative to the image."""
Mask = NDArray[np.bool_]

LEAST_SIDE = 0.001
"""pjreddie's program leaves out boxes narrower or lower than this share of the image."""


@dataclass(frozen=True)
class LabelLimits:
    """classes: how many there are, 0 where that is not known. least: the width and height, as
    shares of the image, that a box must have."""

    classes: int = 0
    least: tuple[float, float] = (0.0, 0.0)

    @staticmethod
    def of(fork: Fork, classes: int, width: int, height: int) -> LabelLimits:
        """Those of the fork; width, height: of the network's input in pixels, 0 if not known."""
        if not fork.samples.drops_under_a_pixel:
            return LabelLimits(classes, (LEAST_SIDE, LEAST_SIDE))
        known = width and height
        return LabelLimits(classes, (1 / width, 1 / height) if known else (0.0, 0.0))

    def known(self, labels: LabelTable) -> Mask:
        """(K,) which labels (K, 5) are of a class there is."""
        number = labels[:, 0]
        unknown = np.logical_or(number < 0, number >= (self.classes or np.inf))
        return np.asarray(~unknown)

    def large(self, sizes: LabelTable) -> Mask:
        """(K,) which widths and heights (K, 2), of boxes cut at the image's edge, are enough."""
        # In float32 as in C.
        small = np.less(sizes, np.array(self.least, np.float32)).any(axis=1)
        return np.asarray(~small)


REASONS = ("not-finite", "class-range", "no-size", "outside", "tiny")
"""The keys of `dropped`, which are kinds of issues."""


def finite(labels: LabelTable) -> Mask:
    """(K,) which labels (K, 5) hold neither nan nor inf."""
    return np.asarray(np.isfinite(labels).all(axis=1))


def edges(labels: LabelTable) -> tuple[LabelTable, LabelTable]:
    """(K, 2) left and top, (K, 2) right and bottom of labels (K, 5), in float32 as in C."""
    centre: LabelTable = labels[:, 1:3]
    half_size: LabelTable = labels[:, 3:5] / np.float32(2)
    with np.errstate(over="ignore", invalid="ignore"):
        return centre - half_size, centre + half_size


def without_box(labels: LabelTable) -> Mask:
    """(K,) which labels (K, 5) have x = y = 0: both programs then see no box in them."""
    return np.asarray((labels[:, 1:3] == 0).all(axis=1))


def dropped(labels: LabelTable, limits: LabelLimits) -> dict[str, Mask]:
    """Reason -> (K,) which of the labels (K, 5) as written training leaves out for it."""
    whole = finite(labels)
    boxes = np.where(whole[:, None], labels, np.float32(0))
    low, high = edges(boxes)
    has_size = whole & (boxes[:, 3:] > 0).all(axis=1)
    inside = ((high > 0) & (low < 1)).all(axis=1) & ~without_box(boxes)
    return {
        "not-finite": ~whole,
        "class-range": ~limits.known(labels),
        "no-size": whole & ~has_size,
        "outside": has_size & ~inside,
        "tiny": has_size & inside & ~limits.large(np.clip(high, 0, 1) - np.clip(low, 0, 1)),
    }


def any_reason(bad: Mapping[str, Mask]) -> Mask:
    """(K,) which labels training leaves out, of what `dropped` says about them."""
    return np.stack([bad[reason] for reason in REASONS]).max(axis=0)
