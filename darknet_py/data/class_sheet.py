"""A page of training samples of a classifier, with their classes, as the network sees them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from darknet_py.data.class_labels import Floats, Labels
from darknet_py.data.classifier_samples import ClassifierSet
from darknet_py.data.contact_sheet import Style, Tile, contact_sheet
from darknet_py.data.loader import Key, first_readable
from darknet_py.images.io import Pixels, to_bgr

WORDS = 4
"""Classes named under an image at most, the likeliest first."""


def class_sheet(source: ClassifierSet, keys: Sequence[Key], seed: int) -> Pixels:
    """A BGR page of these samples over their classes, and how much of each there is."""
    tiles = [_tile(source, key, seed) for key in keys]
    style = Style(columns=8, width=170, height=170, lines=WORDS, margin=0.02)
    title = f"samples {keys[0].number} to {keys[-1].number}, seed {seed}"
    return contact_sheet(tiles, title, style)


def _tile(source: ClassifierSet, key: Key, seed: int) -> Tile:
    def made(one: Key) -> tuple[NDArray[np.uint8], Floats]:
        return source.sample(*one, seed)

    (planes, truth), _ = first_readable(key, made)
    image = to_bgr(np.ascontiguousarray(planes.transpose(1, 2, 0)))
    return Tile(image, caption=tuple(shares(truth, source.labels)))


def shares(truth: Floats, labels: Labels) -> Iterator[str]:
    """The classes of a sample as `word share`, the largest first."""
    for number in np.argsort(-truth, kind="stable")[:WORDS]:
        if truth[number] > 0:
            yield f"{labels.words[number]} {truth[number]:.2g}"
