"""Where an image lies inside the network's input, and the way back for boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from darknet_py.layers.arrays import functions_of
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:
    torch = deferred("torch")


@dataclass(frozen=True)
class Placement:
    """An image of one size, in pixels, fitted into the network's input of another."""

    image_width: int
    image_height: int
    net_width: int
    net_height: int
    letter_box: bool = False

    @property
    def scaled(self) -> tuple[int, int]:
        """Width and height in pixels the image takes inside the network's input.

        Darknet's integer rule gives 0 for an image far longer than wide and then divides by
        it; here a side is at least 1 pixel.
        """
        if not self.letter_box:
            return self.net_width, self.net_height
        if self._bound_by_width():
            return self.net_width, max(1, self.image_height * self.net_width // self.image_width)
        return max(1, self.image_width * self.net_height // self.image_height), self.net_height

    @property
    def offset(self) -> tuple[int, int]:
        """Left and top in whole pixels of the image inside the network's input."""
        width, height = self.scaled
        return (self.net_width - width) // 2, (self.net_height - height) // 2

    def _bound_by_width(self) -> bool:
        # The ratios are compared in single precision, which decides near-equal shapes.
        across = np.float32(self.net_width) / np.float32(self.image_width)
        down = np.float32(self.net_height) / np.float32(self.image_height)
        return bool(across < down)


def scaled_sizes(placements: Sequence[Placement]) -> Tensor:
    """Float32 (N, 2) scaled width and height in pixels of N placements."""
    sizes = [placement.scaled for placement in placements]
    return torch.tensor(sizes, dtype=torch.float32).reshape(-1, 2)


def to_image(boxes: Tensor, scaled: Tensor, net_size: tuple[int, int]) -> Tensor:
    """Centre-form boxes (..., 4) relative to the network's input, made relative to the image.

    scaled: (..., 2) scaled width and height in pixels, one pair per box or one that broadcasts;
    net_size: width and height of the network's input in pixels.

    Darknet pastes a letter-boxed image at a whole pixel but takes half the margin as a real
    number on the way back, half a pixel off for an odd margin; that is reproduced.
    """
    functions = functions_of(boxes)
    net, scaled = functions.like(net_size, boxes), functions.like(scaled, boxes)
    centre = (boxes[..., :2] - (net - scaled) / 2 / net) / (scaled / net)
    placed: Tensor = functions.cat((centre, boxes[..., 2:] * (net / scaled)), -1)
    return placed
