"""A network with memory over images that follow one another: frames of a film."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from darknet_py.engines.engine import Engine
from darknet_py.engines.table import EngineConfig
from darknet_py.engines.torch_engine import Pytorch
from darknet_py.network.network import Network
from darknet_py.network.sequence_parts import remembers

logger = logging.getLogger(__name__)


class FilmEngine(Pytorch):
    """Runs frame after frame; recurrent layers go on from where the frame before left them.

    Its first frame finds no memory. As both programs run a network, whatever they show it.
    """

    in_order = True

    def __init__(self, network: Network, config: EngineConfig) -> None:
        super().__init__(network, replace(config, compiled=False))
        self.parallel = False
        self._memory: dict[int, Any] = {}

    def __call__(self, x: Tensor) -> list[Tensor]:
        """The images of a batch are one after the other."""
        x = self._placed(self.network.checked(x))
        with torch.inference_mode():
            frames = [self.network(frame, self._memory) for frame in x.split(1)]
        return [torch.cat(heads) for heads in zip(*frames, strict=True)]

    def prepare(self, batch: int) -> None:
        """There is nothing to make."""


def film_engine(engine: Engine) -> Engine:
    """One for frames that are to come, without memory of others; the same one where none is kept.

    Only torch carries memory on: another engine says so, and sees each image by itself.
    """
    if not remembers(engine.graph):
        return engine
    if isinstance(engine, Pytorch):
        return FilmEngine(engine.network, engine.config)
    path, name = engine.graph.path, engine.config.engine
    logger.warning("%s: %s sees each frame by itself: memory takes --engine torch", path, name)
    return engine
