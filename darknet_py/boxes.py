"""Boxes in centre form (x, y, width, height), the form every Darknet head predicts."""

from __future__ import annotations

import torch
from torch import Tensor

GREEDY_EXPONENT = 0.6


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
    side = _overlap(corners(a), corners(b))
    apart = (side < 0).any(dim=-1)
    intersection = side.prod(dim=-1).masked_fill(apart, 0)
    union = a[..., 2:].prod(dim=-1) + b[..., 2:].prod(dim=-1) - intersection
    empty = (intersection == 0) | (union == 0)
    return (intersection / union).masked_fill(empty, 0)


def diou(a: Tensor, b: Tensor, beta: float = GREEDY_EXPONENT) -> Tensor:
    """IoU less (d2 / c2) ** beta, in (-1, 1], of centre-form boxes (..., 4) that broadcast.

    d2 is the squared distance of the centres, c2 the squared diagonal of the smallest box that
    holds both; where c2 is 0 the value is the plain IoU.
    """
    return iou(a, b) - separation(a, b).pow(beta)


def separation(a: Tensor, b: Tensor) -> Tensor:
    """Squared centre distance over squared enclosing diagonal, in [0, 1]; 0 where that is 0."""
    first, second = corners(a), corners(b)
    low = torch.minimum(first[..., :2], second[..., :2])
    high = torch.maximum(first[..., 2:], second[..., 2:])
    diagonal = (high - low).square().sum(dim=-1)
    distance = (a[..., :2] - b[..., :2]).square().sum(dim=-1)
    return (distance / diagonal).masked_fill(diagonal == 0, 0)


def _overlap(first: Tensor, second: Tensor) -> Tensor:
    """Width and height (..., 2) shared by corner-form boxes, negative where they are apart."""
    low = torch.maximum(first[..., :2], second[..., :2])
    return torch.minimum(first[..., 2:], second[..., 2:]) - low
