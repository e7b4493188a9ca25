"""Parts of a network: values before a section's output, and no more work than they need."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from support import opencv_nets

from darknet_py.dnn import readNet

BODY = """[net]
width=8
height=8
channels=2
[convolutional]
filters=4
size=3
pad=1
{options}
activation=leaky
[shortcut]
from=-1
activation=mish
[connected]
output=3
batch_normalize=1
activation=tanh
[dropout]
"""


def made(folder: Path, options: str) -> object:
    cfg, weights = opencv_nets.files(folder, "yolo")
    cfg.write_text(BODY.format(options=options))
    values = np.abs(opencv_nets.wave(4 * 4 + 4 * 2 * 9 + 3 + 3 * 256 + 9)) + 0.01
    weights.write_bytes(weights.read_bytes()[:20] + values.tobytes())
    net = readNet(cfg, weights)
    net.setInput(opencv_nets.wave(2 * 2 * 64).reshape(2, 2, 8, 8))
    return net


@pytest.mark.parametrize("options", ["batch_normalize=1", "cbn=1"])
def test_a_convolution_before_its_normalization(options: str, tmp_path: Path) -> None:
    net = made(tmp_path, options)
    assert net.getLayerNames()[:3] == ("conv_0", "bn_0", "leaky_1")
    (conv,) = net.forward(["conv_0"])
    x = torch.from_numpy(opencv_nets.wave(2 * 2 * 64).reshape(2, 2, 8, 8))
    expected = torch.conv2d(x, torch.from_numpy(net.getParam("conv_0")), None, 1, 1)
    assert conv == pytest.approx(expected.numpy(), abs=1e-5)
    assert len(net.getLayer("conv_0").blobs) == 1


def test_before_the_activation_of_other_kinds(tmp_path: Path) -> None:
    net = made(tmp_path, "batch_normalize=1")
    names = ("conv_0", "bn_0", "leaky_1", "shortcut_1", "mish_2")
    dense = ("fullyConnected_2", "bn_2", "tanh_3", "identity_3")
    assert net.getLayerNames() == names + dense
    leaky, sums, mish, product, normal, tanh, last = net.forward(
        ["leaky_1", "shortcut_1", "mish_2", *dense]
    )
    assert sums == pytest.approx(2 * leaky, abs=1e-6)
    assert mish == pytest.approx(torch.nn.functional.mish(torch.from_numpy(sums)).numpy(), abs=1e-5)
    matrix = net.getParam("fullyConnected_2")
    assert product == pytest.approx(mish.reshape(2, -1) @ matrix.T, rel=1e-4)
    mean, variance, scale, bias = (net.getParam("bn_2", number) for number in range(4))
    assert normal == pytest.approx(
        (product - mean) / np.sqrt(variance + 1e-6) * scale + bias, rel=1e-4
    )
    assert tanh == pytest.approx(np.tanh(normal), abs=1e-5) and tanh.shape == (2, 3)
    assert np.array_equal(last, tanh)
