"""Which boxes have numbers that are finite. Nothing here needs torch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@np.errstate(over="ignore", invalid="ignore")
def finite_rows(
    boxes: Floats, objectness: Floats, scores: Floats, sides: Floats
) -> NDArray[np.bool_]:
    """(K,) where the scores and the edges in pixels of boxes (K, 4) are finite.

    sides: (K, 2) width and height in pixels of each row's image.
    """
    reach = (np.abs(boxes[:, :2]) + np.abs(boxes[:, 2:])) * sides
    # A sum is several times as fast as a look at each, and not finite where one of them is.
    if np.isfinite(reach.sum() + scores.sum() + objectness.sum()):
        return np.ones(len(boxes), np.bool_)
    kept = np.isfinite(reach).all(axis=1) & np.isfinite(scores).all(axis=1)
    return np.asarray(kept & np.isfinite(objectness))
