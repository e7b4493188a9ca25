"""A network of small convolutions, and whether there is a compiler for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.engines.compiler import CannotBuild, compiler
from darknet_py.network.network import Network


def need_compiler() -> None:
    try:
        compiler()
    except CannotBuild as reason:
        pytest.skip(str(reason))


CFG = """[net]
width=32
height=32
channels=3
[convolutional]
batch_normalize=1
filters=16
size=3
stride=2
pad=1
activation=leaky
[convolutional]
batch_normalize=1
filters=16
groups=16
size=3
pad=1
activation=relu6
[convolutional]
filters=16
size=1
activation=linear
[shortcut]
from=-3
activation=linear
[maxpool]
size=2
stride=2
[convolutional]
filters=14
size=1
activation=linear
[yolo]
mask=0,1
anchors=2,3, 4,5
num=2
classes=2
scale_x_y=1.1
"""


def network(tmp_path: Path) -> Network:
    path = tmp_path / "net.cfg"
    path.write_text(CFG)
    net = Network.from_cfg(path, seed=0)
    for name, tensor in net.state_dict().items():
        if name.endswith("variance"):
            tensor.fill_(0.7)
    return net
