"""[Gaussian_yolo]: AlexeyAB's [yolo] with a deviation beside each coordinate.

Which anchors answer for which labels is as in [yolo]; the rules that differ are here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import torch
from torch import Tensor

from darknet_py.boxes import giou, iou
from darknet_py.forks import Fork
from darknet_py.layers.anchor_head import AnchorHead
from darknet_py.layers.gaussian_yolo import YOLO_POINTS, GaussianYolo
from darknet_py.layers.yolo import Yolo
from darknet_py.losses.assignment import (
    Assignments,
    HeadOutputs,
    assignments_at,
    best_labels,
    best_overlaps,
    empty_delta,
    label_assignments,
    mapped_labels,
    predicted_boxes,
    rows_where,
    sent_labels,
    target_coordinates,
)
from darknet_py.losses.head_loss import LossInput, PendingLoss, Shown, Targets, loss_of
from darknet_py.losses.hidden_objects import hide_objects
from darknet_py.losses.iou_losses import IOU_LOSSES
from darknet_py.losses.yolo_loss import CLASS_FLOOR, classify, score_truth_thresh

SIGMA = 0.3
"""Added to a deviation where the density is taken."""
EPSILON = 1e-9


@dataclass(frozen=True)
class _GaussianOutputs:
    """Outputs of means only (as of [yolo]), and the deviations (N*A*H*W, 4) beside them."""

    layer: GaussianYolo
    outputs: HeadOutputs
    deviations: Tensor

    @property
    def shift(self) -> float:
        return YOLO_POINTS[self.layer.yolo_point]


@dataclass(frozen=True)
class _GaussianDelta:
    """means: (N*A*H*W + 1, E) x, y, w, h, objectness, classes, as in [yolo]; deviations: beside the
    first four."""

    means: Tensor
    deviations: Tensor

    def joined(self) -> Tensor:
        """(N*A*H*W, 4 + E), as the head's output has them."""
        means, deviations = self.means[:-1], self.deviations[:-1]
        pairs = torch.stack([means[:, :4], deviations], dim=-1).flatten(-2)
        return torch.cat([pairs, means[:, 4:]], dim=-1)


@loss_of(GaussianYolo)
def _loss(p: LossInput) -> PendingLoss:
    return gaussian_yolo_loss(p.layer, p.output, p.labels, p.net_size, p.fork, p.adversarial)


def gaussian_yolo_loss(
    layer: GaussianYolo,
    output: Tensor,
    targets: Targets,
    net_size: tuple[int, int],
    fork: Fork,
    adversarial: bool = False,
) -> PendingLoss:
    """delta and cost of a [Gaussian_yolo] head for its output (N, C, H, W) and the labels.

    targets: on the host. Only AlexeyAB's program has this head: its rules hold for both values of
    `fork`. adversarial: as in `LossInput`.
    """
    head, assigned = _head(layer, output.detach(), targets, net_size, fork)
    delta = _GaussianDelta(empty_delta(head.outputs.rows), empty_delta(head.deviations))
    _start(head, delta)
    if adversarial:
        hide_objects(head.outputs, delta.means)
    _answer(head, assigned, delta)
    _average(delta)
    joined = delta.joined().view(*head.outputs.out.shape[:-1], -1)
    flat = joined.permute(0, 1, 4, 2, 3).reshape(output.shape)
    sums = _sums(head, assigned, joined)
    return PendingLoss(flat, sums, partial(_shown, len(assigned)))


def _head(
    layer: GaussianYolo, output: Tensor, targets: Targets, net_size: tuple[int, int], fork: Fork
) -> tuple[_GaussianOutputs, Assignments]:
    cells = output.unflatten(1, (len(layer.masks), layer.entries)).permute(0, 1, 3, 4, 2)
    means = torch.cat([cells[..., 0:8:2], cells[..., 8:]], dim=-1)
    shared: dict[str, Any] = {
        field.name: getattr(layer, field.name) for field in fields(AnchorHead)
    }
    yolo, known = Yolo(**shared), mapped_labels(layer, targets)
    shift = YOLO_POINTS[layer.yolo_point]
    on_host = label_assignments(yolo, known, means.shape, net_size, shift)
    labels, assigned = sent_labels(known, on_host, means.device)
    boxes = predicted_boxes(layer, cells, net_size, fork)
    # plain: a box that has a class already is known by its first class, as in pjreddie's [yolo].
    outputs = HeadOutputs(yolo, True, means, boxes, labels, net_size)
    return _GaussianOutputs(layer, outputs, cells[..., 1:8:2].flatten(0, 3)), assigned


def _start(head: _GaussianOutputs, delta: _GaussianDelta) -> None:
    """The delta before any label asks for its own box."""
    layer, outputs = head.layer, head.outputs
    if layer.truth_thresh >= 1 and not layer.objectness_smooth:
        # No overlap surpasses 1, and no box learns a class: nobody has to wait for where.
        _answer_near(head, best_overlaps(outputs.boxes, outputs.labels.boxes), delta)
        return
    best, label = best_labels(outputs.boxes, outputs.labels.boxes)
    near = _answer_near(head, best, delta)
    if layer.objectness_smooth:
        classify(outputs, assignments_at(outputs, near, label), delta.means)
    if layer.truth_thresh < 1:
        surpassing = assignments_at(outputs, best > layer.truth_thresh, label)
        score_truth_thresh(outputs, surpassing, best, delta.means)
        _add_boxes(head, surpassing, delta)


def _answer_near(head: _GaussianOutputs, best: Tensor, delta: _GaussianDelta) -> Tensor:
    """Objectness where no label asks for more: towards 0; near a label left alone, or with
    objectness_smooth towards the squared IoU. Returns where that is, (N, A, H, W)."""
    layer, outputs = head.layer, head.outputs
    score = outputs.out[..., 4]
    has_class = (outputs.out[..., 5:] > CLASS_FLOOR).any(dim=-1)
    near = has_class & (best > layer.ignore_thresh)
    asked = best**2 - score if layer.objectness_smooth else torch.zeros_like(score)
    asked = layer.obj_normalizer * torch.where(near, asked, -score)
    delta.means[:-1, 4] = asked.flatten()
    return near


def _answer(head: _GaussianOutputs, assigned: Assignments, delta: _GaussianDelta) -> None:
    layer, outputs = head.layer, head.outputs
    _add_boxes(head, assigned, delta)
    factor = outputs.multipliers[assigned.classes] * layer.obj_normalizer
    asked = factor * (1 - outputs.rows[assigned.row, 4])
    delta.means[rows_where(assigned.last, assigned.row, delta.means), 4] = asked
    classify(outputs, assigned, delta.means)


def _add_boxes(head: _GaussianOutputs, assigned: Assignments, delta: _GaussianDelta) -> None:
    """Add up what the labels of a box ask of its means and deviations."""
    means, deviations = _box_delta(head, assigned)
    delta.means[:, :4].index_add_(0, assigned.row, means)
    delta.deviations.index_add_(0, assigned.row, deviations)


def _box_delta(head: _GaussianOutputs, assigned: Assignments) -> tuple[Tensor, Tensor]:
    """(K, 4) and (K, 4): what each assignment asks of the means and of the deviations."""
    layer, outputs, label = head.layer, head.outputs, assigned.boxes
    out, sigma = outputs.rows[assigned.row, :4], head.deviations[assigned.row]
    point = torch.cat([label[:, :2] - head.shift * label[:, 2:], label[:, 2:]], dim=1)
    away = (target_coordinates(outputs, assigned.row, point) - out) / sigma
    density = torch.exp(-away * away / 2) / (math.sqrt(2 * math.pi) * (sigma + SIGMA))
    weight = (2 - label[:, 2:3] * label[:, 3:4]) * density / (density + EPSILON) / 2
    means = weight * away / sigma
    if layer.iou_loss != "mse":
        means = _iou_delta(head, assigned, out)
    deviations = weight * (away * away / sigma - 1 / (sigma + SIGMA))
    factor = layer.iou_normalizer * outputs.multipliers[assigned.classes][:, None]
    return _clipped(layer, means * factor), _clipped(layer, deviations * layer.uc_normalizer)


def _clipped(layer: GaussianYolo, asked: Tensor) -> Tensor:
    asked = torch.nan_to_num(asked, nan=0.0, posinf=0.0, neginf=0.0)
    return asked.clamp(-layer.max_delta, layer.max_delta)


def _iou_delta(head: _GaussianOutputs, assigned: Assignments, out: Tensor) -> Tensor:
    pred = head.outputs.box_rows[assigned.row]
    pred[:, 2:] = torch.where(pred[:, 2:] == 0, 1.0, pred[:, 2:])
    gradient = IOU_LOSSES[head.layer.iou_loss].gradient(pred, assigned.boxes)
    location, sizes = gradient.split([2, 2], dim=1)
    return torch.cat([location - head.shift * sizes, sizes * torch.exp(out[:, 2:])], dim=1)


def _average(delta: _GaussianDelta) -> None:
    """A box that answers for several classes gets the mean of their deltas, here always."""
    count = (delta.means[:, 5:] > 0).sum(dim=-1, keepdim=True).clamp(min=1)
    delta.means[:, :4] /= count
    delta.deviations.div_(count)


def _sums(head: _GaussianOutputs, assigned: Assignments, delta: Tensor) -> dict[str, Tensor]:
    """What `_shown` makes the numbers of the log line of; delta: (N, A, H, W, E)."""
    outputs, row = head.outputs, assigned.row
    measure = iou if head.layer.iou_loss == "mse" else giou
    overlap = measure(outputs.box_rows[row], assigned.boxes)
    squares = delta * delta
    by_entry = squares.sum(dim=(0, 1, 2, 3))
    return {
        "cost": squares.sum(),
        # Darknet calls all of w and h "uncertainty" and all of x and y "IoU".
        "iou_loss": by_entry[:4].sum(),
        "uc_loss": by_entry[4:8].sum(),
        "class_loss": by_entry[8:].sum(),
        "no_obj": outputs.out[..., 4].mean(),
        "iou": overlap.sum(),
        "class": outputs.rows[row, 5 + assigned.classes].sum(),
        "obj": outputs.rows[row, 4].sum(),
        "recall50": (overlap > 0.5).sum(dtype=overlap.dtype),
        "recall75": (overlap > 0.75).sum(dtype=overlap.dtype),
    }


PER_BOX = ("iou", "class", "obj", "recall50", "recall75")


def _shown(assigned: int, sums: Mapping[str, float]) -> Shown:
    """The numbers of the log line are per box, 0 without any; losses are of the whole sub-batch."""
    metrics = {"count": float(assigned)}
    metrics |= {name: sums[name] / max(1, assigned) for name in PER_BOX}
    metrics |= {name: sums[name] for name in ("no_obj", "class_loss", "iou_loss", "uc_loss")}
    metrics["total_loss"] = sums["iou_loss"] + sums["uc_loss"] + sums["class_loss"]
    return sums["cost"], metrics
