"""Training samples of regressors: a piece of an image at random, and the numbers beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from darknet_py.augment.piece_config import PieceConfig
from darknet_py.augment.pixels import Floats
from darknet_py.cfg.options import atof
from darknet_py.data.drawn_images import DrawnImages
from darknet_py.data.label_paths import number_path
from darknet_py.data.labels import is_number
from darknet_py.errors import ImageError, Location
from darknet_py.images.io import read_image

MOST_BYTES = 1 << 20
"""Of a file with the numbers of one image."""


@dataclass(frozen=True)
class RegressionSet(DrawnImages):
    """Images with a file of `count` numbers each.

    `sample` is a pure function, so that a training can be resumed at any number.
    """

    config: PieceConfig
    count: int

    def sample(
        self, number: int, width: int, height: int, seed: int
    ) -> tuple[NDArray[np.uint8], Floats]:
        """The number-th training sample: uint8 (C, height, width) and its numbers (count,).

        As in C the image is drawn at random with replacement, and mirrored every other time
        whatever the numbers mean. Raises ImageError for an image, or numbers, that cannot be read.
        """
        rng, size = np.random.default_rng((seed, number)), (width, height)
        path = self.path(rng)
        numbers = read_numbers(number_path(path), self.count)
        pixels = read_image(path, self.config.channels, self.config.upright)
        params = self.config.draw(rng, (pixels.shape[1], pixels.shape[0]), size)
        piece = self.config.piece(pixels, params, rng, size)
        return np.ascontiguousarray(piece.transpose(2, 0, 1)), numbers


def read_numbers(path: Path, count: int) -> Floats:
    """The first `count` numbers of a file, float32.

    Raises ImageError where there are fewer, which C takes for zeros, or one is not finite.
    """
    location = Location(str(path))
    try:
        with path.open("rb") as file:
            words = file.read(MOST_BYTES).split()
    except (OSError, ValueError) as failure:
        message = f"cannot be read: {getattr(failure, 'strerror', None) or failure}"
        raise ImageError(f"{message}; expected {count} numbers", location) from None
    words = words[:count]
    bad = [word for word in words if not is_number(word)]
    if bad or len(words) < count:
        read = f"'{bad[0][:40].decode('ascii', 'replace')}'" if bad else f"{len(words)} numbers"
        raise ImageError(f"read {read}, expected {count} numbers", location)
    with np.errstate(over="ignore"):
        numbers = np.array([atof(word.decode()) for word in words], np.float32)
    if not np.isfinite(numbers).all():
        raise ImageError("has a number that is not finite", location)
    return numbers
