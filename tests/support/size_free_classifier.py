"""A network of five classes that takes inputs of any size."""

from __future__ import annotations

from pathlib import Path

from darknet_py import Network

CFG = """[net]
width=8
height=6
channels=3
[convolutional]
batch_normalize=1
filters=6
size=3
stride=2
pad=1
activation=leaky
[convolutional]
filters=5
size=1
activation=linear
[avgpool]
[softmax]
{softmax}
"""


def network(folder: Path, softmax: str = "", cfg: str = CFG) -> Network:
    path = folder / "c.cfg"
    path.write_text(cfg.format(softmax=softmax))
    made = Network.from_cfg(path, seed=0)
    for name, tensor in made.named_buffers():
        if name.endswith("variance"):
            tensor.fill_(0.1)
    return made
