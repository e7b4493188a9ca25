"""Images of a list, drawn at random with replacement, as pjreddie's loaders draw them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from darknet_py.errors import DataError


@dataclass(frozen=True)
class DrawnImages:
    """Which image a sample is made of; a pure function, so that a training can be resumed."""

    images: Sequence[str]

    def __post_init__(self) -> None:
        if not self.images:
            raise DataError("no images to train on; is the list of `train=` empty?")

    def drawn(self, number: int, width: int, height: int, seed: int) -> list[str]:
        """The image that the number-th sample is made of."""
        return [self.path(np.random.default_rng((seed, number)))]

    def path(self, rng: np.random.Generator) -> str:
        """The first thing that a sample draws."""
        return self.images[int(rng.integers(len(self.images)))]
