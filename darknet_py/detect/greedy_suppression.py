"""Non-maximum suppression: the greedy rules of both forks, over all images and classes at once.

The C loop visits the boxes of a class by falling score; one that still has a score takes that of
every later box it overlaps.  So an entry (a box and a class) survives exactly when no surviving
earlier entry overlaps it.

The loop itself runs in C++ where this machine has a compiler. Otherwise the overlapping pairs are
found first, and that sentence is then iterated to its fixed point, which is unique and is what the
loop computes; numpy does that, several times as fast as torch. Nothing here needs torch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from darknet_py.boxes import GREEDY_EXPONENT
from darknet_py.detect.overlaps import Flags, Floats, Indices, overlapping_entries
from darknet_py.engines.native.suppression import BoxTable, box_functions
from darknet_py.errors import DarknetError
from darknet_py.layers.head import Suppression


@dataclass(frozen=True)
class Rule:
    """One kind of suppression; exponent maps beta to that of the distance term, None for IoU."""

    exponent: Callable[[float], float | None]
    by_objectness: bool = False


class _Measure(NamedTuple):
    """What two boxes that overlap are told by, see `overlapping_entries`."""

    threshold: float
    exponent: float | None


RULES = {
    "default": Rule(lambda beta: None),
    "objectness": Rule(lambda beta: None, by_objectness=True),
    "cornersnms": Rule(lambda beta: None),
    # AlexeyAB's greedynms is the DIoU rule with a fixed exponent, whatever beta_nms says.
    "greedynms": Rule(lambda beta: GREEDY_EXPONENT),
    "diounms": Rule(lambda beta: beta),
}


def suppressed(
    table: BoxTable, kind: str, threshold: float, beta: float = GREEDY_EXPONENT
) -> tuple[Indices, Indices | None]:
    """The entries that go, by row and class; None: all classes of their rows.

    kind: "default" (do_nms_sort) and "cornersnms": per class, IoU > threshold;
    "greedynms": per class, IoU - (d2/c2)**0.6 > threshold; "diounms": the same with beta;
    "objectness" (do_nms_obj): by objectness over all classes. Of equal scores the earlier row wins;
    rows of objectness 0 take no part. Of greedynms and diounms the distance is another where boxes
    are measured in pixels.

    Raises DarknetError for an unknown kind.
    """
    rule = RULES.get(kind)
    if rule is None:
        raise DarknetError(f"unknown nms kind {kind!r}; the kinds are {', '.join(RULES)}")
    if rule.by_objectness:
        table = replace(table, scores=table.objectness[:, None])
    measure = _Measure(threshold, rule.exponent(beta))
    functions = box_functions()
    found = functions.suppressed(table, *measure) if functions else by_fixed_point(table, *measure)
    return found[0], None if rule.by_objectness else found[1]


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def by_fixed_point(
    table: BoxTable, threshold: float, exponent: float | None
) -> tuple[Indices, Indices]:
    """As `BoxFunctions.suppressed`, in numpy."""
    classes, entries = table.scores.shape[1], table.entries
    if not table.objectness.all():
        entries = entries[table.objectness[entries // classes] != 0]
    values = table.scores.reshape(-1)[entries]
    # What is not a number comes last; compared as it is, there would be no order.
    values = np.where(np.isnan(values), -np.inf, values)
    gone = np.zeros(len(entries), np.bool_)
    for one, other in overlapping_entries(table, entries, threshold, exponent):
        first, second = np.minimum(one, other), np.maximum(one, other)
        swapped = values[second] > values[first]
        earlier = np.where(swapped, second, first)
        gone |= fixed_point(earlier, first + second - earlier, len(entries))
    return entries[gone] // classes, entries[gone] % classes


def in_order(
    table: BoxTable, suppression: Suppression, threshold: float
) -> tuple[Indices, tuple[Indices, Indices | None]]:
    """Index (K) of the rows in the C programs' order; what is suppressed, as numbers of rows in
    that order and classes, see `suppressed`.

    threshold: 0 keeps all.
    """
    order = printing_order(table) if suppression.sorts else cell_order(table)
    if threshold <= 0:
        none = np.zeros(0, np.int64)
        return order, (none, none)
    # Of equal scores the earlier row wins: the one that was earlier before it was moved.
    rows, classes = suppressed(table, suppression.kind, threshold, suppression.beta)
    moved = np.empty_like(order)
    moved[order] = np.arange(len(order))
    return order, (moved[rows], classes)


def cell_order(table: BoxTable) -> Indices:
    """Index (K) of the rows as the heads have them, image by image."""
    return np.argsort(table.image, kind="stable")


def printing_order(table: BoxTable) -> Indices:
    """Index (K) of the rows in the order pjreddie's program prints them, image by image.

    That program sorts its rows by each class in turn, so they end up by falling score of the last
    class, equal ones by the class before it, and so on.  It sorts a class before it suppresses in
    it: pass the boxes as they were before.
    """
    functions = box_functions()
    order = functions.printing_order(table) if functions else None
    return order_of_keys(table) if order is None else order


def order_of_keys(table: BoxTable) -> Indices:
    """The same in numpy, and for whatever scores."""
    scores, image = table.scores, table.image
    rows, classes = np.divmod(table.entries, scores.shape[1])
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


def fixed_point(earlier: Indices, later: Indices, count: int) -> Flags:
    """(count,) what is suppressed when each earlier[p] that is not suppresses later[p], exactly."""
    gone = np.zeros(count, np.bool_)
    while True:
        again = np.zeros(count, np.bool_)
        again[later[~gone[earlier]]] = True
        if np.array_equal(again, gone):
            return gone
        gone = again
