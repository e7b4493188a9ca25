"""[yolo]: the delta Darknet gives boxes, objectness and classes, and the cost it shows."""

from __future__ import annotations

from dataclasses import replace
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
def _loss(p: LossInput) -> HeadLoss:
    return yolo_loss(p.layer, p.output, p.labels, p.net_size, p.fork)


def yolo_loss(
    layer: Yolo, output: Tensor, targets: Targets, net_size: tuple[int, int], fork: Fork
) -> HeadLoss:
    """delta and cost of a [yolo] head for its output (N, C, H, W) and the labels of N images."""
    head = _outputs(layer, output.detach(), targets, net_size, fork)
    delta = torch.zeros_like(head.out)
    best, label = best_labels(head.boxes, head.targets)
    delta[..., 4] = _objectness(head, best)
    surpassing = assignments_at(head, best > layer.truth_thresh, label)
    if len(surpassing):
        score_truth_thresh(head, surpassing, best, delta)
        _add_boxes(head, surpassing, delta)
    assigned = label_assignments(head)
    overlaps = _answer(head, assigned, delta) if len(assigned) else delta.new_zeros(0, 2)
    if head.layer.iou_thresh < 1:
        _average(delta)
    metrics = _metrics(head, assigned, overlaps, delta)
    flat = delta.permute(0, 1, 4, 2, 3).reshape(output.shape)
    return HeadLoss(flat, _cost(head, delta, metrics), metrics)


def _outputs(
    layer: Yolo, output: Tensor, targets: Targets, net_size: tuple[int, int], fork: Fork
) -> HeadOutputs:
    if fork.loss.yolo_plain:
        layer = replace(layer, **PLAIN)
    cells = output.unflatten(1, (len(layer.masks), layer.entries))
    out = cells.permute(0, 1, 3, 4, 2).contiguous()
    labels = mapped_labels(layer, targets)
    boxes = predicted_boxes(layer, out, net_size, fork)
    return HeadOutputs(layer, fork.loss.yolo_plain, out, boxes, labels, net_size)


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
    wants."""
    layer, overlap = head.layer, best[assigned.index]
    target = overlap**2 if layer.objectness_smooth else torch.ones_like(overlap)
    delta[assigned.entry(4)] = layer.obj_normalizer * (target - head.out[assigned.entry(4)])
    classify(head, assigned, delta)
    if layer.objectness_smooth:
        entry = assigned.entry(5 + classes_of(head, assigned))
        factor = head.multipliers[classes_of(head, assigned)]
        delta[entry] = factor * (target - head.out[entry])


def _answer(head: HeadOutputs, assigned: Assignments, delta: Tensor) -> Tensor:
    """Boxes, objectness and classes of all assignments; returns their IoU and GIoU (K, 2)."""
    layer = head.layer
    _add_boxes(head, assigned, delta)
    factor = head.multipliers[classes_of(head, assigned)]
    asked = factor * layer.obj_normalizer * (1 - head.out[assigned.entry(4)])
    first, last = first_and_last(flat_indices(head, assigned))
    counts = first & (delta[assigned.entry(4)] == 0) if layer.objectness_smooth else last
    delta[assigned.select(counts).entry(4)] = asked[counts]
    classify(head, assigned, delta)
    pred, label = head.boxes[assigned.index], head.targets.boxes[assigned.image, assigned.label]
    return torch.stack([iou(pred, label), giou(pred, label)], dim=1)


def _add_boxes(head: HeadOutputs, assigned: Assignments, delta: Tensor) -> None:
    """Add up what the labels of a box ask of it; pjreddie's program keeps the last."""
    asked = _box_delta(head, assigned)
    if head.plain:
        _, last = first_and_last(flat_indices(head, assigned))
        delta[assigned.select(last).entry(slice(4))] = asked[last]
        return
    flat = delta.view(-1, delta.shape[-1])
    flat[:, :4] = flat[:, :4].index_add(0, flat_indices(head, assigned), asked)


def _box_delta(head: HeadOutputs, assigned: Assignments) -> Tensor:
    """(K, 4) what each assignment asks of x, y, w, h."""
    layer = head.layer
    label, out = head.targets.boxes[assigned.image, assigned.label], head.out[assigned.index][:, :4]
    factor = layer.iou_normalizer * head.multipliers[classes_of(head, assigned)][:, None]
    if layer.iou_loss == "mse":
        scale = 2 - label[:, 2:3] * label[:, 3:4]
        return scale * (target_coordinates(head, assigned, label) - out) * factor
    pred = head.boxes[assigned.index].clone()
    pred[:, 2:] = torch.where(pred[:, 2:] == 0, 1.0, pred[:, 2:])
    asked = IOU_LOSSES[layer.iou_loss].gradient(pred, label)
    if not layer.new_coords:
        asked = torch.cat([asked[:, :2], asked[:, 2:] * torch.exp(out[:, 2:])], dim=1)
    asked = torch.nan_to_num(asked * factor, nan=0.0, posinf=0.0, neginf=0.0)
    return asked.clamp(-layer.max_delta, layer.max_delta)


def classify(head: HeadOutputs, assigned: Assignments, delta: Tensor) -> None:
    """Class deltas: the first label of a box sets all classes, later ones only their own."""
    classes = classes_of(head, assigned)
    first, _ = first_and_last(flat_indices(head, assigned))
    tested = torch.zeros_like(classes) if head.plain else classes
    fresh = first & (delta[assigned.entry(5 + tested)] == 0)
    _set_all_classes(head, assigned.select(fresh), delta)
    later = assigned.select(~fresh).entry(5 + classes[~fresh])
    smooth = 1 - head.layer.label_smooth_eps / 2
    delta[later] = (smooth - head.out[later]) * head.multipliers[classes[~fresh]]


def _set_all_classes(head: HeadOutputs, assigned: Assignments, delta: Tensor) -> None:
    layer, classes = head.layer, classes_of(head, assigned)
    scores = head.out[assigned.index][:, 5:]
    target = torch.zeros_like(scores).scatter(1, classes[:, None], 1.0)
    if layer.focal_loss:
        own = scores.gather(1, classes[:, None]) + 1e-15
        gradient = -(1 - own) * (2 * own * torch.log(own) + own - 1)
        asked = (target - scores) * FOCAL_ALPHA * gradient
    else:
        epsilon = layer.label_smooth_eps
        asked = target * (1 - epsilon) + epsilon / 2 - scores
        if layer.counters_per_class:
            # cls_normalizer has a say only together with counters_per_class, as in the C code.
            factor = head.multipliers[classes] * layer.cls_normalizer
            asked = torch.where(target > 0, asked * factor[:, None], asked)
    delta[assigned.entry(slice(5, None))] = asked


def _average(delta: Tensor) -> None:
    """With iou_thresh a box that answers for several classes gets the mean of their deltas."""
    count = (delta[..., 5:] > 0).sum(dim=-1, keepdim=True)
    counts = (count > 0) & (delta[..., 4:5] != 0)
    delta[..., :4] = torch.where(counts, delta[..., :4] / count.clamp(min=1), delta[..., :4])


def _cost(head: HeadOutputs, delta: Tensor, metrics: dict[str, float]) -> float:
    """What Darknet shows: for IoU losses not the size of the delta but the mean 1 - IoU."""
    layer = head.layer
    total = float((delta * delta).sum())
    if layer.iou_loss == "mse" or not layer.show_details:
        return total
    shown = IOU_LOSSES[layer.iou_loss].cost
    return layer.iou_normalizer * metrics[shown] + metrics["class_loss"]


def _metrics(
    head: HeadOutputs, assigned: Assignments, overlaps: Tensor, delta: Tensor
) -> dict[str, float]:
    """The numbers of the log line: per box, 0 without any; losses are of the whole sub-batch."""
    count = max(1, len(assigned))
    rest = delta[..., 4:]
    overlap = overlaps[:, 0]
    own = head.out[assigned.entry(5 + classes_of(head, assigned))]
    return {
        "count": float(len(assigned)),
        "rewritten": float(len(assigned) - len(torch.stack(assigned.index).unique(dim=1).T)),
        "iou": float(overlap.sum()) / count,
        "mean_iou_loss": float((1 - overlap).sum()) / count,
        "giou_loss": float((1 - overlaps[:, 1]).sum()) / count,
        "class": float(own.sum()) / count,
        "obj": float(head.out[assigned.entry(4)].sum()) / count,
        "no_obj": float(head.out[..., 4].mean()),
        "recall50": float((overlap > 0.5).sum()) / count,
        "recall75": float((overlap > 0.75).sum()) / count,
        "class_loss": head.layer.obj_normalizer * float((rest * rest).sum()),
        "total_loss": float((delta * delta).sum()),
    }
