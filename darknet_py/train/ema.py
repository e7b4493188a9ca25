"""ema_alpha: a moving average of the convolutions' weights, as AlexeyAB's program keeps it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor

from darknet_py.network.network import BUFFERS, Network

LAST = 1000
"""So many updates before the end the averages become the weights, and statistics settle again."""
DEEDS = STARTED, APPLIED, MOVED = ("started", "applied", "moved")
"""What is done to the averages after an update."""


@dataclass
class WeightAverage:
    """Averages from half of max_batches on; batch statistics are never averaged."""

    network: Network
    averages: dict[str, Tensor] = field(default_factory=dict)

    @torch.no_grad()
    def update(self, before: int, now: int) -> tuple[str, ...]:
        """After the updates `before` + 1 to `now`; returns what was done, of DEEDS."""
        net = self.network.graph.net
        apply_at = net.max_batches - LAST
        if not net.ema_alpha or now < net.max_batches // 2:
            return ()
        started = () if self.averages else (STARTED,)
        if started:
            self.start()
        if before < apply_at <= now:
            self._apply()
            return (*started, APPLIED)
        if now < apply_at:
            names, tensors = zip(*self.tensors(), strict=True)
            averages = [self.averages[name] for name in names]
            torch._foreach_lerp_(averages, tensors, 1 - net.ema_alpha)
            return (*started, MOVED)
        return started

    def start(self) -> None:
        """Begin with the weights as they are."""
        self.averages = {name: tensor.detach().clone() for name, tensor in self.tensors()}

    def _apply(self) -> None:
        for name, tensor in self.tensors():
            tensor.copy_(self.averages[name])

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """The weights that are averaged, as they are now, by their names here."""
        graph = self.network.graph
        for node in graph.nodes:
            if node.layer.AVERAGED:
                own = self.network.own(node.index)
                for stored in graph.stored(node.index):
                    if stored.role not in BUFFERS:
                        yield f"{node.index}.{stored.name}", own[stored.name]

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """The network with the averages as its weights."""
        kept = {name: tensor.detach().clone() for name, tensor in self.tensors()}
        with torch.no_grad():
            self._apply()
        try:
            yield
        finally:
            with torch.no_grad():
                for name, tensor in self.tensors():
                    tensor.copy_(kept[name])
