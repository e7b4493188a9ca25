"""[yolo]: the delta Darknet gives boxes, objectness and classes, and the cost it shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from darknet_py.boxes import giou, iou
from darknet_py.forks import Fork
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
from darknet_py.losses.hidden_objects import hide_objects, misplace_objects
from darknet_py.losses.iou_losses import IOU_LOSSES

CLASS_FLOOR = 0.25
"""AlexeyAB's ignore rule: the overlap of a cell counts only where some class is above it."""
FOCAL_ALPHA = 0.5


PLAIN: dict[str, Any] = {
    "iou_loss": "mse",
    "iou_normalizer": 1.0,
    "obj_normalizer": 1.0,
    "iou_thresh": 1.0,
    "objectness_smooth": 0,
    "label_smooth_eps": 0.0,
    "focal_loss": 0,
    "counters_per_class": (),
    "new_coords": 0,
}
"""pjreddie's program knows none of these options; this is what it does."""


@loss_of(Yolo)
def _loss(p: LossInput) -> PendingLoss:
    return yolo_loss(p.layer, p.output, p.labels, p.net_size, p.fork, p.reject, p.adversarial)


def yolo_loss(
    layer: Yolo,
    output: Tensor,
    targets: Targets,
    net_size: tuple[int, int],
    fork: Fork,
    reject: Callable[[Tensor, int], Tensor] | None = None,
    adversarial: bool = False,
) -> PendingLoss:
    """delta and cost of a [yolo] head for its output (N, C, H, W) and the labels of N images.

    targets: on the host. reject, adversarial: as in `LossInput`; the cost is that of what `reject`
    leaves.
    """
    if fork.loss.yolo_plain:
        layer = replace(layer, **PLAIN)
    cells = output.detach().unflatten(1, (len(layer.masks), layer.entries))
    out = cells.permute(0, 1, 3, 4, 2).contiguous()
    known = mapped_labels(layer, targets)
    on_host = label_assignments(layer, known, out.shape, net_size)
    labels, assigned = sent_labels(known, on_host, out.device)
    boxes = predicted_boxes(layer, out, net_size, fork)
    head = HeadOutputs(layer, fork.loss.yolo_plain, out, boxes, labels, net_size)
    delta = empty_delta(head.rows)
    _start(head, delta)
    if adversarial:
        hide_objects(head, delta)
        misplace_objects(head, delta)
    overlaps = _answer(head, assigned, delta)
    delta = delta[:-1].view(out.shape)
    if layer.iou_thresh < 1:
        _average(delta)
    if reject:
        delta = reject(delta, layer.entries)
    flat = delta.permute(0, 1, 4, 2, 3).reshape(output.shape)
    rewritten = len(on_host) - int(on_host.first.sum())
    return PendingLoss(
        flat,
        _sums(head, assigned, overlaps, delta),
        partial(_shown, layer, len(assigned), rewritten),
    )


def _start(head: HeadOutputs, delta: Tensor) -> None:
    """The delta (N*A*H*W + 1, E) before any label asks for its own box."""
    if head.layer.truth_thresh >= 1:
        # No overlap surpasses 1, so that nobody has to wait for where one does.
        best = best_overlaps(head.boxes, head.labels.boxes)
        delta[:-1, 4] = _objectness(head, best).flatten()
        return
    best, label = best_labels(head.boxes, head.labels.boxes)
    delta[:-1, 4] = _objectness(head, best).flatten()
    surpassing = assignments_at(head, best > head.layer.truth_thresh, label)
    score_truth_thresh(head, surpassing, best, delta)
    _add_boxes(head, surpassing, delta)


def _objectness(head: HeadOutputs, best: Tensor) -> Tensor:
    """delta of objectness where no label asks for more: towards 0, or left alone near a label."""
    layer, score = head.layer, head.out[..., 4]
    delta = layer.obj_normalizer * -score
    matched = best
    if not head.plain:
        has_class = (head.out[..., 5:] > CLASS_FLOOR).any(dim=-1)
        matched = torch.where(has_class, best, 0.0)
    near = matched > layer.ignore_thresh
    if layer.objectness_smooth:
        return torch.where(
            near, torch.maximum(delta, layer.obj_normalizer * (matched - score)), delta
        )
    return torch.where(near, 0.0, delta)


def score_truth_thresh(
    head: HeadOutputs, assigned: Assignments, best: Tensor, delta: Tensor
) -> None:
    """Objectness and classes of boxes above truth_thresh: they learn the label whatever anchor it
    wants. delta: (N*A*H*W + 1, E)."""
    layer, row, overlap = head.layer, assigned.row, best.flatten()[assigned.row]
    target = overlap**2 if layer.objectness_smooth else torch.ones_like(overlap)
    delta[row, 4] = layer.obj_normalizer * (target - head.rows[row, 4])
    classify(head, assigned, delta)
    if layer.objectness_smooth:
        entry = 5 + assigned.classes
        factor = head.multipliers[assigned.classes]
        delta[row, entry] = factor * (target - head.rows[row, entry])


def _answer(head: HeadOutputs, assigned: Assignments, delta: Tensor) -> Tensor:
    """Boxes, objectness and classes of all assignments; returns their IoU and GIoU (K, 2)."""
    layer, row = head.layer, assigned.row
    _add_boxes(head, assigned, delta)
    factor = head.multipliers[assigned.classes]
    asked = factor * layer.obj_normalizer * (1 - head.rows[row, 4])
    counts = assigned.last
    if layer.objectness_smooth:
        counts = assigned.first & (delta[row, 4] == 0)
    delta[rows_where(counts, row, delta), 4] = asked
    classify(head, assigned, delta)
    pred, label = head.box_rows[row], assigned.boxes
    return torch.stack([iou(pred, label), giou(pred, label)], dim=1)


def _add_boxes(head: HeadOutputs, assigned: Assignments, delta: Tensor) -> None:
    """Add up what the labels of a box ask of it; pjreddie's program keeps the last."""
    asked = _box_delta(head, assigned)
    if head.plain:
        delta[rows_where(assigned.last, assigned.row, delta), :4] = asked
    else:
        delta[:, :4].index_add_(0, assigned.row, asked)


def _box_delta(head: HeadOutputs, assigned: Assignments) -> Tensor:
    """(K, 4) what each assignment asks of x, y, w, h."""
    layer, label = head.layer, assigned.boxes
    out = head.rows[assigned.row, :4]
    factor = layer.iou_normalizer * head.multipliers[assigned.classes][:, None]
    if layer.iou_loss == "mse":
        scale = 2 - label[:, 2:3] * label[:, 3:4]
        return scale * (target_coordinates(head, assigned.row, label) - out) * factor
    pred = head.box_rows[assigned.row]
    pred[:, 2:] = torch.where(pred[:, 2:] == 0, 1.0, pred[:, 2:])
    asked = IOU_LOSSES[layer.iou_loss].gradient(pred, label)
    if not layer.new_coords:
        asked = torch.cat([asked[:, :2], asked[:, 2:] * torch.exp(out[:, 2:])], dim=1)
    asked = torch.nan_to_num(asked * factor, nan=0.0, posinf=0.0, neginf=0.0)
    return asked.clamp(-layer.max_delta, layer.max_delta)


def classify(head: HeadOutputs, assigned: Assignments, delta: Tensor) -> None:
    """Class deltas: the first label of a box sets all classes, later ones only their own.

    delta: (N*A*H*W + 1, E).
    """
    row, classes = assigned.row, assigned.classes
    tested = torch.zeros_like(classes) if head.plain else classes
    fresh = assigned.first & (delta[row, 5 + tested] == 0)
    delta[rows_where(fresh, row, delta), 5:] = _all_classes(head, assigned)
    smooth = 1 - head.layer.label_smooth_eps / 2
    asked = (smooth - head.rows[row, 5 + classes]) * head.multipliers[classes]
    delta[rows_where(~fresh, row, delta), 5 + classes] = asked


def _all_classes(head: HeadOutputs, assigned: Assignments) -> Tensor:
    """(K, C) what a label asks of all classes."""
    layer, classes = head.layer, assigned.classes
    scores = head.rows[assigned.row, 5:]
    target = torch.zeros_like(scores).scatter(1, classes[:, None], 1.0)
    if layer.focal_loss:
        own = scores.gather(1, classes[:, None]) + 1e-15
        gradient = -(1 - own) * (2 * own * torch.log(own) + own - 1)
        return (target - scores) * FOCAL_ALPHA * gradient
    epsilon = layer.label_smooth_eps
    asked = target * (1 - epsilon) + epsilon / 2 - scores
    if layer.counters_per_class:
        # cls_normalizer has a say only together with counters_per_class, as in the C code.
        factor = head.multipliers[classes] * layer.cls_normalizer
        asked = torch.where(target > 0, asked * factor[:, None], asked)
    return asked


def _average(delta: Tensor) -> None:
    """With iou_thresh a box that answers for several classes gets the mean of their deltas."""
    count = (delta[..., 5:] > 0).sum(dim=-1, keepdim=True)
    counts = (count > 0) & (delta[..., 4:5] != 0)
    delta[..., :4] = torch.where(counts, delta[..., :4] / count.clamp(min=1), delta[..., :4])


def _sums(
    head: HeadOutputs, assigned: Assignments, overlaps: Tensor, delta: Tensor
) -> dict[str, Tensor]:
    """What `_shown` makes the numbers of the log line of."""
    located, rest = delta[..., :4], delta[..., 4:]
    overlap, row = overlaps[:, 0], assigned.row
    return {
        "located": (located * located).sum(),
        "rest": (rest * rest).sum(),
        "no_obj": head.out[..., 4].mean(),
        "iou": overlap.sum(),
        "iou_loss": (1 - overlap).sum(),
        "giou_loss": (1 - overlaps[:, 1]).sum(),
        "class": head.rows[row, 5 + assigned.classes].sum(),
        "obj": head.rows[row, 4].sum(),
        "recall50": (overlap > 0.5).sum(dtype=overlap.dtype),
        "recall75": (overlap > 0.75).sum(dtype=overlap.dtype),
    }


def _shown(layer: Yolo, assigned: int, rewritten: int, sums: Mapping[str, float]) -> Shown:
    """The numbers of the log line are per box, 0 without any; losses are of the whole sub-batch.

    The cost is what Darknet shows: for IoU losses not the size of the delta but the mean 1 - IoU.
    """
    count = max(1, assigned)
    # So that with no box the log's difference of total and class loss is 0, and never below.
    total = sums["located"] + sums["rest"]
    metrics = {
        "count": float(assigned),
        "rewritten": float(rewritten),
        "iou": sums["iou"] / count,
        "mean_iou_loss": sums["iou_loss"] / count,
        "giou_loss": sums["giou_loss"] / count,
        "class": sums["class"] / count,
        "obj": sums["obj"] / count,
        "no_obj": sums["no_obj"],
        "recall50": sums["recall50"] / count,
        "recall75": sums["recall75"] / count,
        "class_loss": layer.obj_normalizer * sums["rest"],
        "total_loss": total,
    }
    if layer.iou_loss == "mse" or not layer.show_details:
        return total, metrics
    shown = IOU_LOSSES[layer.iou_loss].cost
    return layer.iou_normalizer * metrics[shown] + metrics["class_loss"], metrics
