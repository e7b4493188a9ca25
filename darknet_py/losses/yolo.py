"""[yolo]: the delta Darknet gives boxes, objectness and classes, and the cost it shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from darknet_py.boxes import iou
from darknet_py.forks import Fork
from darknet_py.layers.yolo import Yolo
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

CLASS_FLOOR = 0.25
"""AlexeyAB's ignore rule: a cell must be this sure of some class for its overlap to count."""
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
def _loss(p: Pass) -> HeadLoss:
    return yolo_loss(p.layer, p.output, p.labels, p.net_size, p.fork)


def yolo_loss(
    layer: Yolo, output: Tensor, truth: Truth, net_size: tuple[int, int], fork: Fork
) -> HeadLoss:
    """delta and cost of a [yolo] head for its output (N, C, H, W) and the labels of N images."""
    scene = _scene(layer, output.detach(), truth, net_size, fork)
    delta = torch.zeros_like(scene.out)
    best, label = best_labels(scene.boxes, scene.truth)
    delta[..., 4] = _objectness(scene, best)
    certain = hits_at(scene, best > layer.truth_thresh, label)
    if len(certain):
        score_certain(scene, certain, best, delta)
        _add_boxes(scene, certain, delta)
    hits = label_hits(scene)
    overlaps = _answer(scene, hits, delta) if len(hits) else delta.new_zeros(0, 2)
    if scene.layer.iou_thresh < 1:
        _average(delta)
    figures = _figures(scene, hits, overlaps, delta)
    flat = delta.permute(0, 1, 4, 2, 3).reshape(output.shape)
    return HeadLoss(flat, _cost(scene, delta, figures), figures)


def _scene(
    layer: Yolo, output: Tensor, truth: Truth, net_size: tuple[int, int], fork: Fork
) -> Scene:
    if fork.yolo_plain:
        layer = replace(layer, **PLAIN)
    cells = output.unflatten(1, (len(layer.masks), layer.entries))
    out = cells.permute(0, 1, 3, 4, 2).contiguous()
    labels = mapped_labels(layer, truth)
    boxes = predicted_boxes(layer, out, net_size, fork)
    return Scene(layer, fork.yolo_plain, out, boxes, labels, net_size)


def _objectness(scene: Scene, best: Tensor) -> Tensor:
    """delta of objectness where no label asks for more: towards 0, or left alone near a label."""
    layer, score = scene.layer, scene.out[..., 4]
    delta = layer.obj_normalizer * -score
    matched = best
    if not scene.plain:
        sure = (scene.out[..., 5:] > CLASS_FLOOR).any(dim=-1)
        matched = torch.where(sure, best, 0.0)
    near = matched > layer.ignore_thresh
    if layer.objectness_smooth:
        return torch.where(
            near, torch.maximum(delta, layer.obj_normalizer * (matched - score)), delta
        )
    return torch.where(near, 0.0, delta)


def score_certain(scene: Scene, hits: Hits, best: Tensor, delta: Tensor) -> None:
    """Objectness and classes of places over truth_thresh: they learn the label whatever anchor it
    wants."""
    layer, overlap = scene.layer, best[hits.place]
    target = overlap**2 if layer.objectness_smooth else torch.ones_like(overlap)
    delta[hits.entry(4)] = layer.obj_normalizer * (target - scene.out[hits.entry(4)])
    classify(scene, hits, delta)
    if layer.objectness_smooth:
        entry = hits.entry(5 + classes_of(scene, hits))
        factor = scene.multipliers[classes_of(scene, hits)]
        delta[entry] = factor * (target - scene.out[entry])


def _answer(scene: Scene, hits: Hits, delta: Tensor) -> Tensor:
    """Boxes, objectness and classes of all hits; returns their IoU and GIoU (K, 2)."""
    layer = scene.layer
    _add_boxes(scene, hits, delta)
    factor = scene.multipliers[classes_of(scene, hits)]
    wanted = factor * layer.obj_normalizer * (1 - scene.out[hits.entry(4)])
    first, last = first_and_last(place_numbers(scene, hits))
    counts = first & (delta[hits.entry(4)] == 0) if layer.objectness_smooth else last
    delta[hits.select(counts).entry(4)] = wanted[counts]
    classify(scene, hits, delta)
    pred, label = scene.boxes[hits.place], scene.truth.boxes[hits.image, hits.label]
    return torch.stack([iou(pred, label), giou(pred, label)], dim=1)


def _add_boxes(scene: Scene, hits: Hits, delta: Tensor) -> None:
    """Add up what the labels of a place ask of its box; pjreddie's program keeps the last."""
    wanted = _box_delta(scene, hits)
    if scene.plain:
        _, last = first_and_last(place_numbers(scene, hits))
        delta[hits.select(last).entry(slice(4))] = wanted[last]
        return
    flat = delta.view(-1, delta.shape[-1])
    flat[:, :4] = flat[:, :4].index_add(0, place_numbers(scene, hits), wanted)


def _box_delta(scene: Scene, hits: Hits) -> Tensor:
    """(K, 4) what each hit asks of x, y, w, h."""
    layer = scene.layer
    label, out = scene.truth.boxes[hits.image, hits.label], scene.out[hits.place][:, :4]
    factor = layer.iou_normalizer * scene.multipliers[classes_of(scene, hits)][:, None]
    if layer.iou_loss == "mse":
        scale = 2 - label[:, 2:3] * label[:, 3:4]
        return scale * (wanted_coordinates(scene, hits, label) - out) * factor
    pred = scene.boxes[hits.place].clone()
    pred[:, 2:] = torch.where(pred[:, 2:] == 0, 1.0, pred[:, 2:])
    wanted = iou_gradient(pred, label, layer.iou_loss)
    if not layer.new_coords:
        wanted = torch.cat([wanted[:, :2], wanted[:, 2:] * torch.exp(out[:, 2:])], dim=1)
    wanted = torch.nan_to_num(wanted * factor, nan=0.0, posinf=0.0, neginf=0.0)
    return wanted.clamp(-layer.max_delta, layer.max_delta)


def classify(scene: Scene, hits: Hits, delta: Tensor) -> None:
    """Class deltas: the first label of a place sets all classes, later ones only their own."""
    classes = classes_of(scene, hits)
    first, _ = first_and_last(place_numbers(scene, hits))
    tested = torch.zeros_like(classes) if scene.plain else classes
    fresh = first & (delta[hits.entry(5 + tested)] == 0)
    _set_all_classes(scene, hits.select(fresh), delta)
    later = hits.select(~fresh).entry(5 + classes[~fresh])
    smooth = 1 - scene.layer.label_smooth_eps / 2
    delta[later] = (smooth - scene.out[later]) * scene.multipliers[classes[~fresh]]


def _set_all_classes(scene: Scene, hits: Hits, delta: Tensor) -> None:
    layer, classes = scene.layer, classes_of(scene, hits)
    scores = scene.out[hits.place][:, 5:]
    target = torch.zeros_like(scores).scatter(1, classes[:, None], 1.0)
    if layer.focal_loss:
        own = scores.gather(1, classes[:, None]) + 1e-15
        gradient = -(1 - own) * (2 * own * torch.log(own) + own - 1)
        wanted = (target - scores) * FOCAL_ALPHA * gradient
    else:
        epsilon = layer.label_smooth_eps
        wanted = target * (1 - epsilon) + epsilon / 2 - scores
        if layer.counters_per_class:
            # cls_normalizer has a say only together with counters_per_class, as in the C code.
            factor = scene.multipliers[classes] * layer.cls_normalizer
            wanted = torch.where(target > 0, wanted * factor[:, None], wanted)
    delta[hits.entry(slice(5, None))] = wanted


def _average(delta: Tensor) -> None:
    """With iou_thresh a box that answers for several classes gets the mean of their deltas."""
    count = (delta[..., 5:] > 0).sum(dim=-1, keepdim=True)
    counts = (count > 0) & (delta[..., 4:5] != 0)
    delta[..., :4] = torch.where(counts, delta[..., :4] / count.clamp(min=1), delta[..., :4])


def _cost(scene: Scene, delta: Tensor, figures: dict[str, float]) -> float:
    """What Darknet shows: for IoU losses not the size of the delta but the mean 1 - IoU."""
    layer = scene.layer
    total = float((delta * delta).sum())
    if layer.iou_loss == "mse" or not layer.show_details:
        return total
    kind = "giou_loss" if layer.iou_loss == "giou" else "mean_iou_loss"
    return layer.iou_normalizer * figures[kind] + figures["class_loss"]


def _figures(scene: Scene, hits: Hits, overlaps: Tensor, delta: Tensor) -> dict[str, float]:
    """The numbers of the log line: per box, 0 without any; losses are of the whole sub-batch."""
    count = max(1, len(hits))
    rest = delta[..., 4:]
    overlap = overlaps[:, 0]
    own = scene.out[hits.entry(5 + classes_of(scene, hits))]
    return {
        "count": float(len(hits)),
        "rewritten": float(len(hits) - len(torch.stack(hits.place).unique(dim=1).T)),
        "iou": float(overlap.sum()) / count,
        "mean_iou_loss": float((1 - overlap).sum()) / count,
        "giou_loss": float((1 - overlaps[:, 1]).sum()) / count,
        "class": float(own.sum()) / count,
        "obj": float(scene.out[hits.entry(4)].sum()) / count,
        "no_obj": float(scene.out[..., 4].mean()),
        "recall50": float((overlap > 0.5).sum()) / count,
        "recall75": float((overlap > 0.75).sum()) / count,
        "class_loss": scene.layer.obj_normalizer * float((rest * rest).sum()),
        "total_loss": float((delta * delta).sum()),
    }
