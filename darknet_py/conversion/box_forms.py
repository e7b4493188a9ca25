"""The boxes of every anchor and cell as each form arranges them.

What detection pipelines of others expect is YOLOv8's layout (Frigate, Triton, X-AnyLabeling,
OpenCV's sample) or that of DeepStream's parsers; both have boxes in pixels of the network's input.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from darknet_py.conversion.export_boxes import Input, finite_scores, suppressed
from darknet_py.conversion.export_target import ExportTarget

Arranged = Callable[[Tensor, Tensor, Input, ExportTarget], tuple[Tensor, ...]]
"""From boxes (N, K, 4), centre x, y, width, height as shares of the input, and scores (N, K, C)."""


def _apart(boxes: Tensor, scores: Tensor, into: Input, target: ExportTarget) -> tuple[Tensor, ...]:
    return boxes, scores


def _left(boxes: Tensor, scores: Tensor, into: Input, target: ExportTarget) -> tuple[Tensor, ...]:
    return (suppressed(boxes, scores, target.thresh, target.nms),)


def _ultralytics(
    boxes: Tensor, scores: Tensor, into: Input, target: ExportTarget
) -> tuple[Tensor, ...]:
    """(N, 4 + C, K): centre x, y, width, height in pixels, then a score for each class."""
    columns = [_in_pixels(boxes, into), finite_scores(boxes, scores)]
    return (torch.cat(columns, dim=2).transpose(1, 2),)


def _deepstream(
    boxes: Tensor, scores: Tensor, into: Input, target: ExportTarget
) -> tuple[Tensor, ...]:
    """(N, K, 6): left, top, right, bottom in pixels, the score of the best class, its number."""
    pixels = _in_pixels(boxes, into)
    centre, half = pixels[:, :, :2], pixels[:, :, 2:] / 2
    score, number = finite_scores(boxes, scores).max(dim=2, keepdim=True)
    return (torch.cat([centre - half, centre + half, score, number.to(score)], dim=2),)


def _in_pixels(boxes: Tensor, into: Input) -> Tensor:
    # A tensor made of the sides would be a constant in a program of any size.
    sides = (into.width, into.height, into.width, into.height)
    return torch.cat([boxes[:, :, i : i + 1] * side for i, side in enumerate(sides)], dim=2)


ARRANGED: dict[str, Arranged] = {
    "boxes": _apart,
    "nms": _left,
    "ultralytics": _ultralytics,
    "deepstream": _deepstream,
}
