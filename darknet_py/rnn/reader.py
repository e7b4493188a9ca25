"""A recurrent net that reads symbols one after the other and predicts the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from darknet_py.errors import DarknetError
from darknet_py.layers.base import Run
from darknet_py.network.network import Network


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
        x = self._one_hot(codes)
        with torch.inference_mode():
            (y,) = self.network(x, self.state)
        return _finite(y.reshape(len(codes), -1))

    def read_first_layer(self, codes: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float64]:
        """What the first layer gives after each of the `steps` codes, (steps, outputs).

        Only that layer runs, and remembers. Raises DarknetError as `read`.
        """
        run = Run(state=self.state)
        with torch.inference_mode():
            _, y = next(self.network.outputs(self._one_hot(codes), run))
        return _finite(y.reshape(len(codes), -1))

    def _one_hot(self, codes: Sequence[int] | NDArray[np.int64]) -> torch.Tensor:
        index = torch.as_tensor(np.asarray(codes), device=self.device)
        return torch.nn.functional.one_hot(index, self.symbols).float()


def _finite(y: torch.Tensor) -> NDArray[np.float64]:
    values = y.double().cpu().numpy()
    if not np.isfinite(values).all():
        raise DarknetError("the network's answers are not finite; are its weights damaged?")
    return np.asarray(values)
