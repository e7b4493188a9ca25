"""Whether a file's own program computes what the network computes that was made of it."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from darknet_py.checkpoints.tensor_arithmetic import head_inputs
from darknet_py.checkpoints.weight_match import WeightMatch
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network

BOUND = 1e-4
"""Of the largest difference, as a part of the largest value."""
SIDES = (128, 96)
"""Height and width of the image both are run on, where the network takes any size."""


@dataclass(frozen=True)
class Difference:
    """largest: of the values that the heads read. range: the largest of those values."""

    largest: float
    range: float

    @property
    def small(self) -> bool:
        """Whether it is what rounding makes; a value that is not finite never is."""
        return self.largest <= BOUND * max(1.0, self.range)

    def __str__(self) -> str:
        return f"largest difference {self.largest:.2g} of values up to {self.range:.3g}"


def program_difference(network: Network, match: WeightMatch) -> Difference:
    """Run the file's tensors, nothing folded, beside the network on one random image."""
    sized = _sized(network)
    net = sized.graph.net
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, net.channels, net.height, net.width, generator=generator)
    theirs, ours = head_inputs(match, image), sized.trace(image)
    pairs = [(value, ours[index]) for index, value in theirs.items()]
    return Difference(
        max(float((one - other).abs().max()) for one, other in pairs),
        max(float(other.abs().max()) for _, other in pairs),
    )


def tensor_difference(network: Network, other: Network) -> Difference:
    """Of the tensors themselves, for files that hold no program."""
    there = other.state_dict()
    pairs = [(tensor, there[name]) for name, tensor in network.state_dict().items()]
    return Difference(
        max((float((a - b).abs().max()) for a, b in pairs if a.numel()), default=0.0),
        max((float(a.abs().max()) for a, _ in pairs if a.numel()), default=0.0),
    )


def _sized(network: Network) -> Network:
    height, width = SIDES
    try:
        return network.resized(width, height)
    except DarknetError:
        return network
