"""The IoU family of box losses: Darknet's own gradients of the measures in `boxes`.

The gradients are those of AlexeyAB's dx_box_iou, term by term: those for w and h are twice the true
ones, nothing is multiplied by the derivatives of cell, anchor and logistic, and where two boxes do
not meet the distance terms replace the overlap terms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from darknet_py.boxes import ASPECT_EPSILON, FOUR_OVER_PI_SQUARED, MEASURES, corners
from darknet_py.losses.transfer import constant


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
    signs = constant(_SIGNS, pair.pred)[:, None]
    # Moving an edge changes the intersection only where it lies inside the true box.
    counts = (signs * (pair.true_edges - pair.edges)) > 0
    across = torch.stack([pair.width, pair.width, pair.height, pair.height])
    own_height, own_width = pair.edges[1] - pair.edges[0], pair.edges[3] - pair.edges[2]
    sides = torch.stack([own_width, own_width, own_height, own_height])
    inside = torch.where(counts, signs * across, 0.0)
    return inside, signs * sides - inside


def _giou_terms(pair: _Pair, union_by_edge: Tensor) -> tuple[Tensor, Tensor]:
    """The enclosing box's share of the gradient by t b l r, and its area."""
    signs = constant(_SIGNS, pair.pred)[:, None]
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
    by_location = 2 * sides * (beyond - before) * distance
    location = (2 * away.t() * diagonal - by_location) / (diagonal * diagonal)
    # Darknet adds the size terms where the mathematics would subtract them.
    size = 2 * sides * 0.5 * (beyond + before) * distance / (diagonal * diagonal)
    return torch.cat([location, size]), diagonal


def _aspect_terms(pair: _Pair) -> Tensor:
    """CIoU's share of the gradient by w and h."""
    angle = _angle(pair.truth) - _angle(pair.pred)
    loss = FOUR_OVER_PI_SQUARED * angle * angle
    alpha = loss / (1 - pair.inside / pair.union + loss + ASPECT_EPSILON)
    sizes = torch.stack([pair.pred[:, 3], -pair.pred[:, 2]])
    return alpha * 2 * FOUR_OVER_PI_SQUARED * angle * sizes


def _angle(boxes: Tensor) -> Tensor:
    return torch.atan(boxes[:, 2] / boxes[:, 3])


def _overlap_terms(pair: _Pair) -> tuple[Tensor, Tensor]:
    """The gradient of the IoU by the predicted edges t b l r, and that of the union."""
    inside, union = _edge_terms(pair)
    edges = (pair.union * inside - pair.inside * union) / (pair.union * pair.union)
    return torch.where(pair.union > 0, edges, 0.0), union


def _by_coordinate(edges: Tensor) -> Tensor:
    """Of a gradient by t b l r that by x y w h, (4, K)."""
    top, bottom, left, right = edges
    return torch.stack([left + right, top + bottom, right - left, bottom - top])


def iou_gradient(pred: Tensor, truth: Tensor) -> Tensor:
    """(K, 4): see `IouLoss.gradient`."""
    edges, _ = _overlap_terms(_pair(pred, truth))
    return _by_coordinate(edges).t()


def giou_gradient(pred: Tensor, truth: Tensor) -> Tensor:
    """(K, 4): see `IouLoss.gradient`."""
    pair = _pair(pred, truth)
    edges, union = _overlap_terms(pair)
    share, area = _giou_terms(pair, union)
    edges = edges + torch.where(area > 0, share, 0.0)
    return _by_coordinate(torch.where(pair.apart, share, edges)).t()


def diou_gradient(pred: Tensor, truth: Tensor) -> Tensor:
    """(K, 4): see `IouLoss.gradient`."""
    pair = _pair(pred, truth)
    return _with_distance(pair, *_distance_terms(pair))


def ciou_gradient(pred: Tensor, truth: Tensor) -> Tensor:
    """(K, 4): see `IouLoss.gradient`."""
    pair = _pair(pred, truth)
    share, diagonal = _distance_terms(pair)
    share = share + torch.cat([torch.zeros_like(share[:2]), _aspect_terms(pair)])
    return _with_distance(pair, share, diagonal)


def _with_distance(pair: _Pair, share: Tensor, diagonal: Tensor) -> Tensor:
    edges, _ = _overlap_terms(pair)
    gradient = _by_coordinate(edges)
    gradient = gradient + torch.where(diagonal > 0, share, 0.0)
    return torch.where(pair.apart, share, gradient).t()


@dataclass(frozen=True)
class IouLoss:
    """What a word of iou_loss means; the words are those of `boxes.MEASURES`.

    measure: how alike boxes (..., 4) and (..., 4) are, 1 where they are the same. gradient: of
    pred (K, 4) and truth (K, 4) what the loss adds to pred's x, y, w, h before any further factor,
    (K, 4). cost: the metric of the head's log line that Darknet shows as the loss.
    """

    measure: Callable[[Tensor, Tensor], Tensor]
    gradient: Callable[[Tensor, Tensor], Tensor]
    cost: str = "mean_iou_loss"


IOU_LOSSES = {
    "iou": IouLoss(MEASURES["iou"], iou_gradient),
    "giou": IouLoss(MEASURES["giou"], giou_gradient, cost="giou_loss"),
    "diou": IouLoss(MEASURES["diou"], diou_gradient),
    "ciou": IouLoss(MEASURES["ciou"], ciou_gradient),
}
"""The losses of boxes by the words of iou_loss; "mse", squared errors of the coordinates, is none.
"""
