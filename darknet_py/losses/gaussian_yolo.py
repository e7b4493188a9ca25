"""[Gaussian_yolo]: AlexeyAB's [yolo] with a deviation beside each coordinate.

Which anchors answer for which labels is as in [yolo]; the rules that differ are here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

from darknet_py.boxes import iou
from darknet_py.forks import Fork
from darknet_py.layers.yolo import YOLO_POINTS, AnchorHead, GaussianYolo, Yolo
from darknet_py.losses.assignment import (
    Hits,
    Scene,
    best_labels,
    classes_of,
    first_and_last,
    hits_at,
    label_hits,
    mapped_labels,
    place_numbers,
    predicted_boxes,
    wanted_coordinates,
)
from darknet_py.losses.iou_delta import giou, iou_gradient
from darknet_py.losses.registry import Pass, loss_of
from darknet_py.losses.truth import HeadLoss, Truth
from darknet_py.losses.yolo import CLASS_FLOOR, classify, score_certain

SIGMA = 0.3
"""Added to a deviation where the density is taken."""
EPSILON = 1e-9


@dataclass(frozen=True)
class _Deviant:
    """A scene of means only (as of [yolo]), and the deviations (N, A, H, W, 4) beside them."""

    layer: GaussianYolo
    scene: Scene
    deviations: Tensor

    @property
    def shift(self) -> float:
        return YOLO_POINTS[self.layer.yolo_point]


@dataclass
class _Delta:
    """means: x, y, w, h, objectness, classes, as in [yolo]; deviations: beside the first four."""

    means: Tensor
    deviations: Tensor

    def joined(self) -> Tensor:
        pairs = torch.stack([self.means[..., :4], self.deviations], dim=-1).flatten(-2)
        return torch.cat([pairs, self.means[..., 4:]], dim=-1)


@loss_of(GaussianYolo)
def _loss(p: Pass) -> HeadLoss:
    return gaussian_yolo_loss(p.layer, p.output, p.labels, p.net_size, p.fork)


def gaussian_yolo_loss(
    layer: GaussianYolo, output: Tensor, truth: Truth, net_size: tuple[int, int], fork: Fork
) -> HeadLoss:
    """delta and cost of a [Gaussian_yolo] head for its output (N, C, H, W) and the labels.

    Only AlexeyAB's program has this head: its rules hold for both values of `fork`.
    """
    head = _head(layer, output.detach(), truth, net_size, fork)
    scene = head.scene
    delta = _Delta(torch.zeros_like(scene.out), scene.out.new_zeros(head.deviations.shape))
    best, label = best_labels(scene.boxes, scene.truth)
    _answer_near(head, best, label, delta)
    certain = hits_at(scene, best > layer.truth_thresh, label)
    score_certain(scene, certain, best, delta.means)
    _add_boxes(head, certain, delta)
    hits = label_hits(scene)
    x, y = _cell(head, hits)
    hits = replace(hits, x=x, y=y)
    _answer(head, hits, delta)
    _average(delta)
    joined = delta.joined()
    flat = joined.permute(0, 1, 4, 2, 3).reshape(output.shape)
    return HeadLoss(flat, float((flat * flat).sum()), _figures(head, hits, joined))


def _head(
    layer: GaussianYolo, output: Tensor, truth: Truth, net_size: tuple[int, int], fork: Fork
) -> _Deviant:
    cells = output.unflatten(1, (len(layer.masks), layer.entries)).permute(0, 1, 3, 4, 2)
    means = torch.cat([cells[..., 0:8:2], cells[..., 8:]], dim=-1)
    shared: dict[str, Any] = {
        field.name: getattr(layer, field.name) for field in fields(AnchorHead)
    }
    yolo = Yolo(**shared)
    boxes = predicted_boxes(layer, cells, net_size, fork)
    # plain: a box that has a class already is known by its first class, as in pjreddie's [yolo].
    scene = Scene(yolo, True, means, boxes, mapped_labels(layer, truth), net_size)
    return _Deviant(layer, scene, cells[..., 1:8:2])


def _answer_near(head: _Deviant, best: Tensor, label: Tensor, delta: _Delta) -> None:
    """Objectness where no label asks for more: towards 0; near a label left alone, or with
    objectness_smooth towards the squared IoU, and the class is learnt as well."""
    layer, scene = head.layer, head.scene
    score = scene.out[..., 4]
    sure = (scene.out[..., 5:] > CLASS_FLOOR).any(dim=-1)
    near = sure & (best > layer.ignore_thresh)
    wanted = best**2 - score if layer.objectness_smooth else torch.zeros_like(score)
    delta.means[..., 4] = layer.obj_normalizer * torch.where(near, wanted, -score)
    if layer.objectness_smooth:
        classify(scene, hits_at(scene, near, label), delta.means)


def _cell(head: _Deviant, hits: Hits) -> tuple[Tensor, Tensor]:
    """Column and row of the cell that holds yolo_point of each label."""
    label = head.scene.truth.boxes[hits.image, hits.label]
    height, width = head.scene.out.shape[2:4]
    x, y = (label[:, :2] - head.shift * label[:, 2:]).unbind(dim=1)
    return (x * width).long().clamp(0, width - 1), (y * height).long().clamp(0, height - 1)


def _answer(head: _Deviant, hits: Hits, delta: _Delta) -> None:
    layer, scene = head.layer, head.scene
    _add_boxes(head, hits, delta)
    factor = scene.multipliers[classes_of(scene, hits)] * layer.obj_normalizer
    wanted = factor * (1 - scene.out[hits.entry(4)])
    _, last = first_and_last(place_numbers(scene, hits))
    delta.means[hits.select(last).entry(4)] = wanted[last]
    classify(scene, hits, delta.means)


def _add_boxes(head: _Deviant, hits: Hits, delta: _Delta) -> None:
    """Add up what the labels of a place ask of its means and deviations."""
    means, deviations = _box_delta(head, hits)
    places = place_numbers(head.scene, hits)
    flat = delta.means.view(-1, delta.means.shape[-1])
    flat[:, :4] = flat[:, :4].index_add(0, places, means)
    delta.deviations.view(-1, 4).index_add_(0, places, deviations)


def _box_delta(head: _Deviant, hits: Hits) -> tuple[Tensor, Tensor]:
    """(K, 4) and (K, 4): what each hit asks of the means and of the deviations."""
    layer, scene = head.layer, head.scene
    label = scene.truth.boxes[hits.image, hits.label]
    out, sigma = scene.out[hits.place][:, :4], head.deviations[hits.place]
    point = torch.cat([label[:, :2] - head.shift * label[:, 2:], label[:, 2:]], dim=1)
    away = (wanted_coordinates(scene, hits, point) - out) / sigma
    density = torch.exp(-away * away / 2) / (math.sqrt(2 * math.pi) * (sigma + SIGMA))
    weight = (2 - label[:, 2:3] * label[:, 3:4]) * density / (density + EPSILON) / 2
    means = weight * away / sigma
    if layer.iou_loss != "mse":
        means = _iou_delta(head, hits, label, out)
    deviations = weight * (away * away / sigma - 1 / (sigma + SIGMA))
    factor = layer.iou_normalizer * scene.multipliers[classes_of(scene, hits)][:, None]
    return _tame(layer, means * factor), _tame(layer, deviations * layer.uc_normalizer)


def _tame(layer: GaussianYolo, wanted: Tensor) -> Tensor:
    wanted = torch.nan_to_num(wanted, nan=0.0, posinf=0.0, neginf=0.0)
    return wanted.clamp(-layer.max_delta, layer.max_delta)


def _iou_delta(head: _Deviant, hits: Hits, label: Tensor, out: Tensor) -> Tensor:
    pred = head.scene.boxes[hits.place].clone()
    pred[:, 2:] = torch.where(pred[:, 2:] == 0, 1.0, pred[:, 2:])
    place, sizes = iou_gradient(pred, label, head.layer.iou_loss).split([2, 2], dim=1)
    return torch.cat([place - head.shift * sizes, sizes * torch.exp(out[:, 2:])], dim=1)


def _average(delta: _Delta) -> None:
    """A box that answers for several classes gets the mean of their deltas, here always."""
    count = (delta.means[..., 5:] > 0).sum(dim=-1, keepdim=True).clamp(min=1)
    delta.means[..., :4] /= count
    delta.deviations /= count


def _figures(head: _Deviant, hits: Hits, delta: Tensor) -> dict[str, float]:
    """The numbers of the log line: per box, 0 without any; losses are of the whole sub-batch."""
    scene, count = head.scene, max(1, len(hits))
    pred, label = scene.boxes[hits.place], scene.truth.boxes[hits.image, hits.label]
    overlap = (iou if head.layer.iou_loss == "mse" else giou)(pred, label)
    squares = (delta * delta).sum(dim=(0, 1, 2, 3))
    # Darknet calls all of w and h "uncertainty" and all of x and y "IoU".
    located, sized, rest = (float(part.sum()) for part in squares.split([4, 4, len(squares) - 8]))
    own = scene.out[hits.entry(5 + classes_of(scene, hits))]
    return {
        "count": float(len(hits)),
        "iou": float(overlap.sum()) / count,
        "class": float(own.sum()) / count,
        "obj": float(scene.out[hits.entry(4)].sum()) / count,
        "no_obj": float(scene.out[..., 4].mean()),
        "recall50": float((overlap > 0.5).sum()) / count,
        "recall75": float((overlap > 0.75).sum()) / count,
        "class_loss": rest,
        "iou_loss": located,
        "uc_loss": sized,
        "total_loss": located + sized + rest,
    }
