"""3x3 convolutions by Winograd's F(4x4, 3x3) in torch's own calls, where there is no compiler.

Tiles of 6x6 inputs give 4x4 outputs with 36 products for each pair of channels instead of 144. Both
transforms are products with small matrices, and the sums over channels one batched product, so that
nothing here needs more than torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

SIDE, PATCH, KERNEL = 4, 6, 3
POINTS = PATCH * PATCH
NEAR, FAR = 0.5**0.5, 2**0.5
"""Points 0, +-NEAR, +-FAR and infinity, as winograd.h has them: their rounding errors are smaller
than those of 0, +-1, +-2."""
LEAST_CHANNELS, LEAST_TILES = 64, 40
"""Below these the transforms cost more than the products save."""
STRIP_BYTES = 4 << 20
"""Of tiles at all points in one go: beyond the caches memory is what takes time."""


@dataclass(frozen=True)
class WinogradConvolution:
    """A convolution of stride 1 and padding 1 of x (N, C, H, W), channels last.

    weights: (36, C, filters), see `at_points`. biases: (filters,).
    """

    weights: Tensor
    biases: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        count, channels, height, width = x.shape
        down, across = -(-height // SIDE), -(-width // SIDE)
        bottom, right = down * SIDE - height + 1, across * SIDE - width + 1
        padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, 1, right, 1, bottom))
        y = x.new_empty(count, down, SIDE, across, SIDE, len(self.biases))
        for image, top, rows in self._strips(count, down, across, channels):
            self._strip(padded[image, top * SIDE :], y[image, top : top + rows])
        y = y.view(count, down * SIDE, across * SIDE, -1)
        return y[:, :height, :width].permute(0, 3, 1, 2)

    def _strips(
        self, images: int, down: int, across: int, channels: int
    ) -> Iterator[tuple[int, int, int]]:
        """Image, first row of tiles and number of rows. Large weights are read seldom."""
        row = POINTS * across * (channels + len(self.biases)) * self.weights.element_size()
        rows = max(1, max(STRIP_BYTES, self.weights.nbytes) // row)
        for image in range(images):
            for top in range(0, down, rows):
                yield image, top, min(rows, down - top)

    def _strip(self, padded: Tensor, y: Tensor) -> None:
        """padded: (rows, columns, C) from the strip's first on. y: (rows, 4, columns, 4, filters)
        of tiles, to be filled."""
        rows, _, across = y.shape[:3]
        down, right, one = padded.stride()
        patches = padded.as_strided(
            (PATCH, PATCH, rows, across, padded.shape[2]),
            (down, right, SIDE * down, SIDE * right, one),
        )
        inputs, outputs = _transforms()
        points = inputs @ patches.reshape(POINTS, -1)
        products = points.view(POINTS, rows * across, -1) @ self.weights
        tiles = (outputs @ products.view(POINTS, -1)).view(SIDE, SIDE, rows, across, -1)
        torch.add(tiles.permute(2, 0, 3, 1, 4), self.biases, out=y)


def tile_count(height: int, width: int) -> int:
    """Tiles of an image of outputs."""
    return -(-height // SIDE) * -(-width // SIDE)


def pays(channels: int, filters: int, tiles: int) -> bool:
    """Whether it is quicker than oneDNN's direct convolution, by how large it is."""
    return min(channels, filters) >= LEAST_CHANNELS and tiles >= LEAST_TILES


def at_points(kernel: Tensor) -> Tensor:
    """A kernel (filters, C, 3, 3) at Winograd's points: (36, C, filters)."""
    filters, channels = kernel.shape[:2]
    by_tap = kernel.double().flatten(2).permute(2, 1, 0).reshape(KERNEL * KERNEL, -1)
    factors = _vandermonde(KERNEL) / _distances()[:, None]
    made = torch.kron(factors, factors) @ by_tap
    return made.view(POINTS, channels, filters).to(kernel.dtype)


@cache
def _transforms() -> tuple[Tensor, Tensor]:
    """What turns 36 inputs of a tile into values at the points, and those into 16 outputs."""
    outputs = _vandermonde(SIDE).t().contiguous()
    inputs = torch.stack([_polynomial(left_out) for left_out in range(PATCH)])
    return torch.kron(inputs, inputs).float(), torch.kron(outputs, outputs).float()


def _points() -> Tensor:
    return torch.tensor([0.0, NEAR, -NEAR, FAR, -FAR], dtype=torch.float64)


def _vandermonde(powers: int) -> Tensor:
    """(6, powers): the powers of each point; of infinity the highest alone counts."""
    finite = _points()[:, None] ** torch.arange(powers, dtype=torch.float64)
    infinite = torch.zeros(1, powers, dtype=torch.float64)
    infinite[0, -1] = 1
    return torch.cat([finite, infinite])


def _distances() -> Tensor:
    """Of each point the product of its distances from the others; 1 of infinity."""
    apart = _points()[:, None] - _points()
    return torch.cat([apart.fill_diagonal_(1).prod(dim=1), torch.ones(1, dtype=torch.float64)])


def _polynomial(left_out: int) -> Tensor:
    """Coefficients from the constant up of the product of (x - point) over the other points."""
    made = torch.ones(1, dtype=torch.float64)
    for number, point in enumerate(_points()):
        if number != left_out:
            made = F.pad(made, (1, 0)) - point * F.pad(made, (0, 1))
    return F.pad(made, (0, PATCH - len(made)))
