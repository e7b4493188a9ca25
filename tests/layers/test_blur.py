"""The blur of antialiased layers, by hand. In its layers: test_convolution, test_pooling."""

from __future__ import annotations

import pytest
import torch
from support.layer_check import net_section, read

from darknet_py.layers.base import Run
from darknet_py.layers.blur import Blur, window_count
from darknet_py.layers.shape import Shape


@pytest.mark.parametrize(
    ("size", "window", "stride", "padding", "count"),
    [(7, 3, 2, 0, 3), (7, 3, 2, 2, 4), (8, 2, 2, 1, 4), (1, 2, 2, 0, 1), (3, 3, 1, 0, 1)],
)
def test_windows_are_counted_as_c_truncates(
    size: int, window: int, stride: int, padding: int, count: int
) -> None:
    assert window_count(size, window, stride, padding) == count


def test_three_values_a_side_are_padded_and_two_are_not() -> None:
    assert (Blur(1, 2, 2).row, Blur(1, 2, 2).padding) == ((1.0, 2.0, 1.0), 1)
    assert (Blur(2, 2, 2).row, Blur(2, 2, 2).padding) == ((1.0, 1.0), 0)
    assert Blur(7, 2, 2).row == Blur(1, 2, 2).row, "any other value counts as 1"


def test_shape() -> None:
    assert Blur(1, 2, 1).shape(Shape(3, 6, 7)) == (3, 6, 4)
    assert Blur(2, 2, 2).shape(Shape(3, 6, 7)) == (3, 3, 3)


def test_an_impulse_becomes_the_kernel() -> None:
    x = torch.zeros(1, 2, 5, 5)
    x[0, 1, 2, 2] = 16
    y = Blur(1, 1, 1).apply(x)
    assert y.shape == x.shape and not y[0, 0].any()
    assert y[0, 1, 1:4, 1:4].tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    assert y.sum() == 16


def test_darknets_output_is_overwritten_from_the_front() -> None:
    full = torch.arange(16.0).reshape(1, 1, 4, 4)
    run = Run(darknet_outputs={})
    graph = read(net_section(1, 4, 4) + "[maxpool]\nsize=2\nstride=1\n")
    blurred = Blur(2, 2, 2).finish(graph.context(0), full, run)
    assert blurred.flatten().tolist() == [2.5, 4.5, 10.5, 12.5]
    assert run.darknet_outputs is not None
    assert run.darknet_outputs[0].flatten().tolist() == [2.5, 4.5, 10.5, 12.5, *range(4, 16)]
    assert full.flatten().tolist() == [*range(16)], "the layer's own output stays"
