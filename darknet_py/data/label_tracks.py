"""Track numbers of labels: which object of which image a label is of.

The [contrastive] loss makes embeddings of one number alike, as those of the two images of a pair.
"""

from __future__ import annotations

import functools
import os

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
IMAGES = OBJECTS = 4000
"""Numbers up to 16 million, which float32 holds exactly; images of one hash share their numbers."""


def with_tracks(labels: Floats, path: str) -> Floats:
    """Labels (K, 5) of a file with the numbers beside them, (K, 6): AlexeyAB's, which go by a hash
    of the file's name and the row."""
    tracks = path_hash(path) % IMAGES * OBJECTS + np.arange(len(labels))
    return np.hstack([labels, tracks[:, None].astype(np.float32)])


@functools.lru_cache(maxsize=1 << 16)
def path_hash(path: str) -> int:
    """The hash of a name that AlexeyAB's program takes, in 64 bits."""
    number = 5381
    for byte in os.fsencode(path):
        # C's char has a sign.
        number = (number * 33 + byte - 256 * (byte > 127)) % (1 << 64)
    return number
