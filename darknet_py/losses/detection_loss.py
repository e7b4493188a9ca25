"""[detection], the head of YOLOv1: one box of a cell answers for the label in that cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from darknet_py.boxes import iou
from darknet_py.forks import Fork
from darknet_py.layers.base import Node
from darknet_py.layers.detection import Detection
from darknet_py.layers.head import RawBoxes
from darknet_py.losses.head_loss import LossInput, PendingLoss, Shown, TruthWidth, loss_of
from darknet_py.losses.transfer import constant, sent

RANDOM_UNTIL = 64000
"""random=1: while fewer images were seen, a box drawn at random answers."""
SMALL = 0.1
"""forced=1: labels of less area belong to the second box, the others to the first."""


@dataclass(frozen=True)
class _CellParts:
    """Something laid out like the head's output: (N, cells, classes), (N, cells, num), and boxes
    (N, cells, num, coords)."""

    classes: Tensor
    scores: Tensor
    boxes: Tensor

    def joined(self) -> Tensor:
        return torch.cat([part.flatten(1) for part in (self.classes, self.scores, self.boxes)], 1)


@dataclass(frozen=True)
class _Cells:
    """The truth of K cells with an object; index: their image and cell. drawn: of random=1 the box
    of each that answers, (K,)."""

    index: tuple[Tensor, Tensor]
    classes: Tensor
    boxes: Tensor
    drawn: Tensor | None


def _cells_width(node: Node, fork: Fork) -> TruthWidth:
    layer = node.layer
    assert isinstance(layer, Detection)
    values = 1 + layer.classes + 4
    words = f"{layer.cells} cells of {values} values: is there one, classes, x y w h"
    return TruthWidth(layer.cells * values, False, words)


@loss_of(Detection, _cells_width)
def _loss(p: LossInput) -> PendingLoss:
    return detection_loss(p.layer, p.output, p.truth.cpu(), p.fork, p.seen, p.generator)


def detection_loss(
    layer: Detection,
    output: Tensor,
    truth_cells: Tensor,
    fork: Fork,
    seen: int,
    generator: torch.Generator | None,
) -> PendingLoss:
    """delta and cost of a [detection] head for its output (N, C, 1, 1); both forks agree.

    truth_cells: on the host, per cell is_obj, classes, x, y, w, h. seen: images up to this
    sub-batch, these included. generator: of the host, what random=1 draws from.
    Raises ShapeError for coords other than 4: the C programs then read beside the boxes.
    """
    if layer.coords != 4:
        raise layer.shape_error(f"read {layer.coords}, training needs 4 (x, y, w, h)", "coords")
    out = _CellParts(*layer.parts(output.detach()))
    draws = bool(layer.random) and seen < RANDOM_UNTIL
    truth = truth_cells.reshape(len(output), layer.cells, -1)
    cells = _cells(layer, truth, draws, generator, output.device)
    overlap, distance = _overlap_and_distance(layer, out.boxes[cells.index], cells.boxes, fork)
    chosen = _responsible(layer, cells, overlap, distance)
    own = overlap.gather(1, chosen[:, None])[:, 0]
    delta = _delta(layer, out, cells, chosen, own)
    flat = delta.joined().reshape(output.shape)
    sums = {"cost": (flat * flat).sum(), **_sums(out, cells, chosen, own)}
    return PendingLoss(flat, sums, partial(_shown, len(chosen), layer.classes))


def _cells(
    layer: Detection,
    truth: Tensor,
    draws: bool,
    generator: torch.Generator | None,
    device: torch.device,
) -> _Cells:
    """Worked out on the host, and sent to the device."""
    image, cell = torch.nonzero(truth[..., 0].long(), as_tuple=True)
    _, classes, boxes = truth[image, cell].split([1, layer.classes, 4], dim=1)
    parts = [image, cell, classes, boxes]
    if draws:
        count = (len(image),)
        parts.append(torch.randint(layer.num, count, generator=generator, device="cpu"))
    image, cell, classes, boxes, *drawn = sent(parts, device)
    return _Cells((image, cell), classes, boxes, drawn[0] if draws else None)


def _overlap_and_distance(
    layer: Detection, raw: Tensor, label: Tensor, fork: Fork
) -> tuple[Tensor, Tensor]:
    """IoU and RMS distance (K, num) of each box of a cell to the cell's label."""
    # As if their cell were the first one. A label's location is in cells, its size in images.
    side, first = constant((layer.side, layer.side), raw), raw.new_zeros(2)
    pred = layer.boxes(RawBoxes(raw, first, constant(layer.sizes, raw), side, side), fork)
    label = torch.cat([label[:, :2] / side, label[:, 2:]], dim=1)[:, None]
    return iou(pred, label), ((pred - label) ** 2).sum(dim=-1).sqrt()


def _responsible(layer: Detection, cells: _Cells, overlap: Tensor, distance: Tensor) -> Tensor:
    """The box that answers (K,): of the best IoU, or the nearest where none meets the label."""
    if cells.drawn is not None:
        return cells.drawn
    if layer.forced:
        small = cells.boxes[:, 2] * cells.boxes[:, 3] < SMALL
        return small.long().clamp(max=layer.num - 1)
    most, best = overlap.max(dim=1)
    return torch.where(most > 0, best, distance.min(dim=1)[1])


def _delta(
    layer: Detection, out: _CellParts, cells: _Cells, chosen: Tensor, overlap: Tensor
) -> _CellParts:
    index = cells.index + (chosen,)
    classes, boxes = torch.zeros_like(out.classes), torch.zeros_like(out.boxes)
    classes[cells.index] = layer.class_scale * (cells.classes - out.classes[cells.index])
    scores = layer.noobject_scale * -out.scores
    target = overlap if layer.rescore else torch.ones_like(overlap)
    scores[index] = layer.object_scale * (target - out.scores[index])
    location, sizes = cells.boxes.split([2, 2], dim=1)
    target_box = torch.cat([location, sizes.sqrt() if layer.sqrt else sizes], dim=1)
    boxes[index] = layer.coord_scale * (target_box - out.boxes[index])
    return _CellParts(classes, scores, boxes)


def _sums(out: _CellParts, cells: _Cells, chosen: Tensor, overlap: Tensor) -> dict[str, Tensor]:
    """What `_shown` makes the numbers of the log line of."""
    classes = out.classes[cells.index]
    return {
        "iou": overlap.sum(),
        "class": torch.where(cells.classes != 0, classes, 0.0).sum(),
        "all_class": classes.sum(),
        "obj": out.scores[cells.index + (chosen,)].sum(),
        "any_obj": out.scores.mean(),
    }


def _shown(objects: int, classes: int, sums: Mapping[str, float]) -> Shown:
    """The numbers of the log line: per object, 0 without any."""
    count = max(1, objects)
    return sums["cost"], {
        "count": float(objects),
        "iou": sums["iou"] / count,
        "class": sums["class"] / count,
        "all_class": sums["all_class"] / (count * classes),
        "obj": sums["obj"] / count,
        "any_obj": sums["any_obj"],
    }
