"""Which class is taken for which: boxes over the threshold against labels, whatever their class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from darknet_py.evaluate.average_precision import Integers, Objects, iou, pairs
from darknet_py.evaluate.tally import Evidence


def confusion(evidence: Evidence, classes: int, thresh: float, iou_thresh: float) -> Integers:
    """(classes + 1, classes + 1) counts: rows are the label's class, columns the box's.

    The last row counts boxes on no label, the last column labels without box. A box and a label
    belong together when they overlap by more than iou_thresh and neither overlaps another one
    that is still free by more. The corner of both is 0.
    """
    entries = evidence.entries
    over = entries.score > np.float32(thresh)
    class_id = entries.class_id[over]
    objects = evidence.truths.objects
    box, label = _couples(entries.image[over], entries.boxes[over], objects, iou_thresh)
    wrong, missed = np.delete(class_id, box), np.delete(objects.class_id, label)
    none = np.full_like
    row = np.concatenate([objects.class_id[label], none(wrong, classes), missed])
    column = np.concatenate([class_id[box], wrong, none(missed, classes)])
    side = classes + 1
    return np.bincount(row * side + column, minlength=side * side).reshape(side, side)


def _couples(
    image: Integers, boxes: NDArray[np.float32], labels: Objects, iou_thresh: float
) -> tuple[Integers, Integers]:
    """Rows of boxes and of labels that belong together, each at most once."""
    nothing = np.zeros_like
    found = Objects(image, nothing(image), boxes)
    box, label = pairs(found, Objects(labels.image, nothing(labels.class_id), labels.boxes))
    overlaps = iou(boxes[box], labels.boxes[label])
    order = np.argsort(-overlaps, kind="stable")
    order = order[overlaps[order] > np.float32(iou_thresh)]
    box, label = box[order], label[order]
    chosen: list[tuple[Integers, Integers]] = []
    while len(box):
        best = _firsts(box) & _firsts(label)
        chosen.append((box[best], label[best]))
        free = ~np.isin(box, box[best]) & ~np.isin(label, label[best])
        box, label = box[free], label[free]
    empty = np.zeros(0, np.int64)
    columns = [np.concatenate([empty, *column]) for column in zip(*chosen, strict=True)]
    return (columns[0], columns[1]) if columns else (empty, empty)


def _firsts(numbers: Integers) -> NDArray[np.bool_]:
    """Where each number stands for the first time."""
    first = np.zeros(len(numbers), np.bool_)
    first[np.unique(numbers, return_index=True)[1]] = True
    return first
