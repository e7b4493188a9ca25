"""A classification network on a device: inputs in, scores of the classes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from darknet_py.engines.engine import open_engine
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import DarknetError
from darknet_py.layers.tree import Tree
from darknet_py.network.network import Network

Scores = NDArray[np.float32]
SIZES_KEPT = 16
"""Networks for other sizes of the input that are kept; on plain torch they share the weights."""
TORCH = EngineConfig()
Run = Callable[[Tensor], list[Tensor]]


class Classifier:
    """Runs a classification network.

    tree: of its classes; a score is then the product from the root down. leaves: which of the
    tree's classes can be answered, None for all.
    """

    def __init__(
        self,
        network: Network,
        config: EngineConfig = TORCH,
        tree: Tree | None = None,
        leaves: NDArray[np.bool_] | None = None,
        *,
        shared: bool = False,
    ) -> None:
        """shared: nobody changes the network from here on; otherwise its tensors are copied.

        Raises DarknetError for an engine, a precision or a device that is not there.
        """
        self.graph = network.graph
        self.engine = open_engine(network, config, shared=shared)
        self.device = self.engine.device
        self.tree = tree
        self.leaves = None if leaves is None else torch.from_numpy(leaves).to(self.device)
        self._config = config
        self._resized = lru_cache(SIZES_KEPT)(self._for_size)

    @property
    def classes(self) -> int:
        return self.graph.nodes[self.graph.last].out.size

    def scores(self, images: Sequence[Sequence[Tensor]], batch: int = 1) -> Scores:
        """The classes' scores (N, classes) of N images, each the sum over its inputs.

        batch: inputs of one size that run at once. Raises DarknetError for scores that are not
        finite.
        """
        inputs = [(index, one) for index, views in enumerate(images) for one in views]
        sums = torch.zeros(len(images), self.classes, device=self.device)
        for group in _same_size(inputs, batch):
            rows = torch.tensor([index for index, _ in group], device=self.device)
            sums.index_add_(0, rows, self._run(torch.stack([one for _, one in group])))
        scores = sums.cpu().numpy()
        if not np.isfinite(scores).all():
            raise DarknetError("the network's scores are not finite; are its weights damaged?")
        return scores

    def _run(self, x: Tensor) -> Tensor:
        engine = self._resized(x.shape[3], x.shape[2])
        with torch.inference_mode():
            (y,) = engine(x.to(self.device, memory_format=torch.channels_last))
            scores = y.flatten(1).float()
            if self.tree:
                scores = self.tree.products(scores)
            return scores if self.leaves is None else scores * self.leaves

    def _for_size(self, width: int, height: int) -> Run:
        net = self.graph.net
        if (width, height) == (net.width, net.height):
            return self.engine
        try:
            other = self.engine.network.resized(width, height)
        except DarknetError:
            message = f"cannot run at {width} x {height}, but this command takes any size"
            raise DarknetError(f"{self.graph.path}: {message}; use `classifier valid`") from None
        outputs = other.graph.nodes[other.graph.last].out.size
        if outputs != self.classes:
            message = f"gives {outputs} values for {width} x {height} pixels, not {self.classes}"
            raise DarknetError(f"{self.graph.path}: {message}; it needs an [avgpool] at its end")
        other.eval()
        # What an engine prepares pays off for many images of a size, and takes memory for each.
        plain = self._config == EngineConfig(device=self._config.device)
        return other if plain else open_engine(other, self._config, shared=True)


def leaves_of(tree: Tree, names: Sequence[str] | None = None) -> NDArray[np.bool_]:
    """Which classes of a tree are leaves: those of these names, else those without children."""
    if names is None:
        return np.array(tree.child) < 0
    return np.isin(np.array(tree.names), np.array(names))


def _same_size(
    inputs: Sequence[tuple[int, Tensor]], batch: int
) -> Iterator[list[tuple[int, Tensor]]]:
    """Groups of up to `batch` inputs of one size."""
    sizes = dict.fromkeys(tuple(one.shape) for _, one in inputs)
    for size in sizes:
        alike = iter([pair for pair in inputs if tuple(pair[1].shape) == size])
        while group := list(islice(alike, batch)):
            yield group


def top(scores: Scores, count: int) -> list[int]:
    """The classes of the highest scores (classes,), the first of equals first."""
    order = np.argsort(-scores, kind="stable")
    return [int(number) for number in order[:count]]
