"""Layers of one bit learn: their backward pass, derived from the steps of the GPU code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from support.small_step import gradients_of
from torch.nn.functional import conv2d
from torch.nn.grad import conv2d_input, conv2d_weight

from darknet_py.layers.straight_through import binarized, signs
from darknet_py.network.network import Network

CFG = """[net]
batch=3
width=5
height=4
channels=2
[conv]
filters=4
size=3
pad=1
activation=linear
[conv]
filters=3
size=3
pad=1
activation=linear
{kind}=1
[cost]
"""


@pytest.mark.parametrize("kind", ["binary", "xnor"])
def test_weights_and_what_lies_below_learn(tmp_path: Path, kind: str) -> None:
    """Sums over inputs and kernels of one bit; only |x| < 1 passes on what an xnor layer gives."""
    (tmp_path / "net.cfg").write_text(CFG.format(kind=kind))
    torch.manual_seed(3)
    net = Network.from_cfg(tmp_path / "net.cfg")
    images, truth = torch.rand(3, 2, 4, 5) * 4 - 2, torch.rand(3, 60)
    weights = {name: tensor.detach() for name, tensor in net.named_parameters()}
    first, second = weights["layers.0.weights"], weights["layers.1.weights"]
    x = conv2d(images, first, weights["layers.0.biases"], padding=1)
    assert 0.1 < float((x.abs() < 1).float().mean()) < 0.9
    bits = torch.sign(second) * second.abs().mean((1, 2, 3), keepdim=True)
    read = torch.sign(x) if kind == "xnor" else x
    out = conv2d(read, bits, weights["layers.1.biases"], padding=1)
    slope = out - truth.reshape(out.shape)
    below = conv2d_input(x.shape, bits, slope, padding=1)
    if kind == "xnor":
        below = below * (x.abs() < 1)
    expected = {
        "layers.1.weights": conv2d_weight(read, second.shape, slope, padding=1),
        "layers.0.weights": conv2d_weight(images, first.shape, below, padding=1),
    }
    actual = gradients_of(net, images, truth)
    for name, gradient in expected.items():
        np.testing.assert_allclose(actual[name], gradient, rtol=1e-4, atol=1e-4, err_msg=name)


def test_the_values_are_exact_with_and_without_a_gradient() -> None:
    x = torch.tensor([-3.0, -1, -0.25, 0, 0.3, 1, 7], requires_grad=True)
    assert signs(x).tolist() == signs(x.detach()).tolist() == [-1, -1, -1, -1, 1, 1, 1]
    signs(x).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [0, 0, 1, 1, 1, 0, 0]
    kernel = torch.randn(4, 3, 3, 3, requires_grad=True)
    bits = binarized(kernel)
    assert torch.equal(bits, binarized(kernel.detach()))
    assert all(len(set(one.abs().flatten().tolist())) == 1 for one in bits)
