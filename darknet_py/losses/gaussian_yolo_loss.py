"""[Gaussian_yolo]: AlexeyAB's [yolo] with a deviation beside each coordinate.

Which anchors answer for which labels is as in [yolo]; the rules that differ are here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

from darknet_py.boxes import giou, iou
from darknet_py.forks import Fork
from darknet_py.layers.yolo import YOLO_POINTS, AnchorHead, GaussianYolo, Yolo
from darknet_py.losses.assignment import (
    Assignments,
    HeadOutputs,
    assignments_at,
    best_labels,
    classes_of,
    first_and_last,
    flat_indices,
    label_assignments,
    mapped_labels,
    predicted_boxes,
    target_coordinates,
)
from darknet_py.losses.head_loss import HeadLoss, LossInput, Targets, loss_of
from darknet_py.losses.iou_losses import IOU_LOSSES
from darknet_py.losses.yolo_loss import CLASS_FLOOR, classify, score_truth_thresh

SIGMA = 0.3
"""Added to a deviation where the density is taken."""
EPSILON = 1e-9


@dataclass(frozen=True)
class _GaussianOutputs:
    """Outputs of means only (as of [yolo]), and the deviations (N, A, H, W, 4) beside them."""

    layer: GaussianYolo
    outputs: HeadOutputs
    deviations: Tensor

    @property
    def shift(self) -> float:
        return YOLO_POINTS[self.layer.yolo_point]


@dataclass
class _GaussianDelta:
    """means: x, y, w, h, objectness, classes, as in [yolo]; deviations: beside the first four."""

    means: Tensor
    deviations: Tensor

    def joined(self) -> Tensor:
        pairs = torch.stack([self.means[..., :4], self.deviations], dim=-1).flatten(-2)
        return torch.cat([pairs, self.means[..., 4:]], dim=-1)


@loss_of(GaussianYolo)
def _loss(p: LossInput) -> HeadLoss:
    return gaussian_yolo_loss(p.layer, p.output, p.labels, p.net_size, p.fork)


def gaussian_yolo_loss(
    layer: GaussianYolo, output: Tensor, targets: Targets, net_size: tuple[int, int], fork: Fork
) -> HeadLoss:
    """delta and cost of a [Gaussian_yolo] head for its output (N, C, H, W) and the labels.

    Only AlexeyAB's program has this head: its rules hold for both values of `fork`.
    """
    head = _head(layer, output.detach(), targets, net_size, fork)
    outputs = head.outputs
    delta = _GaussianDelta(
        torch.zeros_like(outputs.out), outputs.out.new_zeros(head.deviations.shape)
    )
    best, label = best_labels(outputs.boxes, outputs.targets)
    _answer_near(head, best, label, delta)
    surpassing = assignments_at(outputs, best > layer.truth_thresh, label)
    score_truth_thresh(outputs, surpassing, best, delta.means)
    _add_boxes(head, surpassing, delta)
    assigned = label_assignments(outputs)
    x, y = _cell(head, assigned)
    assigned = replace(assigned, x=x, y=y)
    _answer(head, assigned, delta)
    _average(delta)
    joined = delta.joined()
    flat = joined.permute(0, 1, 4, 2, 3).reshape(output.shape)
    return HeadLoss(flat, float((flat * flat).sum()), _metrics(head, assigned, joined))


def _head(
    layer: GaussianYolo, output: Tensor, targets: Targets, net_size: tuple[int, int], fork: Fork
) -> _GaussianOutputs:
    cells = output.unflatten(1, (len(layer.masks), layer.entries)).permute(0, 1, 3, 4, 2)
    means = torch.cat([cells[..., 0:8:2], cells[..., 8:]], dim=-1)
    shared: dict[str, Any] = {
        field.name: getattr(layer, field.name) for field in fields(AnchorHead)
    }
    yolo = Yolo(**shared)
    boxes = predicted_boxes(layer, cells, net_size, fork)
    # plain: a box that has a class already is known by its first class, as in pjreddie's [yolo].
    outputs = HeadOutputs(yolo, True, means, boxes, mapped_labels(layer, targets), net_size)
    return _GaussianOutputs(layer, outputs, cells[..., 1:8:2])


def _answer_near(
    head: _GaussianOutputs, best: Tensor, label: Tensor, delta: _GaussianDelta
) -> None:
    """Objectness where no label asks for more: towards 0; near a label left alone, or with
    objectness_smooth towards the squared IoU, and the class is learnt as well."""
    layer, outputs = head.layer, head.outputs
    score = outputs.out[..., 4]
    has_class = (outputs.out[..., 5:] > CLASS_FLOOR).any(dim=-1)
    near = has_class & (best > layer.ignore_thresh)
    asked = best**2 - score if layer.objectness_smooth else torch.zeros_like(score)
    delta.means[..., 4] = layer.obj_normalizer * torch.where(near, asked, -score)
    if layer.objectness_smooth:
        classify(outputs, assignments_at(outputs, near, label), delta.means)


def _cell(head: _GaussianOutputs, assigned: Assignments) -> tuple[Tensor, Tensor]:
    """Column and row of the cell that holds yolo_point of each label."""
    label = head.outputs.targets.boxes[assigned.image, assigned.label]
    height, width = head.outputs.out.shape[2:4]
    x, y = (label[:, :2] - head.shift * label[:, 2:]).unbind(dim=1)
    return (x * width).long().clamp(0, width - 1), (y * height).long().clamp(0, height - 1)


def _answer(head: _GaussianOutputs, assigned: Assignments, delta: _GaussianDelta) -> None:
    layer, outputs = head.layer, head.outputs
    _add_boxes(head, assigned, delta)
    factor = outputs.multipliers[classes_of(outputs, assigned)] * layer.obj_normalizer
    asked = factor * (1 - outputs.out[assigned.entry(4)])
    _, last = first_and_last(flat_indices(outputs, assigned))
    delta.means[assigned.select(last).entry(4)] = asked[last]
    classify(outputs, assigned, delta.means)


def _add_boxes(head: _GaussianOutputs, assigned: Assignments, delta: _GaussianDelta) -> None:
    """Add up what the labels of a box ask of its means and deviations."""
    means, deviations = _box_delta(head, assigned)
    indices = flat_indices(head.outputs, assigned)
    flat = delta.means.view(-1, delta.means.shape[-1])
    flat[:, :4] = flat[:, :4].index_add(0, indices, means)
    delta.deviations.view(-1, 4).index_add_(0, indices, deviations)


def _box_delta(head: _GaussianOutputs, assigned: Assignments) -> tuple[Tensor, Tensor]:
    """(K, 4) and (K, 4): what each assignment asks of the means and of the deviations."""
    layer, outputs = head.layer, head.outputs
    label = outputs.targets.boxes[assigned.image, assigned.label]
    out, sigma = outputs.out[assigned.index][:, :4], head.deviations[assigned.index]
    point = torch.cat([label[:, :2] - head.shift * label[:, 2:], label[:, 2:]], dim=1)
    away = (target_coordinates(outputs, assigned, point) - out) / sigma
    density = torch.exp(-away * away / 2) / (math.sqrt(2 * math.pi) * (sigma + SIGMA))
    weight = (2 - label[:, 2:3] * label[:, 3:4]) * density / (density + EPSILON) / 2
    means = weight * away / sigma
    if layer.iou_loss != "mse":
        means = _iou_delta(head, assigned, label, out)
    deviations = weight * (away * away / sigma - 1 / (sigma + SIGMA))
    factor = layer.iou_normalizer * outputs.multipliers[classes_of(outputs, assigned)][:, None]
    return _clipped(layer, means * factor), _clipped(layer, deviations * layer.uc_normalizer)


def _clipped(layer: GaussianYolo, asked: Tensor) -> Tensor:
    asked = torch.nan_to_num(asked, nan=0.0, posinf=0.0, neginf=0.0)
    return asked.clamp(-layer.max_delta, layer.max_delta)


def _iou_delta(head: _GaussianOutputs, assigned: Assignments, label: Tensor, out: Tensor) -> Tensor:
    pred = head.outputs.boxes[assigned.index].clone()
    pred[:, 2:] = torch.where(pred[:, 2:] == 0, 1.0, pred[:, 2:])
    gradient = IOU_LOSSES[head.layer.iou_loss].gradient(pred, label)
    location, sizes = gradient.split([2, 2], dim=1)
    return torch.cat([location - head.shift * sizes, sizes * torch.exp(out[:, 2:])], dim=1)


def _average(delta: _GaussianDelta) -> None:
    """A box that answers for several classes gets the mean of their deltas, here always."""
    count = (delta.means[..., 5:] > 0).sum(dim=-1, keepdim=True).clamp(min=1)
    delta.means[..., :4] /= count
    delta.deviations /= count


def _metrics(head: _GaussianOutputs, assigned: Assignments, delta: Tensor) -> dict[str, float]:
    """The numbers of the log line: per box, 0 without any; losses are of the whole sub-batch."""
    outputs, count = head.outputs, max(1, len(assigned))
    pred, label = (
        outputs.boxes[assigned.index],
        outputs.targets.boxes[assigned.image, assigned.label],
    )
    overlap = (iou if head.layer.iou_loss == "mse" else giou)(pred, label)
    squares = (delta * delta).sum(dim=(0, 1, 2, 3))
    # Darknet calls all of w and h "uncertainty" and all of x and y "IoU".
    of_location, of_size, rest = (
        float(part.sum()) for part in squares.split([4, 4, len(squares) - 8])
    )
    own = outputs.out[assigned.entry(5 + classes_of(outputs, assigned))]
    return {
        "count": float(len(assigned)),
        "iou": float(overlap.sum()) / count,
        "class": float(own.sum()) / count,
        "obj": float(outputs.out[assigned.entry(4)].sum()) / count,
        "no_obj": float(outputs.out[..., 4].mean()),
        "recall50": float((overlap > 0.5).sum()) / count,
        "recall75": float((overlap > 0.75).sum()) / count,
        "class_loss": rest,
        "iou_loss": of_location,
        "uc_loss": of_size,
        "total_loss": of_location + of_size + rest,
    }
