"""How two lists of boxes differ."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

CHUNK = 256


@dataclass(frozen=True)
class BoxDifference:
    """boxes: in the reference. unmatched: of either side, without a partner within tolerance.

    largest: difference of score or box between partners, as a share of what is above 1.
    """

    boxes: int
    unmatched: int
    largest: float


def box_difference(
    reference: Tensor, actual: Tensor, thresh: float, tolerance: float
) -> BoxDifference:
    """Each row's partner is the nearest one of its image and class.

    A row whose score is within the tolerance of the threshold needs no partner.
    """
    here, there = reference.double(), actual.double()
    gaps = [_gaps(a, b) for a, b in ((here, there), (there, here))]
    unmatched = 0
    for table, gap in zip((here, there), gaps, strict=True):
        unmatched += int(((gap > tolerance) & (table[:, 2] > thresh + tolerance)).sum())
    near = [gap[gap <= tolerance] for gap in gaps]
    largest = max((float(gap.max()) for gap in near if len(gap)), default=0.0)
    return BoxDifference(len(reference), unmatched, largest)


def _gaps(rows: Tensor, others: Tensor) -> Tensor:
    """For each row the least difference to another of its image and class; infinite without."""
    gaps = rows.new_full((len(rows),), float("inf"))
    for kind in rows[:, :2].unique(dim=0):
        mine = (rows[:, :2] == kind).all(dim=1).nonzero()[:, 0]
        theirs = others[(others[:, :2] == kind).all(dim=1), 2:]
        # An untrained network may find ten thousand boxes of a class.
        for part in mine.split(CHUNK) if len(theirs) else ():
            gap = (rows[part, None, 2:] - theirs).abs() / rows[part, None, 2:].abs().clamp(min=1)
            gaps[part] = gap.amax(dim=2).amin(dim=1)
    return gaps
