"""How well anchors fit the objects of a data set, and which head each object goes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from darknet_py.anchors.cfg_anchors import FedHead, recommended_masks
from darknet_py.anchors.kmeans import Sizes, find_anchors, nearest
from darknet_py.errors import DataError

HALF = 0.5


@dataclass(frozen=True)
class AnchorFit:
    """anchors: (width, height) in pixels of the input.

    average_iou: of each label with its best anchor. over_half, over_thresh: the share of the labels
    whose IoU with it is over .5, and over iou_thresh= of the heads, None where that is not used.
    by_head: the share of the labels whose best anchor each head has. All in 0..1.
    """

    anchors: tuple[tuple[float, float], ...]
    average_iou: float
    over_half: float
    over_thresh: float | None
    by_head: tuple[float, ...]


def own_fit(boxes: Sizes, heads: Sequence[FedHead]) -> AnchorFit:
    """The fit of the anchors that the heads have, to boxes (N, 2) in pixels of the input."""
    groups = [
        [(width * head.pixels, height * head.pixels) for width, height in head.layer.sizes]
        for head in heads
    ]
    return _fit(boxes, groups, heads)


def new_fit(boxes: Sizes, heads: Sequence[FedHead], anchors: Sizes) -> AnchorFit:
    """The fit of other anchors (k, 2), shared out among the heads by their size."""
    masks = recommended_masks(heads, anchors) if heads[0].layer.MASKED else [range(len(anchors))]
    groups = [[(anchors[i, 0], anchors[i, 1]) for i in mask] for mask in masks]
    return _fit(boxes, groups, heads)


def _fit(
    boxes: Sizes, groups: Sequence[Sequence[tuple[float, float]]], heads: Sequence[FedHead]
) -> AnchorFit:
    anchors = np.array([size for group in groups for size in group], np.float64)
    owner = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    chosen, overlap = nearest(boxes, anchors)
    share = np.bincount(owner[chosen], minlength=len(heads)) / len(boxes)
    thresh = min(float(getattr(head.layer, "iou_thresh", 1.0)) for head in heads)
    return AnchorFit(
        anchors=tuple((float(width), float(height)) for width, height in anchors),
        average_iou=float(overlap.mean()),
        over_half=float((overlap > HALF).mean()),
        over_thresh=float((overlap > thresh).mean()) if thresh < 1 else None,
        by_head=tuple(share.tolist()),
    )


def anchor_count(heads: Sequence[FedHead]) -> int:
    """How many anchors a cfg has room for: num= of its heads, used or not."""
    return max(head.layer.num for head in heads)


def new_anchors(boxes: Sizes, heads: Sequence[FedHead], seed: int) -> Sizes:
    """As many anchors as the heads have, made for boxes (N, 2) in pixels of the input.

    Raises DataError where there are fewer different boxes than anchors.
    """
    count, different = anchor_count(heads), len(np.unique(boxes, axis=0))
    if different < count:
        message = f"{different} different box sizes cannot make {count} anchors"
        raise DataError(f"{message}; keep those of the cfg with --keep-anchors")
    return find_anchors(boxes, count, seed=seed).sizes
