"""smooth= of [convolutional] against the gradient of the squared differences it makes smaller."""

from __future__ import annotations

import itertools

import pytest
import torch
from support.layer_check import network
from support.small_step import CONV, HEAD, NET, data, gradients_of
from torch import Tensor

from darknet_py.network.network import Network
from darknet_py.train.smoothed_delta import SmoothedDelta

RATE = 0.25
SMOOTH = f"smooth={RATE}\n"


def unevenness(y: Tensor) -> Tensor:
    """Half the squared differences of all pairs that are at most two rows and columns apart."""
    height, width = y.shape[2:]
    total = y.new_zeros(())
    cells = list(itertools.product(range(height), range(width)))
    for (i, j), (k, m) in itertools.combinations(cells, 2):
        if abs(i - k) <= 2 and abs(j - m) <= 2:
            total = total + ((y[:, :, i, j] - y[:, :, k, m]) ** 2).sum() / 2
    return total


def test_the_delta_of_an_output() -> None:
    y = torch.rand(2, 3, 6, 4, dtype=torch.float64, requires_grad=True)
    given = torch.rand_like(y)
    smoothed = SmoothedDelta.apply(y, RATE, torch.tensor(8.0, dtype=torch.float64))
    assert smoothed.equal(y)
    (actual,) = torch.autograd.grad(smoothed, y, given)
    (expected,) = torch.autograd.grad(unevenness(y), y)
    torch.testing.assert_close(actual, given + 8 * RATE * expected)


def small(smooth: str, fork: str) -> Network:
    plain = CONV.replace("batch_normalize=1\n", "")
    return network(NET.replace("subdivisions=2", "subdivisions=1") + plain + smooth + HEAD, fork)


def plain_truth(fork: str) -> Tensor:
    truth = data()[1].reshape(4, 200, 6)
    return (truth[:, :90, :5] if fork == "pjreddie" else truth).flatten(1)


@pytest.mark.parametrize("fork", ["pjreddie", "alexeyab"])
def test_a_step(fork: str) -> None:
    """The kernels of the layer learn it, no layer behind it does; AlexeyAB's does not read it."""
    images, truth = data()[0], plain_truth(fork)
    before, after = (gradients_of(small(text, fork), images, truth) for text in ("", SMOOTH))
    net = small(SMOOTH, fork)
    kernel = net.own(0)["weights"]
    sums = torch.nn.functional.conv2d(images, kernel, net.own(0)["biases"], padding=1)
    y = torch.nn.functional.leaky_relu(sums, 0.1)
    (asked,) = torch.autograd.grad(RATE * unevenness(y), kernel)
    assert asked.abs().max() > 0.1
    expected = asked if fork == "pjreddie" else torch.zeros_like(asked)
    moved = after["layers.0.weights"] - before["layers.0.weights"]
    torch.testing.assert_close(moved, expected, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(after["layers.1.weights"], before["layers.1.weights"])
