"""Boxes in centre form (x, y, width, height), the form every Darknet head predicts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:
    torch = deferred("torch")

GREEDY_EXPONENT = 0.6
ASPECT_EPSILON = 1e-6
FOUR_OVER_PI_SQUARED = 4 / math.pi**2


def corners(boxes: Tensor) -> Tensor:
    """Corner form (..., 4) left, top, right, bottom of centre-form boxes (..., 4)."""
    centre, half = boxes[..., :2], boxes[..., 2:] / 2
    return torch.cat((centre - half, centre + half), dim=-1)


def centres(xyxy: Tensor) -> Tensor:
    """Centre form (..., 4) x, y, width, height of corner-form boxes (..., 4)."""
    low, high = xyxy[..., :2], xyxy[..., 2:]
    return torch.cat(((low + high) / 2, high - low), dim=-1)


def iou(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union in [0, 1] of centre-form boxes (..., 4), element by element.

    The leading axes broadcast.  As in AlexeyAB's fork the value is 0 where the intersection
    or the union is 0; pjreddie's is NaN for two empty boxes, which passes no threshold either.
    """
    ax, ay, aw, ah = a.unbind(-1)
    bx, by, bw, bh = b.unbind(-1)
    width, height = _overlap(ax, aw, bx, bw), _overlap(ay, ah, by, bh)
    intersection = (width * height).masked_fill((width < 0) | (height < 0), 0)
    union = aw * ah + bw * bh - intersection
    return (intersection / union).masked_fill((intersection == 0) | (union == 0), 0)


def diou(a: Tensor, b: Tensor, beta: float = GREEDY_EXPONENT) -> Tensor:
    """IoU less (d2 / c2) ** beta, in (-1, 1], of centre-form boxes (..., 4) that broadcast.

    d2 is the squared distance of the centres, c2 the squared diagonal of the smallest box that
    holds both; where c2 is 0 the value is the plain IoU.
    """
    first, second = corners(a), corners(b)
    low = torch.minimum(first[..., :2], second[..., :2])
    high = torch.maximum(first[..., 2:], second[..., 2:])
    diagonal = (high - low).square().sum(dim=-1)
    distance = (a[..., :2] - b[..., :2]).square().sum(dim=-1)
    return iou(a, b) - (distance / diagonal).pow(beta).masked_fill(diagonal == 0, 0)


def giou(a: Tensor, b: Tensor) -> Tensor:
    """IoU less the share of the enclosing box that neither covers, in [-1, 1]."""
    first, second = corners(a), corners(b)
    low = torch.minimum(first[..., :2], second[..., :2])
    high = torch.maximum(first[..., 2:], second[..., 2:])
    area = (high - low).prod(dim=-1)
    shared = torch.minimum(first[..., 2:], second[..., 2:]) - torch.maximum(
        first[..., :2], second[..., :2]
    )
    union = a[..., 2:].prod(dim=-1) + b[..., 2:].prod(dim=-1) - shared.clamp(min=0).prod(dim=-1)
    return torch.where(area == 0, iou(a, b), iou(a, b) - (area - union) / area)


def ciou(a: Tensor, b: Tensor) -> Tensor:
    """IoU less the relative centre distance and the difference in aspect."""
    first, second = corners(a), corners(b)
    low = torch.minimum(first[..., :2], second[..., :2])
    high = torch.maximum(first[..., 2:], second[..., 2:])
    diagonal = ((high - low) ** 2).sum(dim=-1)
    distance = ((a[..., :2] - b[..., :2]) ** 2).sum(dim=-1)
    angle = torch.atan(b[..., 2] / b[..., 3]) - torch.atan(a[..., 2] / a[..., 3])
    loss = FOUR_OVER_PI_SQUARED * angle * angle
    overlap = iou(a, b)
    alpha = loss / (1 - overlap + loss + ASPECT_EPSILON)
    return torch.where(diagonal == 0, overlap, overlap - distance / diagonal - alpha * loss)


MEASURES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "iou": iou,
    "giou": giou,
    "diou": diou,
    "ciou": ciou,
}
"""How alike two boxes are, by the words of iou_thresh_kind and iou_loss."""


def _overlap(a: Tensor, a_size: Tensor, b: Tensor, b_size: Tensor) -> Tensor:
    """Length shared by two spans given by centre and size, negative where they are apart."""
    a_half, b_half = a_size / 2, b_size / 2
    return torch.minimum(a + a_half, b + b_half) - torch.maximum(a - a_half, b - b_half)
