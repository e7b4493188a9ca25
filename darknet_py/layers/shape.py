"""Sizes in images: the shape of an output, and how much of the input one value of it sees."""

from __future__ import annotations

from typing import NamedTuple


class Shape(NamedTuple):
    """Channels, height and width of one image's output; vectors are (n, 1, 1)."""

    c: int
    h: int
    w: int

    @property
    def size(self) -> int:
        return self.c * self.h * self.w

    @property
    def column(self) -> str:
        """As the layer table of AlexeyAB's program prints it: width, height, channels."""
        return f"{self.w:4d} x{self.h:4d} x{self.c:4d}"

    def __str__(self) -> str:
        return f"{self.w} x {self.h} x {self.c}"


class ReceptiveField(NamedTuple):
    """What one value sees of the network's input, by AlexeyAB's rule of show_receptive_field.

    size: the side of the field. stride: how far the fields of neighbours are apart. Both in pixels
    of the input, whose own field is (1, 1).
    """

    size: int
    stride: int

    def windowed(self, window: int, stride: int = 1, dilation: int = 1) -> ReceptiveField:
        """Behind windows that read `window` values a side, `stride` apart.

        Dilation adds two values a step to a window of any size, which is right for 3: Darknet's.
        """
        wider = (window + (dilation - 1) * 2 - 1) * self.stride
        return ReceptiveField(self.size + wider, self.stride * stride)

    def shrunk(self, factor: int) -> ReceptiveField:
        """Behind a layer that makes the image `factor` times smaller without a window."""
        return ReceptiveField(self.size, self.stride * factor)

    def enlarged(self, factor: int) -> ReceptiveField:
        """Behind a layer that makes the image `factor` times larger; a stride stays at least 1."""
        return ReceptiveField(self.size, max(1, self.stride // factor))
