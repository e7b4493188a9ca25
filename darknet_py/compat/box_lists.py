"""darknet.py's functions that thin boxes out, and that make lists of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import torch

from darknet_py.compat.arguments import real, required, whole
from darknet_py.compat.structures import DETECTIONS, DETNUMPAIR
from darknet_py.detect.candidates import Candidates
from darknet_py.detect.nms import printing_order, suppressed

Name = TypeVar("Name", str, bytes)
Negative = tuple[Name, float, tuple[float, float, float, float]]


def do_nms_sort(dets: DETECTIONS, total: int, classes: int, thresh: float) -> None:
    """Of boxes that overlap more than `thresh` the one with the lower score of a class loses it.

    Plain IoU, whatever nms_kind the cfg asks for. The first `total` boxes are sorted by the score
    of their last class, the highest first, as in C.
    """
    _suppress(dets, total, classes, thresh, "default")


def do_nms_obj(dets: DETECTIONS, total: int, classes: int, thresh: float) -> None:
    """Of boxes that overlap more than `thresh` the one of lower objectness loses all its classes.

    The first `total` boxes are sorted by objectness, the highest first.
    """
    _suppress(dets, total, classes, thresh, "objectness")


def remove_negatives(
    detections: DETECTIONS, class_names: Sequence[Name], num: int
) -> list[Negative[Name]]:
    """(name, score, (x, y, w, h)) of every class with a score of the first `num` boxes."""
    rows = _first(detections, num)
    scores = rows.prob[: whole(num, "num"), : len(class_names)]
    index = np.nonzero(scores > 0)
    values, boxes = scores[index].tolist(), rows.boxes[index[0]].tolist()
    classes = index[1].tolist()
    return [
        (class_names[k], value, (x, y, w, h))
        for k, value, (x, y, w, h) in zip(classes, values, boxes, strict=True)
    ]


def remove_negatives_faster(
    detections: DETECTIONS, class_names: Sequence[Name], num: int
) -> list[Negative[Name]]:
    """(name, score, (x, y, w, h)) of the best class of the first `num` boxes.

    As in C only [region] says which that is. For the other heads it is class 0 whatever its score:
    use remove_negatives for these.
    """
    rows, count = _first(detections, num), whole(num, "num")
    best = rows.best_class[:count]
    scores = rows.prob[np.arange(count), best].tolist()
    boxes = rows.boxes[:count].tolist()
    return [
        (class_names[k], score, (x, y, w, h))
        for k, score, (x, y, w, h) in zip(best.tolist(), scores, boxes, strict=True)
        if k >= 0
    ]


def free_detections(dets: DETECTIONS, n: int) -> None:
    """Let the memory of boxes go at once; it is let go anyway when nobody has them any more."""
    whole(n, "n")
    required(dets, DETECTIONS, "dets", "get_network_boxes").free()


def free_batch_detections(det_num_pairs: list[DETNUMPAIR], n: int) -> None:
    """The same for what network_predict_batch returned."""
    whole(n, "n")
    for pair in required(det_num_pairs, list, "det_num_pairs", "network_predict_batch"):
        required(pair, DETNUMPAIR, "det_num_pairs", "network_predict_batch").dets.free()


def _first(dets: Any, num: Any) -> DETECTIONS:
    """The boxes, of which there must be `num`."""
    rows: DETECTIONS = required(dets, DETECTIONS, "dets", "get_network_boxes")
    if not 0 <= whole(num, "num") <= len(rows):
        raise ValueError(f"num: expected 0 to {len(rows)}, the number of boxes, got {num}")
    return rows


def _suppress(dets: Any, total: Any, classes: Any, thresh: Any, kind: str) -> None:
    rows, count = _first(dets, total), whole(total, "total")
    columns, limit = whole(classes, "classes"), real(thresh, "thresh")
    candidates = _candidates(rows, count, columns)
    # C sorts first, then suppresses; sorted by a class whose scores are whole.
    if kind == "objectness":
        order = np.argsort(-rows.objectness[:count], kind="stable")
    else:
        order = printing_order(candidates)
    sides = np.tile(np.array(rows.sides, np.float32), (count, 1))
    gone, of_class = suppressed(candidates, kind, limit, sides=sides)
    if of_class is None:
        rows.objectness[gone] = 0
        rows.prob[gone, :columns] = 0
    else:
        rows.prob[gone, of_class] = 0
    rows.reorder(order)
    rows.sort_class = -1 if kind == "objectness" else columns - 1


def _candidates(rows: DETECTIONS, count: int, classes: int) -> Candidates:
    """The first `count` boxes, relative to their image, as the suppression takes them."""
    shares = rows.boxes[:count] / np.array(rows.sides * 2, np.float32)
    image = torch.zeros(count, dtype=torch.int64)
    columns = torch.from_numpy(rows.prob[:count, :classes].copy())
    objectness = torch.from_numpy(rows.objectness[:count].copy())
    return Candidates(image, torch.from_numpy(shares), objectness, columns)
