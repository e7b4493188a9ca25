"""The mean of a network's outputs over the last images, as pjreddie's `demo` takes it."""

from __future__ import annotations

from collections import deque
from typing import Any

import torch
from torch import Tensor

from darknet_py.engines.engine import Engine


class MeanEngine(Engine):
    """An engine whose heads are the mean of those of an image and of the images before it.

    images: of how many, its own among them. The C program counts those before the first as zeros;
    here there are none.
    """

    in_order = True

    def __init__(self, engine: Engine, images: int) -> None:
        super().__init__(engine.network, engine.config, engine.device)
        self.engine = engine
        self._kept: deque[list[Tensor]] = deque(maxlen=images)

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy has seen no image yet."""
        return type(self), (self.engine, self._kept.maxlen)

    def __call__(self, x: Tensor) -> list[Tensor]:
        """As of the engine; the images of a batch are one after the other."""
        means = [self._mean([head[None] for head in heads]) for heads in self._by_image(x)]
        return [torch.cat(heads) for heads in zip(*means, strict=True)]

    def _by_image(self, x: Tensor) -> list[tuple[Tensor, ...]]:
        return list(zip(*self.engine(x), strict=True))

    def _mean(self, heads: list[Tensor]) -> list[Tensor]:
        self._kept.append(heads)
        return [torch.stack(same).mean(dim=0) for same in zip(*self._kept, strict=True)]

    def prepare(self, batch: int) -> None:
        self.engine.prepare(batch)
