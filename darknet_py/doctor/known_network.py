"""A small network whose every number is known, so that what comes out can be compared.

Its weights, its images and its labels are of whole-number arithmetic: no generator, which another
version of torch might have changed.
"""

from __future__ import annotations

import torch
from torch import Tensor

from darknet_py.cfg.text import parse
from darknet_py.errors import Problems
from darknet_py.forks import fork_named
from darknet_py.network.graph import Graph, build
from darknet_py.network.network import Network

NAME = "self-test"
CFG = """[net]
width=64
height=64
channels=3
batch=2
subdivisions=1
learning_rate=0.0001
momentum=0.9
decay=0.0005
max_batches=10

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
size=3
groups=16
pad=1
activation=mish

[shortcut]
from=-2
activation=linear

[maxpool]
size=2
stride=2

[convolutional]
batch_normalize=1
filters=32
size=3
pad=1
activation=swish

[upsample]
stride=2

[route]
layers=-1,-4

[convolutional]
filters=16
size=1
activation=linear

[yolo]
mask=0,1
anchors=10,12, 24,20
classes=3
num=2
iou_loss=ciou
scale_x_y=1.05
"""
"""Convolutions plain, in groups and 1x1, batch normalisation, four activations, joins, a head."""
FACTOR, MODULUS = 1_103_515_245, 1 << 31
OBJECTS = (((0.3, 0.4, 0.3, 0.25, 0), (0.7, 0.6, 0.4, 0.4, 2)), ((0.5, 0.5, 0.6, 0.5, 1),))
"""Of each image: x, y, w, h relative to it, and the class."""
MOST_LABELS, LABEL = 200, 6
"""Labels of an image in the layout of AlexeyAB's program, and numbers of each."""


def known_graph() -> Graph:
    problems = Problems()
    return build(parse(CFG, NAME, problems), fork_named("alexeyab"), problems)


def known_network() -> Network:
    """With weights of about the size that training leaves."""
    network = Network(known_graph())
    with torch.no_grad():
        for number, (name, tensor) in enumerate(network.state_dict().items()):
            tensor.copy_(_values(name, tensor, number))
    return network


def _values(name: str, tensor: Tensor, number: int) -> Tensor:
    values = known_numbers(tensor.numel(), number).view(tensor.shape)
    if name.endswith(("scales", "variance")):
        return 0.5 + values
    fan_in = tensor[0].numel() if tensor.dim() > 1 else 16
    return (2 * values - 1) * (3 / fan_in) ** 0.5


def known_numbers(count: int, seed: int) -> Tensor:
    """Float32 (count) in [0, 1), scattered."""
    mixed = torch.arange(1, count + 1, dtype=torch.int64) + 7919 * (seed + 1)
    for _ in range(3):
        mixed = (mixed * FACTOR + 12345) % MODULUS
        mixed = mixed ^ (mixed >> 15)
    return (mixed.double() / MODULUS).float()


def known_images() -> Tensor:
    """Float32 (2, 3, 64, 64) in [0, 1)."""
    return known_numbers(2 * 3 * 64 * 64, 100).view(2, 3, 64, 64)


def known_truth() -> Tensor:
    """Labels (2, 1200) as a step of Trainer takes them."""
    truth = torch.zeros(len(OBJECTS), MOST_LABELS, LABEL)
    for labels, objects in zip(truth, OBJECTS, strict=True):
        for label, values in zip(labels, objects, strict=False):
            label[: len(values)] = torch.tensor(values)
    return truth.flatten(1)


def checksum(heads: list[Tensor]) -> float:
    """A mean of squares in which every place weighs differently, so that none can be exchanged."""
    flat = torch.cat([head.detach().double().cpu().flatten() for head in heads])
    return float((flat.square() * (0.5 + known_numbers(len(flat), 200).double())).mean())
