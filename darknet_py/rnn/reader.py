"""A recurrent net that reads symbols one after the other and predicts the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray

from darknet_py.errors import DarknetError
from darknet_py.network.graph import Graph
from darknet_py.network.network import Network

LEAST_TEMPERATURE = 1e-3
"""Below this the likeliest symbol has all the probability anyway, and smaller numbers overflow."""


@dataclass
class Reader:
    """A network with its memory: what it has read so far.

    network: with time_steps=N reads N symbols at once.
    """

    network: Network
    device: torch.device
    state: dict[int, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.network = self.network.for_inference().to(self.device)

    @property
    def symbols(self) -> int:
        return self.network.graph.net.input.size

    @property
    def steps(self) -> int:
        return self.network.graph.net.time_steps

    def read(self, codes: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float64]:
        """The probability of each symbol after each of the `steps` codes, (steps, symbols).

        Raises DarknetError for a network whose answers are not finite.
        """
        index = torch.as_tensor(np.asarray(codes), device=self.device)
        x = torch.nn.functional.one_hot(index, self.symbols).float()
        with torch.inference_mode():
            (y,) = self.network(x, self.state)
        probabilities = y.reshape(len(codes), -1).double().cpu().numpy()
        if not np.isfinite(probabilities).all():
            raise DarknetError("the network's answers are not finite; are its weights damaged?")
        return np.asarray(probabilities)


def with_temperature(graph: Graph, temperature: float) -> Graph:
    """The graph whose [softmax] sections all have this temperature, as `-temp` sets it."""
    if not temperature >= LEAST_TEMPERATURE:
        message = f"temperature {temperature:g}, expected {LEAST_TEMPERATURE:g} or more"
        raise DarknetError(f"{message}; the smaller, the surer is the likeliest symbol")
    nodes = (replace(node, layer=node.layer.at_temperature(temperature)) for node in graph.nodes)
    return replace(graph, nodes=tuple(nodes))
