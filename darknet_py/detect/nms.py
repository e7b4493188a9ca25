"""Non-maximum suppression: the greedy rules of both forks, over all pictures and classes at once.

The C loop visits the entries of a class by falling score; an entry that still has a score removes
every later one it overlaps.  So an entry survives exactly when no surviving earlier entry overlaps
it.  Here the overlapping pairs are found first and that sentence is then iterated to its fixed
point, which is unique and is what the loop computes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from darknet_py.boxes import GREEDY_EXPONENT, iou, separation
from darknet_py.detect.candidates import Candidates
from darknet_py.errors import DarknetError

# Pairs compared at once: enough to fill a device, and small enough for a processor's cache.
CHUNK = {"cpu": 1 << 17}
DEVICE_CHUNK = 1 << 23


@dataclass(frozen=True)
class Rule:
    """One kind of suppression; exponent gives that of the distance term, or None for plain IoU."""

    exponent: Callable[[float], float | None]
    by_objectness: bool = False


RULES = {
    "default": Rule(lambda beta: None),
    "objectness": Rule(lambda beta: None, by_objectness=True),
    "cornersnms": Rule(lambda beta: None),
    # AlexeyAB's greedynms is a DIoU rule with a fixed exponent, whatever beta_nms says.
    "greedynms": Rule(lambda beta: GREEDY_EXPONENT),
    "diounms": Rule(lambda beta: beta),
}


def suppress(
    candidates: Candidates, kind: str, threshold: float, beta: float = GREEDY_EXPONENT
) -> Candidates:
    """The same rows with the score of every entry that loses set to 0.

    kind: "default" (do_nms_sort) and "cornersnms": per class, IoU > threshold;
    "greedynms": per class, IoU - (d2/c2)**0.6 > threshold; "diounms": the same with beta;
    "objectness" (do_nms_obj): by objectness over all classes, losers also lose their objectness.
    Of equal scores the earlier row wins; rows of objectness 0 take no part.

    Raises DarknetError for an unknown kind.
    """
    rule = RULES.get(kind)
    if rule is None:
        raise DarknetError(f"unknown nms kind {kind!r}; known are {', '.join(RULES)}")
    exponent = rule.exponent(beta)
    if not rule.by_objectness:
        lost = _losers(candidates, candidates.scores, threshold, exponent)
        return candidates.with_scores(candidates.scores.masked_fill(lost, 0))
    lost = _losers(candidates, candidates.objectness.unsqueeze(1), threshold, exponent)
    return replace(
        candidates,
        objectness=candidates.objectness.masked_fill(lost[:, 0], 0),
        scores=candidates.scores.masked_fill(lost, 0),
    )


def printing_order(candidates: Candidates) -> Tensor:
    """Int64 index (K) of the rows in the order pjreddie's program prints them, picture by picture.

    That program sorts its rows by each class in turn, so they end up by falling score of the last
    class, equal ones by the class before, and so on.  It sorts before it suppresses: pass the
    candidates as they were before `suppress`.
    """
    falling = -candidates.scores.detach().float().cpu().numpy()
    order = np.lexsort((*falling.T, candidates.image.cpu().numpy()))
    return torch.from_numpy(order).to(candidates.image.device)


def _losers(
    candidates: Candidates, scores: Tensor, threshold: float, exponent: float | None
) -> Tensor:
    """Boolean (K, C): the entries of scores (K, C) that an earlier survivor removes."""
    entries = _Entries.of(candidates, scores)
    pairs = [
        _closer(candidates.boxes, entries, earlier, later, threshold, exponent)
        for earlier, later in entries.overlapping(candidates.boxes, threshold)
    ]
    lost = torch.zeros_like(scores, dtype=torch.bool)
    if pairs:
        earlier, later = (torch.cat(side) for side in zip(*pairs, strict=True))
        removed = ~_survivors(earlier, later, len(entries.row))
        lost[entries.row[removed], entries.column[removed]] = True
    return lost
