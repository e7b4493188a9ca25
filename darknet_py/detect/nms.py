"""Non-maximum suppression: the greedy rules of both forks, over all pictures and classes at once.

The C loop visits the boxes of a class by falling score; one that still has a score takes that of
every later box it overlaps.  So an entry (a box and a class) survives exactly when no surviving
earlier entry overlaps it.  Here the overlapping pairs are found first, and that sentence is then
iterated to its fixed point, which is unique and is what the loop computes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from darknet_py.boxes import GREEDY_EXPONENT, diou, iou
from darknet_py.detect.candidates import Candidates
from darknet_py.errors import DarknetError

# Pairs compared at once: what fits a processor's cache, and what fills another device.
HOST_CHUNK = 1 << 17
DEVICE_CHUNK = 1 << 23
# Overlapping pairs times classes held at once.
BLOCK = 1 << 24


@dataclass(frozen=True)
class Rule:
    """One kind of suppression; exponent maps beta to that of the distance term, None for IoU."""

    exponent: Callable[[float], float | None]
    by_objectness: bool = False


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
    """The same rows with the score of every entry that loses set to 0.

    kind: "default" (do_nms_sort) and "cornersnms": per class, IoU > threshold;
    "greedynms": per class, IoU - (d2/c2)**0.6 > threshold; "diounms": the same with beta;
    "objectness" (do_nms_obj): by objectness over all classes, losers also lose their objectness.
    Of equal scores the earlier row wins; rows of objectness 0 take no part.

    Raises DarknetError for an unknown kind.
    """
    rule = RULES.get(kind)
    if rule is None:
        raise DarknetError(f"unknown nms kind {kind!r}; the kinds are {', '.join(RULES)}")
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
    class, equal ones by the class before it, and so on.  It sorts a class before it suppresses in
    it: pass the candidates as they were before `suppress`.
    """
    falling = -candidates.scores.detach().float().cpu().numpy()
    order = np.lexsort((*falling.T, candidates.image.cpu().numpy()))
    return torch.from_numpy(order).to(candidates.image.device)


def _losers(
    candidates: Candidates, scores: Tensor, threshold: float, exponent: float | None
) -> Tensor:
    """Boolean (K, C): the entries of scores (K, C) that an earlier survivor removes."""
    lost = torch.zeros_like(scores, dtype=torch.bool)
    active = (scores != 0) & (candidates.objectness != 0).unsqueeze(1)
    for first, second, column in _rivals(candidates, active, threshold, exponent):
        swapped = scores[second, column] > scores[first, column]
        earlier = torch.where(swapped, second, first) * scores.shape[1] + column
        later = torch.where(swapped, first, second) * scores.shape[1] + column
        lost.view(-1).logical_or_(_beaten(earlier, later, lost.numel()))
    return lost


def _beaten(earlier: Tensor, later: Tensor, count: int) -> Tensor:
    """Boolean (count): what loses when each unbeaten earlier[p] beats later[p], exactly."""
    beaten = torch.zeros(count, dtype=torch.bool, device=earlier.device)
    while True:
        again = torch.zeros_like(beaten)
        again[later[~beaten[earlier]]] = True
        if torch.equal(again, beaten):
            return beaten
        beaten = again


def _rivals(
    candidates: Candidates, active: Tensor, threshold: float, exponent: float | None
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Pairs of active entries that overlap: row, later row and class; no class in two parts."""
    row, column = active.nonzero(as_tuple=True)
    if not len(row):
        return
    group, order = (candidates.image[row] * active.shape[1] + column).sort(stable=True)
    row, column = row[order], column[order]
    image, whole = candidates.image.sort(stable=True)
    if int(_followers(group).sum()) <= int(_followers(image).sum()):
        first, second = _close(candidates.boxes[row], group, threshold, exponent)
        yield row[first], row[second], column[first]
        return
    # With many classes per box it is cheaper to compare each two boxes once for all classes.
    first, second = _close(candidates.boxes[whole], image, threshold, exponent)
    yield from _spread(active, whole[first], whole[second])


def _spread(
    active: Tensor, first: Tensor, second: Tensor
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Pairs of rows repeated for every class in which both are active, some classes at a time."""
    classes = active.shape[1]
    width = max(1, BLOCK // max(1, len(first)))
    for start in range(0, classes, width):
        block = active[:, start : start + width]
        pair, column = (block[first] & block[second]).nonzero(as_tuple=True)
        yield first[pair], second[pair], column + start


def _followers(group: Tensor) -> Tensor:
    """Int64 (N): how many of a sorted group (N) come after each element in its own group."""
    place = torch.arange(len(group), device=group.device)
    return torch.searchsorted(group, group, right=True) - place - 1


def _close(
    boxes: Tensor, group: Tensor, threshold: float, exponent: float | None
) -> tuple[Tensor, Tensor]:
    """Places of the pairs of boxes (N, 4) of one group that overlap more than the threshold."""
    # One contiguous row per coordinate makes gathering pairs several times faster.
    columns = boxes.T.contiguous()
    found = []
    for first, second in _pairs(_followers(group)):
        a, b = columns.index_select(1, first).T, columns.index_select(1, second).T
        near = (iou(a, b) > threshold).nonzero()[:, 0]
        found.append(torch.stack((first[near], second[near])))
    first, second = torch.cat(found, dim=1) if found else group.new_zeros(2, 0)
    if exponent is None:
        return first, second
    # The distance term only lowers the IoU, so it is needed for what passed without it.
    closer = diou(boxes[first], boxes[second], exponent) > threshold
    return first[closer], second[closer]


def _pairs(followers: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Every element paired with each of its followers, in parts of bounded size."""
    chunk = HOST_CHUNK if followers.device.type == "cpu" else DEVICE_CHUNK
    ends = followers.cumsum(0).cpu().numpy()
    cuts = np.searchsorted(ends, np.arange(chunk, ends[-1], chunk), side="right")
    bounds = np.unique(np.concatenate(([0], cuts, [len(ends)])))
    for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        count = followers[start:stop]
        total = int(ends[stop - 1] - (ends[start - 1] if start else 0))
        place = torch.arange(start, stop, device=followers.device)
        skipped = place + 1 - count.cumsum(0) + count
        first, base = (
            value.repeat_interleave(count, output_size=total) for value in (place, skipped)
        )
        yield first, base + torch.arange(total, device=followers.device)
