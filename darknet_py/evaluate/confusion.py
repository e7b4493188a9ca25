"""Which class is taken for which: boxes over the threshold against labels, whatever their class."""

from __future__ import annotations

import numpy as np

from darknet_py.evaluate.accumulator import Evidence
from darknet_py.evaluate.average_precision import Integers, Objects
from darknet_py.evaluate.matching import classless, couples


def confusion(evidence: Evidence, classes: int, thresh: float, iou_thresh: float) -> Integers:
    """(classes + 1, classes + 1) counts: rows are the label's class, columns the box's.

    The last row counts boxes on no label, the last column labels without box. A box and a label
    belong together when they overlap by more than iou_thresh and neither overlaps another one
    that is still free by more. The corner of both is 0.
    """
    entries, objects = evidence.entries, evidence.truths.objects
    over = entries.score > np.float32(thresh)
    found = Objects(entries.image[over], entries.class_id[over], entries.boxes[over])
    box, label, _ = couples(classless(found), classless(objects), iou_thresh)
    wrong, missed = np.delete(found.class_id, box), np.delete(objects.class_id, label)
    none = np.full_like
    row = np.concatenate([objects.class_id[label], none(wrong, classes), missed])
    column = np.concatenate([found.class_id[box], wrong, none(missed, classes)])
    side = classes + 1
    return np.bincount(row * side + column, minlength=side * side).reshape(side, side)
