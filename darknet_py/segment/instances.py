"""Objects told apart by the embeddings of their pixels, as training on [iseg] sets them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np
from numpy.typing import NDArray

from darknet_py.images.class_map import SURE, Floats, best_classes
from darknet_py.layers.scores import ISEG_INSTANCES

NEAR = 1.0
"""How far an embedding may be from its object's mean, in the mean over the channels. The loss
pushes objects apart until the pull to 0 is as strong: then they are 2 apart in every channel."""
MOST_PARTS = 4 * ISEG_INSTANCES
"""Of an untrained network every pixel may be an object of its own."""
ROUNDS = 3
"""How often the mean is taken again from the pixels near it."""
Inside = NDArray[np.bool_]


@dataclass(frozen=True)
class Instance:
    """An object: its class, the mean score of its pixels, and its mask (h, w), scores inside."""

    class_id: int
    score: float
    mask: Floats


def instances(scores: Floats, embedding: Floats) -> list[Instance]:
    """The objects in maps of scores (classes, h, w) and embeddings (ids, h, w), the largest first.

    A pixel belongs to the class of its highest score, if that is at least a half. Without
    embeddings an object is a region of a class. At most 90, as many as training knows.
    """
    numbers, best = best_classes(list(scores))
    every = (
        (int(number), inside)
        for number in np.unique(numbers)
        for inside in _parts((numbers == number) & (best >= SURE), best, embedding)
    )
    found = list(islice(every, MOST_PARTS))
    found.sort(key=lambda pair: -int(pair[1].sum()))
    return [
        Instance(number, float(best[inside].mean()), np.where(inside, best, np.float32(0)))
        for number, inside in found[:ISEG_INSTANCES]
    ]


def _parts(inside: Inside, best: Floats, embedding: Floats) -> Iterator[Inside]:
    """The objects among the pixels of one class."""
    if len(embedding):
        return _clusters(inside, best, embedding)
    return _regions(inside)


def _regions(inside: Inside) -> Iterator[Inside]:
    count, labels = cv2.connectedComponents(inside.astype(np.uint8))
    return (labels == number for number in range(1, count))


def _clusters(inside: Inside, best: Floats, embedding: Floats) -> Iterator[Inside]:
    """Around the surest pixel, then around the surest of the rest, until none is left."""
    left = inside.copy()
    while left.any():
        seed = np.unravel_index(int(np.where(left, best, -1).argmax()), left.shape)
        members = left & _near(embedding, embedding[:, seed[0], seed[1]])
        for _ in range(ROUNDS):
            again = left & _near(embedding, embedding[:, members].mean(axis=1))
            members = again if again.any() else members
        yield members
        left &= ~members


def _near(embedding: Floats, middle: Floats) -> Inside:
    away = ((embedding - middle[:, None, None]) ** 2).mean(axis=0)
    return np.asarray(away < NEAR**2)
