"""`Trainer`: one optimiser step as Darknet takes it, sub-batch by sub-batch."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from darknet_py.errors import DarknetError
from darknet_py.layers.base import Run
from darknet_py.layers.yolo import AnchorHead
from darknet_py.layout import Header
from darknet_py.losses import LOSSES, Pass
from darknet_py.losses.truth import HeadLoss
from darknet_py.network import Network
from darknet_py.train.optimizer import Optimizer
from darknet_py.train.schedule import rate

Array = NDArray[np.float32]


@dataclass
class Trainer:
    """Trains a network in place with the batch, policy and optimiser of its [net] section.

    seed makes everything random repeatable. losses: those of the last sub-batch, by layer index.
    """

    network: Network
    seed: int = 0
    optimizer: Optimizer = field(init=False)
    losses: dict[int, HeadLoss] = field(init=False, default_factory=dict)
    rate: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        graph = self.network.graph
        if self.network.folded:
            raise DarknetError(
                "batch normalisation is folded in; train the network it was made from"
            )
        self.owners = [node.index for node in graph.nodes if type(node.layer) in LOSSES]
        if not self.owners:
            last = graph.nodes[graph.last].layer.kind
            raise DarknetError(
                f"{graph.path}: nothing to learn: no layer has a loss, it ends in [{last}]"
            )
        self.optimizer = Optimizer(self.network)
        self.batch = self._seen // self.images
        self._chance = random.Random(self.seed)
        self._generator = torch.Generator(self._device).manual_seed(self.seed)
        self._frozen = _frozen_layers(self.network)
        self._fixed = max(self._frozen, _statistics_only(self.network))

    @property
    def mini_batch(self) -> int:
        """Images of one sub-batch: batch / subdivisions, at least 1, times time_steps."""
        net = self.network.graph.net
        return max(1, net.batch // net.subdivisions) * net.time_steps

    @property
    def images(self) -> int:
        """Images of one optimiser step."""
        return self.mini_batch * self.network.graph.net.subdivisions

    @property
    def _seen(self) -> int:
        return self.network.header.seen

    @property
    def _device(self) -> torch.device:
        return next(self.network.parameters()).device

    def step(self, images: Tensor | Array, truth: Tensor | Array) -> float:
        """One optimiser step over `images` (batch, C, H, W) in [0, 1] and `truth` (batch, truths).

        truth is laid out as the C programs' l.truths: boxes of x y w h class [track] padded with
        zeros for detection heads, cells for [detection], one number per class for classifiers.
        Returns Darknet's loss: cost summed over heads / heads, averaged over subdivisions.
        Raises DarknetError for a wrong number of images.
        """
        images, truth = torch.as_tensor(images), torch.as_tensor(truth)
        self._check(images, truth)
        self.network.train()
        self.batch += 1
        pairs = zip(images.split(self.mini_batch), truth.split(self.mini_batch), strict=True)
        costs = [
            self._learn(x.to(self._device), t.to(self._device), self._seen + part * len(x))
            for part, (x, t) in enumerate(pairs, start=1)
        ]
        self.rate = rate(self.network.graph.net, self.batch, self._chance)
        self.optimizer.move(self.rate, self.batch, self.images, self._fixed)
        self._count(len(images))
        return sum(costs) / len(costs)

    def _check(self, images: Tensor, truth: Tensor) -> None:
        if len(images) != self.images or len(truth) != self.images:
            message = (
                f"{len(images)} images and {len(truth)} truths, expected {self.images} of each"
            )
            raise DarknetError(f"{message} (batch of [net])")

    def _learn(self, x: Tensor, truth: Tensor, seen: int) -> float:
        """Forward and backward of a sub-batch: the deltas are the gradients, not the cost's own.

        seen: all images so far, with those of this sub-batch.
        """
        owners = frozenset(self.owners)
        run = Run(training=True, wanted=owners, still=self._still(), frozen=self._frozen)
        outputs = {i: y for i, y in self.network.outputs(x, run) if i in owners}
        self.losses = {i: self._loss(i, run.taps[i], y, truth, seen) for i, y in outputs.items()}
        live = [(run.taps[i], self._scaled(i, loss.delta)) for i, loss in self.losses.items()]
        seeds = [(tap, -delta.reshape(tap.shape)) for tap, delta in live if tap.requires_grad]
        torch.autograd.backward([tap for tap, _ in seeds], [gradient for _, gradient in seeds])
        self.optimizer.gather()
        return sum(loss.cost for loss in self.losses.values()) / len(self.losses)

    def _loss(self, index: int, tap: Tensor, output: Tensor, truth: Tensor, seen: int) -> HeadLoss:
        graph = self.network.graph
        layer, size = graph.nodes[index].layer, (graph.net.width, graph.net.height)
        one = Pass(
            layer,
            tap.detach(),
            output.detach(),
            truth,
            size,
            graph.fork,
            seen,
            self._generator,
        )
        with torch.no_grad():
            return LOSSES[type(layer)](one)

    def _scaled(self, index: int, delta: Tensor) -> Tensor:
        """delta_normalizer weighs what a head passes back, in AlexeyAB's GPU path."""
        layer = self.network.graph.nodes[index].layer
        if not isinstance(layer, AnchorHead) or self.network.graph.fork.yolo_plain:
            return delta
        return delta * layer.delta_normalizer

    def _still(self) -> frozenset[int]:
        """Layers no gradient passes: up to the last active stopbackward, and those onlyforward."""
        nodes = self.network.graph.nodes
        stops = [n.index for n in nodes if _stops(n.layer.stopbackward, self.batch)]
        last = max(stops, default=-1)
        alexeyab = self.network.graph.fork.freezes
        return frozenset(
            node.index
            for node in nodes
            if node.index <= last or (alexeyab and node.layer.onlyforward)
        )

    def _count(self, images: int) -> None:
        fork = self.network.graph.fork
        self.network.header = Header(0, 2, fork.revision, self._seen + images)


def _stops(value: int, batch: int) -> bool:
    """1 always; a larger value only while fewer updates have been made."""
    return value == 1 or value > batch


def _frozen_layers(network: Network) -> int:
    """AlexeyAB's program: layers before a stopbackward=1 keep even their batch statistics."""
    if not network.graph.fork.freezes:
        return 0
    return max((n.index for n in network.graph.nodes if n.layer.stopbackward == 1), default=0)


def _statistics_only(network: Network) -> int:
    """Layers before this index, up to a train_only_bn, learn no weights."""
    return max((n.index + 1 for n in network.graph.nodes if n.layer.train_only_bn), default=0)
