"""Kernels and biases as the operations of program.cpp take them, packed once for all programs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from darknet_py.engines.eager_winograd import POINTS
from darknet_py.engines.native.library import library

WIDTHS = {8: 1.0, 6: 0.97, 4: 0.93, 2: 0.75, 1: 0.6}
"""Of blocks of outputs, in half vectors, as products.h has them -> about how fast they are."""


@dataclass(frozen=True)
class Packed:
    """weights: in blocks of `halves` half vectors; biases: with zeros beyond the outputs. Where
    there are no blocks, what the operation says."""

    weights: Tensor
    biases: Tensor
    halves: int = 0


@dataclass(frozen=True)
class PackedWeights:
    """What has been packed of a network, by layer and way: programs for other batches share it."""

    made: dict[tuple[int, str], Packed] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def direct(self, index: int, kernel: Tensor, biases: Tensor, groups: int) -> Packed:
        """kernel (filters, inputs, size, size) for products pixel by pixel."""
        return self._get(index, "direct", partial(_packed, "direct", kernel, biases, groups))

    def winograd(self, index: int, kernel: Tensor, biases: Tensor) -> Packed:
        """kernel (filters, inputs, 3, 3) at Winograd's points: four times the memory."""
        return self._get(index, "winograd", partial(_packed, "winograd", kernel, biases, 1))

    def depthwise(self, index: int, kernel: Tensor, biases: Tensor) -> Packed:
        """kernel (channels, 1, size, size) as (size, size, channels)."""
        return self._get(index, "depthwise", partial(_by_pixel, kernel, biases))

    def _get(self, index: int, way: str, make: Callable[[], Packed]) -> Packed:
        with self.lock:
            if (index, way) not in self.made:
                self.made[index, way] = make()
            return self.made[index, way]


def _by_pixel(kernel: Tensor, biases: Tensor) -> Packed:
    return Packed(kernel[:, 0].permute(1, 2, 0).contiguous(), biases.contiguous())


def _packed(way: str, kernel: Tensor, biases: Tensor, groups: int) -> Packed:
    kernel = kernel.contiguous()
    outputs, (inputs, size) = len(kernel) // groups, kernel.shape[1:3]
    halves = block_halves(outputs)
    block = block_of(halves)
    missing = -outputs % block
    points = POINTS if way == "winograd" else size * size
    weights = torch.empty(points, groups * (outputs + missing), inputs)
    numbers = [outputs, inputs] if way == "winograd" else [groups, outputs, inputs, size * size]
    pack = library().pack_winograd if way == "winograd" else library().pack_direct
    pack(kernel.data_ptr(), *numbers, block, weights.data_ptr(), torch.get_num_threads())
    rows = F.pad(biases.reshape(groups, -1), (0, missing))
    return Packed(weights, rows.contiguous(), halves)


def block_of(halves: int) -> int:
    """Outputs of a block."""
    lanes: int = library().lanes()
    return halves * lanes // 2


def block_halves(outputs: int) -> int:
    """Half vectors of a block: wide blocks are fast, but may be empty in part."""

    def cost(halves: int) -> float:
        return -(-outputs // block_of(halves)) * halves / WIDTHS[halves]

    return min(WIDTHS, key=cost)
