"""How far apart the heads of two engines are."""

from __future__ import annotations

import math

import torch
from support.golden_check import GOLDEN, loaded

from darknet_py.engines.comparison import differences, noise


def test_a_share_of_the_largest_value_head_by_head() -> None:
    expected = [torch.tensor([1.0, -4.0]), torch.zeros(2)]
    heads = [torch.tensor([1.0, -3.0]), torch.tensor([0.0, 0.5])]
    assert differences(heads, expected) == [0.25, 0.5]
    assert differences(expected, expected) == [0.0, 0.0]


def test_what_cannot_be_compared_is_infinitely_far() -> None:
    one = torch.ones(2)
    nothing, endless = torch.tensor([1.0, math.nan]), torch.tensor([1.0, math.inf])
    assert differences([nothing, one, endless, torch.ones(3)], [one, nothing, one, one]) == (
        [math.inf] * 4
    )


def test_the_same_images_each_time_and_no_others_for_the_caller() -> None:
    graph = loaded(GOLDEN / "yolov3", "alexeyab").graph
    before = torch.get_rng_state()
    x = noise(graph, 2)
    assert x.shape == (2, 3, 48, 64) and 0 <= x.min() < 0.01 and 0.99 < x.max() < 1
    assert torch.equal(x, noise(graph, 2)) and torch.equal(before, torch.get_rng_state())
