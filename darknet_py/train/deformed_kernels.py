"""Kernels of which most are turned, mirrored or stretched copies of the others.

AlexeyAB's GPU code counts the kernels of a convolution filter by filter and divides them into equal
stages: the first are as they are, each other stage is deformed its own way. Weights are kept
deformed, so that a network runs, and is saved, without another word.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from darknet_py.layers.device_constant import DeviceConstant
from darknet_py.layers.kernel_rule import KernelRule

QUARTERS = 4
"""Copies are taken of the first quarter, into however many stages the kernels are divided."""
Matrix = NDArray[np.float64]
STRETCHES = (0.65, 0.8, 1.3)
"""Of the stages of stretch=1 behind the first."""
SWAY_STRETCHES = (0.65, 0.8, 1.2, 1.4)
"""The same of stretch_sway=1, before those that are turned and mirrored."""


def deform(rule: KernelRule, kernels: Tensor, back: bool = False) -> Tensor:
    """Each kernel of (F, C, S, S) as its stage has it; back: with what C takes for the inverse."""
    size = kernels.shape[2]
    matrices = _matrices(rule.deformation, rule.angle, size, back).on(kernels.device, kernels.dtype)
    staged = kernels.reshape(rule.stages, -1, size * size)
    return torch.einsum("sde,sne->snd", matrices, staged).reshape(kernels.shape)


def merged(kernels: Tensor) -> Tensor:
    """Every quarter becomes the mean of the quarters."""
    return _repeated(kernels.reshape(QUARTERS, -1).mean(dim=0), kernels)


def copied(kernels: Tensor) -> Tensor:
    """Every quarter becomes the first."""
    return _repeated(kernels.reshape(QUARTERS, -1)[0], kernels)


def _repeated(quarter: Tensor, like: Tensor) -> Tensor:
    return quarter.expand(QUARTERS, -1).reshape(like.shape)


@lru_cache(maxsize=64)
def _matrices(deformation: str, angle: int, size: int, back: bool) -> DeviceConstant:
    """(stages, S * S, S * S): from a kernel's weights, row by row, to those of the deformed one."""
    index = np.arange(size * size).reshape(size, size)
    turn = -angle if back else angle
    sways = [_swayed(size, turn), _swayed(size, -turn), _taken(index[:, ::-1])]
    turns = (-1, -2, -3)
    stages = {
        "sway": sways,
        "rotate": [_taken(np.rot90(index, -n if back else n)) for n in turns],
        "stretch": [_stretched(size, scale, back) for scale in STRETCHES],
        "stretch_sway": [_widened(size, scale, back) for scale in SWAY_STRETCHES] + sways,
    }
    return DeviceConstant(np.stack([_taken(index), *stages[deformation]]).tolist())


def _taken(index: NDArray[np.int64]) -> Matrix:
    """Each weight is the one with the index in its place."""
    return np.eye(index.size)[index.ravel()]


def _grid(size: int) -> tuple[Matrix, Matrix]:
    """Columns and rows of a kernel's weights, counted from its middle."""
    rows, columns = np.mgrid[:size, :size] - float(size // 2)
    return columns, rows


def _read_at(size: int, x: Matrix, y: Matrix) -> Matrix:
    """Reads a kernel between its weights, at x and y from its middle; outside are zeros."""
    columns, rows = _grid(size)
    near_x = 1 - np.abs(x.reshape(-1, 1) - columns.reshape(1, -1))
    near_y = 1 - np.abs(y.reshape(-1, 1) - rows.reshape(1, -1))
    return np.maximum(near_x, 0) * np.maximum(near_y, 0)


def _swayed(size: int, angle: int) -> Matrix:
    """Turned by so many degrees; what is lost at the corners, all weights make up for alike."""
    (x, y), cos, sin = _grid(size), math.cos(math.radians(angle)), math.sin(math.radians(angle))
    turned = _read_at(size, x * cos + y * sin, y * cos - x * sin)
    return turned * size**2 / turned.sum()


def _stretched(size: int, scale: float, back: bool) -> Matrix:
    scale = 1 / scale if back else scale
    x, y = _grid(size)
    return _read_at(size, x / scale, y / scale) / scale


def _widened(size: int, scale: float, back: bool) -> Matrix:
    """The same for stretch_sway, where what shrinks is not made stronger."""
    return _stretched(size, scale, back) * min(1.0, 1 / scale if back else scale)
