"""Labels of channels: which channel of a network's layer is which channel of another's.

A convolution's outputs are numbered; joining, adding, pooling and upsampling make new labels of the
old ones. Two layers that compute the same have the same labels, whatever the order of their
channels, so that comparing them finds the order, and finds networks that are joined otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from darknet_py.checkpoints.module_tree import ModuleTree

Labels = NDArray[np.uint64]
IMAGE = 1 << 31
"""The number of the input among the layers."""


def labels_of(layer: int, channels: int) -> Labels:
    """Of the outputs of a convolution."""
    start = np.uint64(layer + 1 << 32)
    return _mixed(np.arange(channels, dtype=np.uint64) + start)


def _mixed(values: Labels, how: int = 0) -> Labels:
    """Well-spread numbers: splitmix64."""
    with np.errstate(over="ignore"):
        mixed = values + np.uint64(0x9E3779B97F4A7C15) * np.uint64(how + 1)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


class LabelArithmetic:
    """Everything but convolutions, which are met where the networks are compared."""

    def concat(self, values: Sequence[Labels]) -> Labels:
        return np.concatenate(values)

    def add(self, one: Labels, other: Labels) -> Labels:
        with np.errstate(over="ignore"):
            return one + other

    def part(self, x: Labels, number: int, of: int) -> Labels:
        return np.split(x, of)[number]

    def pool(self, x: Labels, size: int, stride: int) -> Labels:
        return _mixed(x, size * 1000 + stride)

    def upsample(self, x: Labels) -> Labels:
        return _mixed(x, 1)

    def conv(self, tree: ModuleTree, x: Labels) -> Labels:
        raise NotImplementedError

    def adds(self, tree: ModuleTree) -> bool:
        raise NotImplementedError


def order_of(there: Labels, wanted: Labels) -> torch.Tensor | None:
    """Where each channel that is wanted lies among those that are there; None: each at its own
    place. Raises ValueError where they are not the same channels."""
    if there.shape == wanted.shape and (there == wanted).all():
        return None
    sorted_there, sorted_wanted = (
        np.argsort(there, kind="stable"),
        np.argsort(wanted, kind="stable"),
    )
    if there.shape != wanted.shape or (there[sorted_there] != wanted[sorted_wanted]).any():
        raise ValueError
    order: Any = np.empty(len(wanted), np.int64)
    order[sorted_wanted] = sorted_there
    return torch.from_numpy(order)
