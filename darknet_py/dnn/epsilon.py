"""OpenCV's epsilon of batch normalisation, which is a tenth of Darknet's on a GPU.

In networks of few channels some variances are so small that confidences differ in the second digit.
"""

from __future__ import annotations

import torch

from darknet_py.layers.normalize import BATCHNORM_EPSILON
from darknet_py.network.network import Network

OPENCV_EPSILON = 1e-6
SHIFT = BATCHNORM_EPSILON - OPENCV_EPSILON
"""By which variances are smaller in a network that computes with OpenCV's epsilon."""
VARIANCE = "variance"


@torch.no_grad()
def use_opencv_epsilon(network: Network) -> None:
    """Has the network divide by sqrt(variance + OPENCV_EPSILON) from here on."""
    for node in network.graph.nodes:
        tensors = network.own(node.index)
        for stored in network.graph.stored(node.index):
            if stored.role == VARIANCE:
                tensors[stored.name].sub_(SHIFT)
