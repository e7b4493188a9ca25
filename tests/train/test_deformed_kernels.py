"""Kernels that are deformed copies: by numpy's own turns, by hand, and weight by weight."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from darknet_py.layers.kernel_rule import KernelRule
from darknet_py.train.deformed_kernels import copied, deform, merged

Kernel = NDArray[np.float64]


def deformed(rule: KernelRule, kernels: Kernel, back: bool = False) -> Kernel:
    """One kernel (S, S) a stage, as channels of one filter."""
    stacked = torch.tensor(kernels[None], dtype=torch.float64)
    result: Kernel = deform(rule, stacked, back)[0].numpy()
    return result


def kernels(stages: int, size: int = 3) -> Kernel:
    return np.random.default_rng(stages * size).normal(size=(stages, size, size))


@pytest.mark.parametrize("size", [2, 3, 5])
def test_rotate_turns_by_quarters_and_back(size: int) -> None:
    rule, given = KernelRule(deformation="rotate"), kernels(4, size)
    clockwise = [np.rot90(kernel, -turns) for turns, kernel in enumerate(given)]
    np.testing.assert_allclose(deformed(rule, given), clockwise, atol=1e-12)
    np.testing.assert_allclose(deformed(rule, deformed(rule, given), back=True), given, atol=1e-12)


@pytest.mark.parametrize("size", [2, 3, 5])
def test_the_last_stage_of_sway_is_a_mirror(size: int) -> None:
    for kind, stages in (("sway", 4), ("stretch_sway", 8)):
        rule, given = KernelRule(deformation=kind, angle=15), kernels(stages, size)
        for back in (False, True):
            result = deformed(rule, given, back)
            np.testing.assert_allclose(result[-1], given[-1][:, ::-1], atol=1e-12)
            np.testing.assert_allclose(result[0], given[0], atol=1e-12)


def test_sway_by_a_quarter_is_a_turn() -> None:
    """It reads at column x cos + y sin and row y cos - x sin: clockwise, and the next one back."""
    rule, given = KernelRule(deformation="sway", angle=90), kernels(4)
    result = deformed(rule, given)
    np.testing.assert_allclose(result[1], np.rot90(given[1], -1), atol=1e-6)
    np.testing.assert_allclose(result[2], np.rot90(given[2], 1), atol=1e-6)
    np.testing.assert_allclose(deformed(rule, result, back=True), given, atol=1e-6)


def test_stretch_of_a_flat_kernel_by_hand() -> None:
    """At .65 the outer points lie at 1 / .65 = 1.538, where .4615 of the last weight is read, and
    all is divided by .65. Back it is stretched by 1 / .65, where nothing is lost."""
    rule, flat = KernelRule(deformation="stretch"), np.ones((4, 3, 3))
    row = np.array([0.461538, 1, 0.461538])
    np.testing.assert_allclose(deformed(rule, flat)[1], np.outer(row, row) / 0.65, atol=1e-5)
    np.testing.assert_allclose(deformed(rule, flat, back=True)[1], np.full((3, 3), 0.65), atol=1e-6)
    np.testing.assert_allclose(deformed(rule, flat)[3], np.full((3, 3), 1 / 1.3), atol=1e-6)


def test_stretch_sway_weakens_only_what_grows() -> None:
    rule, flat = KernelRule(deformation="stretch_sway"), np.ones((8, 3, 3))
    row = np.array([0.461538, 1, 0.461538])
    np.testing.assert_allclose(deformed(rule, flat)[1], np.outer(row, row), atol=1e-5)
    np.testing.assert_allclose(deformed(rule, flat, back=True)[1], np.full((3, 3), 0.65), atol=1e-6)
    np.testing.assert_allclose(deformed(rule, flat)[4], np.full((3, 3), 1 / 1.4), atol=1e-6)
    shrunk = deformed(rule, flat, back=True)[4]
    row = np.array([1 - 0.4, 1, 1 - 0.4])
    np.testing.assert_allclose(shrunk, np.outer(row, row), atol=1e-5)


def weight_by_weight(
    kernel: Kernel, point: Callable[[int, int], tuple[float, float]]
) -> tuple[Kernel, float]:
    """The kernel read between four weights at each point (x, y), and how much was read outside."""
    size = len(kernel)
    result, lost = np.zeros((size, size)), 0.0
    for y, x in np.ndindex(size, size):
        at_x, at_y = point(x, y)
        left, top = math.floor(at_x), math.floor(at_y)
        for column, share_x in ((left, left + 1 - at_x), (left + 1, at_x - left)):
            for row, share_y in ((top, top + 1 - at_y), (top + 1, at_y - top)):
                if 0 <= column < size and 0 <= row < size:
                    result[y, x] += kernel[row, column] * share_x * share_y
                else:
                    lost += share_x * share_y
    return result, lost


def turned(kernel: Kernel, degrees: float) -> Kernel:
    size, middle = len(kernel), len(kernel) // 2
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))

    def point(x: int, y: int) -> tuple[float, float]:
        x, y = x - middle, y - middle
        return middle + x * cos + y * sin, middle - x * sin + y * cos

    result, lost = weight_by_weight(kernel, point)
    return result * size**2 / (size**2 - lost)


def stretched(kernel: Kernel, scale: float) -> Kernel:
    middle = len(kernel) // 2
    return weight_by_weight(
        kernel, lambda x, y: (middle + (x - middle) / scale, middle + (y - middle) / scale)
    )[0]


@pytest.mark.parametrize("size", [3, 4, 5])
@pytest.mark.parametrize("back", [False, True])
def test_weight_by_weight(size: int, back: bool) -> None:
    sign, scale_of = (-1, lambda s: 1 / s) if back else (1, lambda s: s)
    sway, given = KernelRule(deformation="sway", angle=20), kernels(4, size)
    result = deformed(sway, given, back)
    np.testing.assert_allclose(result[1], turned(given[1], sign * 20), atol=1e-6)
    np.testing.assert_allclose(result[2], turned(given[2], -sign * 20), atol=1e-6)
    result = deformed(KernelRule(deformation="stretch"), given, back)
    for stage, scale in enumerate((0.65, 0.8, 1.3), start=1):
        by = scale_of(scale)
        np.testing.assert_allclose(result[stage], stretched(given[stage], by) / by, atol=1e-6)
    both, given = KernelRule(deformation="stretch_sway", angle=20), kernels(8, size)
    result = deformed(both, given, back)
    for stage, scale in enumerate((0.65, 0.8, 1.2, 1.4), start=1):
        by = scale_of(scale)
        expected = stretched(given[stage], by) / max(1.0, by)
        np.testing.assert_allclose(result[stage], expected, atol=1e-6)
    np.testing.assert_allclose(result[5], turned(given[5], sign * 20), atol=1e-6)
    np.testing.assert_allclose(result[6], turned(given[6], -sign * 20), atol=1e-6)


def test_quarters_are_counted_kernel_by_kernel() -> None:
    """Two filters of six channels, channels last as in training: a quarter is three kernels."""
    given = torch.arange(12.0).reshape(2, 6, 1, 1).expand(2, 6, 3, 3)
    given = given.contiguous(memory_format=torch.channels_last)
    assert copied(given)[..., 0, 0].tolist() == [[0, 1, 2, 0, 1, 2]] * 2
    assert merged(given)[..., 0, 0].tolist() == [[4.5, 5.5, 6.5, 4.5, 5.5, 6.5]] * 2
    marked = torch.zeros(2, 6, 3, 3).contiguous(memory_format=torch.channels_last)
    marked[..., 0, 0] = 1
    corners = deform(KernelRule(deformation="rotate"), marked)
    where = [[int(k.argmax()) for k in kernel] for kernel in corners.flatten(2)]
    assert where == [[0, 0, 0, 2, 2, 2], [8, 8, 8, 6, 6, 6]]
