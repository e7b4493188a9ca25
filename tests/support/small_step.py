"""A network that takes a training step in milliseconds, data for it, and what a step changes."""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from darknet_py.network.network import Network
from darknet_py.train import Trainer

NET = """[net]
batch=4
subdivisions=2
width=8
height=8
channels=2
learning_rate=0.01
momentum=0.9
decay=0.1
max_batches=100
"""
CONV = "[conv]\nbatch_normalize=1\nfilters=4\nsize=3\npad=1\nactivation=leaky\n"
HEAD = (
    "[conv]\nfilters=14\nsize=1\nactivation=linear\n"
    "[yolo]\nclasses=2\nnum=2\nmask=0,1\nanchors=2,2,4,4\n"
)


def data(images: int = 4, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Images with two labels each, in AlexeyAB's layout."""
    generator = torch.Generator().manual_seed(seed)
    truth = torch.zeros(images, 200, 6)
    truth[:, :2, :4] = torch.rand(images, 2, 4, generator=generator) * 0.5 + 0.2
    truth[:, :2, 4] = torch.randint(2, (images, 2), generator=generator).float()
    return torch.rand(images, 2, 8, 8, generator=generator), truth.flatten(1)


def weights(net: Network) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in net.state_dict().items()}


def changed(before: dict[str, Tensor], net: Network) -> set[str]:
    return {name for name, tensor in net.state_dict().items() if not before[name].equal(tensor)}


def gradients_of(net: Network, images: Tensor, truth: Tensor) -> dict[str, Tensor]:
    """The summed gradients of a step, taken on a copy that does not move."""
    twin = copy.deepcopy(net)
    trainer = Trainer(twin)
    trainer.optimizer.move = lambda *_: None  # type: ignore[method-assign]
    trainer.step(images, truth)
    names = {id(tensor): name for name, tensor in twin.named_parameters()}
    return {names[id(state.tensor)]: -state.update for state in trainer.optimizer.states}
