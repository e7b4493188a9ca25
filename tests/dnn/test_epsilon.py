"""OpenCV's epsilon of batch normalisation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from support.tiny_detector import files

from darknet_py import Network
from darknet_py.dnn.epsilon import use_opencv_epsilon


def test_a_tiny_variance_is_divided_by_as_opencv_does(tmp_path: Path) -> None:
    cfg, weights = files(tmp_path)
    network = Network.from_cfg(cfg)
    network.load_weights(weights)
    own = network.own(0)
    own["rolling_variance"].fill_(2e-6)
    own["rolling_mean"].fill_(0.5)
    usual = torch.nn.functional.conv2d(x := torch.rand(1, 3, 32, 64), own["weights"], None, 2, 1)
    use_opencv_epsilon(network)
    inner = network.graph.nodes[0].layer
    actual = inner.forward(network.graph.context(0), own, [x], _run())
    expected = (usual - 0.5) / np.sqrt(2e-6 + 1e-6) * own["scales"].view(1, -1, 1, 1)
    expected = torch.nn.functional.leaky_relu(expected + own["biases"].view(1, -1, 1, 1), 0.1)
    assert actual.detach().numpy() == pytest.approx(expected.detach().numpy(), rel=1e-3, abs=1e-2)


def _run() -> object:
    from darknet_py.layers.base import Run

    return Run()
