"""An engine that also gives the embeddings of a network's boxes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from darknet_py.engines.eager import EXACT_RULES, RULES, EagerProgram
from darknet_py.engines.engine import Engine
from darknet_py.engines.torch_engine import Pytorch
from darknet_py.errors import DarknetError
from darknet_py.layers.box_embeddings import EmbeddedHead, TrackRule
from darknet_py.network.graph import Graph


def embeddings_of(graph: Graph) -> list[int | None]:
    """Of each of the heads the layer that gives the embeddings of its boxes, None without one."""
    layers = [(index, graph.nodes[index].layer) for index in graph.heads]
    return [
        head.embeddings_from(index) if isinstance(head, EmbeddedHead) else None
        for index, head in layers
    ]


def track_rule(engine: Engine) -> TrackRule | None:
    """By which an engine's network tells objects again; None where it has no embeddings, or the
    engine cannot give them. As in C the last head decides."""
    graph = engine.graph
    heads = [graph.nodes[index].layer for index in graph.heads]
    last = next((head for head in reversed(heads) if isinstance(head, EmbeddedHead)), None)
    known = last is not None and last.embedding_layer is not None
    if not known or not isinstance(engine, Pytorch):
        return None
    return last.track_rule if last and graph.fork.detect.tracks_embeddings else None


class EmbeddingEngine(Engine):
    """An engine's network with, behind its heads, as many tensors (N, C, H, W) of embeddings, which
    are of no channels where a head has none.

    It runs layer by layer on the engine's device. Raises DarknetError for another engine than
    torch.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine.network, engine.config, engine.device)
        if not isinstance(engine, Pytorch):
            message = f"engine {engine.config.engine} gives no embeddings of boxes"
            raise DarknetError(f"{message}; track with --engine torch")
        self.engine, self.layout, self.dtype = engine, engine.layout, engine.dtype
        self._sources = embeddings_of(self.graph)
        self._programs: dict[int, EagerProgram] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.engine,)

    def __call__(self, x: Tensor) -> list[Tensor]:
        x = self.network.checked(x).to(self.device).to(self.dtype, memory_format=self.layout)
        with torch.inference_mode():
            made = self._program(len(x))(x)
        heads = made[: len(self._sources)]
        embeddings = iter(made[len(heads) :])
        return heads + [
            head[:, :0] if source is None else next(embeddings).float()
            for head, source in zip(heads, self._sources, strict=True)
        ]

    def _program(self, batch: int) -> EagerProgram:
        if batch not in self._programs:
            more = [source for source in self._sources if source is not None]
            rules = EXACT_RULES if self.config.exact else RULES
            self._programs = {batch: EagerProgram(self.network, batch, rules, more)}
        return self._programs[batch]
