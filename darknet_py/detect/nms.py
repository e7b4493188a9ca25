"""Non-maximum suppression of candidates, which are torch's; greedy_suppression.py has the rules.

Boxes found on another device are few when they come here, and are brought to the main memory.
"""

from __future__ import annotations

from dataclasses import replace

from darknet_py.boxes import GREEDY_EXPONENT
from darknet_py.detect import greedy_suppression
from darknet_py.detect.candidates import Candidates
from darknet_py.detect.overlaps import Floats, Indices
from darknet_py.engines.native.suppression import BoxTable


def suppress(
    candidates: Candidates, kind: str, threshold: float, beta: float = GREEDY_EXPONENT
) -> Candidates:
    """The same rows with the score of every suppressed entry set to 0.

    kind: see `greedy_suppression.suppressed`; with "objectness" that becomes 0 too.

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
    it. None compares them as they are.

    Raises DarknetError for an unknown kind.
    """
    return greedy_suppression.suppressed(box_table(candidates, sides), kind, threshold, beta)


def cell_order(candidates: Candidates) -> Indices:
    """Index (K) of the rows as the heads have them, image by image."""
    return greedy_suppression.cell_order(box_table(candidates))


def printing_order(candidates: Candidates) -> Indices:
    """Index (K) of the rows in the order pjreddie's program prints them, image by image: pass the
    candidates as they were before `suppress`."""
    return greedy_suppression.printing_order(box_table(candidates))


def box_table(candidates: Candidates, sides: Floats | None = None) -> BoxTable:
    """The same numbers, in single precision, as arrays of numpy."""
    parts = (candidates.boxes, candidates.objectness, candidates.scores)
    boxes, objectness, scores = (part.float().cpu().numpy() for part in parts)
    return BoxTable(boxes, objectness, scores, candidates.image.cpu().numpy(), sides)
