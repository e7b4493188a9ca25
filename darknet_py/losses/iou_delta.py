"""The IoU family of box losses: measures, and Darknet's own gradients of them.

The gradients are those of AlexeyAB's dx_box_iou, term by term: those for w and h are twice the true
ones, nothing is multiplied by the derivatives of cell, anchor and logistic, and where two boxes do
not meet the distance terms replace the overlap terms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from darknet_py.boxes import corners, diou, iou

ASPECT_EPSILON = 1e-6
FOUR_OVER_PI_SQUARED = 4 / math.pi**2


@dataclass(frozen=True)
class _Pair:
    """Predicted and true boxes (K,) and the quantities all gradients share; edges are t b l r."""

    pred: Tensor
    truth: Tensor
    edges: Tensor
    true_edges: Tensor
    width: Tensor
    height: Tensor
    union: Tensor

    @property
    def inside(self) -> Tensor:
        """Intersection as Darknet takes it: the product, also of two negative sides."""
        return self.width * self.height

    @property
    def apart(self) -> Tensor:
        return (self.width <= 0) | (self.height <= 0)


def _pair(pred: Tensor, truth: Tensor) -> _Pair:
    left, top, right, bottom = corners(pred).unbind(-1)
    true_left, true_top, true_right, true_bottom = corners(truth).unbind(-1)
    height = torch.minimum(bottom, true_bottom) - torch.maximum(top, true_top)
    width = torch.minimum(right, true_right) - torch.maximum(left, true_left)
    area = (bottom - top) * (right - left)
    true_area = (true_bottom - true_top) * (true_right - true_left)
    edges = torch.stack([top, bottom, left, right])
    true_edges = torch.stack([true_top, true_bottom, true_left, true_right])
    union = area + true_area - width * height
    return _Pair(pred, truth, edges, true_edges, width, height, union)


_SIGNS = (-1.0, 1.0, -1.0, 1.0)


def _edge_terms(pair: _Pair) -> tuple[Tensor, Tensor]:
    """Derivatives of intersection and union by the predicted edges t b l r."""
    signs = pair.pred.new_tensor(_SIGNS)[:, None]
    # Moving an edge changes the intersection only where it lies inside the true box.
    counts = (signs * (pair.true_edges - pair.edges)) > 0
    across = torch.stack([pair.width, pair.width, pair.height, pair.height])
    own_height, own_width = pair.edges[1] - pair.edges[0], pair.edges[3] - pair.edges[2]
    sides = torch.stack([own_width, own_width, own_height, own_height])
    inside = torch.where(counts, signs * across, 0.0)
    return inside, signs * sides - inside


def _giou_terms(pair: _Pair, union_by_edge: Tensor) -> tuple[Tensor, Tensor]:
    """The enclosing box's share of the gradient by t b l r, and its area."""
    signs = pair.pred.new_tensor(_SIGNS)[:, None]
    far = torch.maximum(pair.edges[1::2], pair.true_edges[1::2])
    near = torch.minimum(pair.edges[::2], pair.true_edges[::2])
    height, width = (far - near).unbind(0)
    area = width * height
    outside = (signs * (pair.edges - pair.true_edges)) > 0
    across = torch.stack([width, width, height, height])
    area_by_edge = torch.where(outside, signs * across, 0.0)
    return (area * union_by_edge - pair.union * area_by_edge) / (area * area), area


def _distance_terms(pair: _Pair) -> tuple[Tensor, Tensor]:
    """Derivatives of -(centre distance / diagonal of the enclosing box) squared by x y w h."""
    far = torch.maximum(pair.edges[1::2], pair.true_edges[1::2])
    near = torch.minimum(pair.edges[::2], pair.true_edges[::2])
    sides = (far - near).flip(0)  # width, height
    diagonal = (sides * sides).sum(dim=0)
    away = pair.truth[:, :2] - pair.pred[:, :2]
    distance = (away * away).sum(dim=1)
    beyond = (pair.edges[1::2] > pair.true_edges[1::2]).flip(0).to(sides.dtype)
    before = (pair.edges[::2] < pair.true_edges[::2]).flip(0).to(sides.dtype)
    by_place = 2 * sides * (beyond - before) * distance
    place = (2 * away.t() * diagonal - by_place) / (diagonal * diagonal)
    # Darknet adds the size terms where the mathematics would subtract them.
    size = 2 * sides * 0.5 * (beyond + before) * distance / (diagonal * diagonal)
    return torch.cat([place, size]), diagonal


def _aspect_terms(pair: _Pair) -> Tensor:
    """CIoU's share of the gradient by w and h."""
    angle = _angle(pair.truth) - _angle(pair.pred)
    loss = FOUR_OVER_PI_SQUARED * angle * angle
    alpha = loss / (1 - pair.inside / pair.union + loss + ASPECT_EPSILON)
    sizes = torch.stack([pair.pred[:, 3], -pair.pred[:, 2]])
    return alpha * 2 * FOUR_OVER_PI_SQUARED * angle * sizes


def _angle(boxes: Tensor) -> Tensor:
    return torch.atan(boxes[:, 2] / boxes[:, 3])


def iou_gradient(pred: Tensor, truth: Tensor, kind: str) -> Tensor:
    """(K, 4): what the loss `kind` adds to x, y, w, h of pred (K, 4) before any further factor."""
    pair = _pair(pred, truth)
    inside, union = _edge_terms(pair)
    edges = (pair.union * inside - pair.inside * union) / (pair.union * pair.union)
    edges = torch.where(pair.union > 0, edges, 0.0)
    if kind == "giou":
        share, area = _giou_terms(pair, union)
        edges = edges + torch.where(area > 0, share, 0.0)
        edges = torch.where(pair.apart, share, edges)
    top, bottom, left, right = edges
    found = torch.stack([left + right, top + bottom, right - left, bottom - top])
    if kind in ("diou", "ciou"):
        share, diagonal = _distance_terms(pair)
        if kind == "ciou":
            share = share + torch.cat([torch.zeros_like(share[:2]), _aspect_terms(pair)])
        found = found + torch.where(diagonal > 0, share, 0.0)
        found = torch.where(pair.apart, share, found)
    return found.t()


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


MEASURES = {"iou": iou, "mse": iou, "giou": giou, "diou": diou, "ciou": ciou}
"""How alike two boxes are, by the words of iou_thresh_kind."""
