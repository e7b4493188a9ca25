"""Training samples of segmenters: a piece of an image at random, the same piece of its masks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from darknet_py.augment.affine import affine_mask
from darknet_py.augment.piece_config import PieceConfig, PieceParams, Size
from darknet_py.augment.pixels import Floats, Pixels
from darknet_py.data.drawn_images import DrawnImages
from darknet_py.data.label_paths import mask_path
from darknet_py.data.masks import Mask, read_masks
from darknet_py.images.io import read_image
from darknet_py.images.resize import resized
from darknet_py.layers.scores import ISEG_INSTANCES


@dataclass(frozen=True)
class MaskedSet(DrawnImages, ABC):
    """Images with a file of masks each.

    classes: how many there are. reduction: pixels of the input for one of the output, along a
    side. `sample` is a pure function, so that a training can be resumed at any number.
    """

    config: PieceConfig
    classes: int
    reduction: int

    def sample(
        self, number: int, width: int, height: int, seed: int
    ) -> tuple[NDArray[np.uint8], Floats]:
        """The number-th training sample: uint8 (C, height, width) and its truth array.

        The image is drawn at random with replacement, as in C. Raises ImageError for an image, or
        for masks, that cannot be read.
        """
        rng = np.random.default_rng((seed, number))
        path = self.path(rng)
        pixels = read_image(path, self.config.channels, self.config.upright)
        image, size = (pixels.shape[1], pixels.shape[0]), (width, height)
        masks = read_masks(mask_path(path), *image, self.classes)
        params = self.config.draw(rng, image, size)
        piece = self.config.piece(pixels, params, rng, size)
        truth = self._truth(masks, params, image, size)
        return np.ascontiguousarray(piece.transpose(2, 0, 1)), truth

    def _output(self, size: Size) -> Size:
        return size[0] // self.reduction, size[1] // self.reduction

    @abstractmethod
    def _truth(self, masks: list[Mask], params: PieceParams, image: Size, size: Size) -> Floats:
        """The truth array, flat, for a piece of `size` pixels of an image."""


@dataclass(frozen=True)
class SegmenterSet(MaskedSet):
    """Truths of a segmenter: how much of each output pixel belongs to each class."""

    def _truth(self, masks: list[Mask], params: PieceParams, image: Size, size: Size) -> Floats:
        """(classes * H * W,). The masks are taken at every `reduction`-th pixel, then mirrored.

        As in C those of a mirrored image lie `reduction` - 1 of its pixels further left.
        """
        width, height = self._output(size)
        truth = np.zeros((self.classes, height, width), np.float32)
        reduced = replace(params, affine=params.affine.reduced(self.reduction))
        for number in sorted({mask.class_id for mask in masks}):
            united = _united([mask for mask in masks if mask.class_id == number], image)
            truth[number] = _piece(united, reduced, (width, height))
        return truth.ravel()


@dataclass(frozen=True)
class InstanceSet(MaskedSet):
    """Truths of an instance segmenter: a class and a mask for each object."""

    def _truth(self, masks: list[Mask], params: PieceParams, image: Size, size: Size) -> Floats:
        """(90 * (1 + H*W),), class -1 behind the last object. Those beyond 90 do not count."""
        width, height = self._output(size)
        truth = np.zeros((ISEG_INSTANCES, 1 + width * height), np.float32)
        truth[len(masks) :, 0] = -1
        for row, mask in zip(truth, masks, strict=False):
            piece = _piece(mask.painted(*image), params, size)
            row[0] = mask.class_id
            row[1:] = resized(piece[None], width, height).ravel()
        return truth.ravel()


def _united(masks: list[Mask], image: Size) -> Pixels:
    """(H, W), 1 where any of them is."""
    united = masks[0].painted(*image)
    for mask in masks[1:]:
        united |= mask.painted(*image)
    return united


def _piece(mask: Pixels, params: PieceParams, size: Size) -> Floats:
    """The piece (height, width) of a mask, mirrored where its image is."""
    piece = affine_mask(mask, params.affine, size)
    return piece[:, ::-1] if params.flip else piece
