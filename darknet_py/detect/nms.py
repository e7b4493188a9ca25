"""Non-maximum suppression: the greedy rules of both forks, over all images and classes at once.

The C loop visits the boxes of a class by falling score; one that still has a score takes that of
every later box it overlaps.  So an entry (a box and a class) survives exactly when no surviving
earlier entry overlaps it.

The loop itself runs in C++ where this machine has a compiler. Otherwise the overlapping pairs are
found first, and that sentence is then iterated to its fixed point, which is unique and is what the
loop computes; numpy does that, several times as fast as torch. Boxes found on another device are
few when they come here, and are brought to the main memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch

from darknet_py.boxes import GREEDY_EXPONENT
from darknet_py.detect.candidates import Candidates
from darknet_py.detect.overlaps import Flags, Floats, Indices, overlapping_entries
from darknet_py.engines.native.suppression import BoxTable, box_functions
from darknet_py.errors import DarknetError


@dataclass(frozen=True)
class Rule:
    """One kind of suppression; exponent maps beta to that of the distance term, None for IoU."""

    exponent: Callable[[float], float | None]
    by_objectness: bool = False


class _Measure(NamedTuple):
    """What two boxes that overlap are told by, see `overlapping_entries`."""

    threshold: float
    exponent: float | None
    sides: Floats | None


RULES = {
    "default": Rule(lambda beta: None),
    "objectness": Rule(lambda beta: None, by_objectness=True),
    "cornersnms": Rule(lambda beta: None),
    # AlexeyAB's greedynms is the DIoU rule with a fixed exponent, whatever beta_nms says.
    "greedynms": Rule(lambda beta: GREEDY_EXPONENT),
    "diounms": Rule(lambda beta: beta),
}


def suppress(
    candidates: Candidates, kind: str, threshold: float, beta: float = GREEDY_EXPONENT
) -> Candidates:
    """The same rows with the score of every suppressed entry set to 0.

    kind: "default" (do_nms_sort) and "cornersnms": per class, IoU > threshold;
    "greedynms": per class, IoU - (d2/c2)**0.6 > threshold; "diounms": the same with beta;
    "objectness" (do_nms_obj): by objectness over all classes, and the objectness becomes 0 too.
    Of equal scores the earlier row wins; rows of objectness 0 take no part.

    Raises DarknetError for an unknown kind.
    """
    dropped = suppressed(candidates, kind, threshold, beta)
    copy = replace(
        candidates, objectness=candidates.objectness.clone(), scores=candidates.scores.clone()
    )
    copy.drop(*dropped)
    return copy


def suppressed(
    candidates: Candidates,
    kind: str,
    threshold: float,
    beta: float = GREEDY_EXPONENT,
    sides: Floats | None = None,
) -> tuple[Indices, Indices | None]:
    """The entries that `suppress` sets to 0, by row and class; None: all classes of their rows.

    sides: (K, 2) width and height in pixels of each row's image: boxes are compared in pixels of
    it, where the distance of greedynms and diounms is another. None compares them as they are.

    Raises DarknetError for an unknown kind.
    """
    rule = RULES.get(kind)
    if rule is None:
        raise DarknetError(f"unknown nms kind {kind!r}; the kinds are {', '.join(RULES)}")
    measure = _Measure(threshold, rule.exponent(beta), sides)
    functions = box_functions() if _single_precision(candidates) else None
    if functions is None:
        return _by_fixed_point(candidates, rule, measure)
    table = _table(candidates, rule.by_objectness, sides)
    rows, classes = functions.suppressed(table, threshold, measure.exponent)
    return rows, None if rule.by_objectness else classes


def _single_precision(candidates: Candidates) -> bool:
    parts = (candidates.boxes, candidates.objectness, candidates.scores)
    return all(part.dtype == torch.float32 for part in parts)


def _table(
    candidates: Candidates, by_objectness: bool = False, sides: Floats | None = None
) -> BoxTable:
    """What the C++ program reads. by_objectness: as if that were the score of the one class."""
    parts = (candidates.boxes, candidates.objectness, candidates.scores, candidates.image)
    boxes, objectness, scores, image = (part.cpu().numpy() for part in parts)
    return BoxTable(
        boxes, objectness, objectness[:, None] if by_objectness else scores, image, sides
    )


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def _by_fixed_point(
    candidates: Candidates, rule: Rule, measure: _Measure
) -> tuple[Indices, Indices | None]:
    classes = candidates.scores.shape[1]
    objectness = candidates.objectness.cpu().numpy()
    if rule.by_objectness:
        rows = np.flatnonzero(objectness)
        return rows[_suppressed(candidates, rows, 1, objectness, measure)], None
    entries = candidates.entries
    if not objectness.all():
        entries = entries[objectness[entries // classes] != 0]
    scores = candidates.scores.cpu().numpy().reshape(-1)
    dropped = entries[_suppressed(candidates, entries, classes, scores, measure)]
    return dropped // classes, dropped % classes


def cell_order(candidates: Candidates) -> Indices:
    """Index (K) of the rows as the heads have them, image by image."""
    return np.argsort(candidates.image.numpy(), kind="stable")


def printing_order(candidates: Candidates) -> Indices:
    """Index (K) of the rows in the order pjreddie's program prints them, image by image.

    That program sorts its rows by each class in turn, so they end up by falling score of the last
    class, equal ones by the class before it, and so on.  It sorts a class before it suppresses in
    it: pass the candidates as they were before `suppress`.
    """
    functions = box_functions() if _single_precision(candidates) else None
    order = functions.printing_order(_table(candidates)) if functions else None
    return _order_of_keys(candidates) if order is None else order


def _order_of_keys(candidates: Candidates) -> Indices:
    scores = candidates.scores.float().cpu().numpy()
    image = candidates.image.cpu().numpy()
    rows, classes = np.divmod(candidates.entries, scores.shape[1])
    # The entries go class by class within a row, so that of the last one stays.
    last, top = np.full(len(image), -1), np.zeros(len(image), np.float32)
    last[rows], top[rows] = classes, scores[rows, classes]
    if len(rows) and scores[rows, classes].min() < 0:  # a threshold below 0 lets them through
        return np.lexsort((*-scores.T, image))
    # Most rows are told apart by the last class they have, and one sort is several times as fast
    # as one for each key. The bits of floats from 0 up are in the order of the floats.
    group = image * (scores.shape[1] + 1) + scores.shape[1] - 1 - last
    keys = (group << 32) - top.view(np.int32)
    order = np.argsort(keys, kind="stable")
    return _untied(order, keys[order], top[order] > 0, scores)


def _untied(order: Indices, keys: Indices, filled: Flags, scores: Floats) -> Indices:
    """The order with filled rows of equal keys sorted by the classes before their last."""
    equal = (keys[1:] == keys[:-1]) & filled[1:]
    tied = np.flatnonzero(np.append(equal, False) | np.append(False, equal))
    if len(tied):
        groups = np.append(0, np.cumsum(~equal))[tied]
        order[tied] = order[tied][np.lexsort((*-scores[order[tied]].T, groups))]
    return order


def _suppressed(
    candidates: Candidates, entries: Indices, classes: int, values: Floats, measure: _Measure
) -> Flags:
    """Which of the entries (row * classes + class) an earlier entry that is left removes."""
    gone = np.zeros(len(entries), np.bool_)
    # What is not a number comes last; compared as it is, there would be no order.
    mine = np.where(np.isnan(values[entries]), -np.inf, values[entries])
    for one, other in overlapping_entries(candidates, entries, classes, *measure):
        first, second = np.minimum(one, other), np.maximum(one, other)
        swapped = mine[second] > mine[first]
        earlier = np.where(swapped, second, first)
        gone |= fixed_point(earlier, first + second - earlier, len(entries))
    return gone


def fixed_point(earlier: Indices, later: Indices, count: int) -> Flags:
    """(count,) what is suppressed when each earlier[p] that is not suppresses later[p], exactly."""
    gone = np.zeros(count, np.bool_)
    while True:
        again = np.zeros(count, np.bool_)
        again[later[~gone[earlier]]] = True
        if np.array_equal(again, gone):
            return gone
        gone = again
