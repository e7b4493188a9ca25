"""random= of the last head: another size of the input every ten updates, and with
dynamic_minibatch of [net] another number of images."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from darknet_py.augment.config import last_head
from darknet_py.augment.pixels import random_factor
from darknet_py.layers.net import Net
from darknet_py.network.graph import Graph

Size = tuple[int, int]
EVERY = 10
USUAL_FACTOR = 1.4
ROOM = 0.8
"""Share of the images that would fill the memory of the largest size."""
PJREDDIE_LEAST, PJREDDIE_CHOICES, PJREDDIE_STEP = 10, 10, 32
PJREDDIE_END, ALEXEYAB_END = 200, 100
"""How many updates before the end of training the largest size is used throughout."""


def random_limit(graph: Graph) -> float:
    """The factor that random= of the last head asks for, 0 for none."""
    factor = last_head(graph).random
    return USUAL_FACTOR if factor == 1 else factor


def is_dynamic(graph: Graph) -> bool:
    """Whether the number of images goes with the size of the input."""
    asked = graph.net.is_dynamic and graph.fork.samples.dynamic_minibatch
    return asked and bool(last_head(graph).random)


def mini_batch_at(graph: Graph, size: Size) -> int:
    """Images of a pass, or of each step of a sequence, at a size of the input.

    dynamic_minibatch: as many as have together the pixels of [net]'s mini-batch at the largest
    size, or eight tenths of that where these are more than [net]'s.
    """
    usual = graph.net.mini_batch
    if not is_dynamic(graph):
        return usual
    width, height = _scaled(graph.net, random_limit(graph))
    full = usual * width * height // (size[0] * size[1])
    some = int(full * ROOM)
    # Darknet would go on with no image at all where random= is below 1.
    return max(1, some if some > usual else full)


@dataclass(frozen=True)
class InputSizes:
    """Width and height of the input at each update, a function of the seed and its number.

    Darknet counts the tens of updates from where a run starts; here from 0, so that a resumed run
    sees the same sizes.
    """

    graph: Graph
    seed: int
    updates_per_step: int = 1

    def at(self, step: int) -> Size:
        """The size at a step, counted from 1; each counts for `updates_per_step`."""
        net, factor = self.graph.net, last_head(self.graph).random
        if not factor:
            return net.width, net.height
        tenth = (step - 1) // EVERY
        rng = np.random.default_rng((self.seed, tenth, 7))
        size_of = self._pjreddie if self.graph.fork.samples.square_sizes else self._alexeyab
        return size_of(rng, tenth, step * self.updates_per_step)

    def images_at(self, step: int) -> int:
        """Images of a step in one process."""
        net = self.graph.net
        return mini_batch_at(self.graph, self.at(step)) * net.time_steps * net.subdivisions

    @property
    def most_images(self) -> int:
        """At least as many as any step has, a multiple of [net]'s."""
        net = self.graph.net
        if not is_dynamic(self.graph):
            return net.step_images
        limit = random_limit(self.graph)
        width, height = _scaled(net, limit)
        least = self._at_least(_scaled(net, min(limit, 1 / limit)))
        return net.step_images * math.ceil(width * height / (least[0] * least[1]))

    @property
    def largest(self) -> Size:
        """The largest width and height of all."""
        net, factor = self.graph.net, last_head(self.graph).random
        if not factor:
            return net.width, net.height
        if self.graph.fork.samples.square_sizes:
            side = (PJREDDIE_LEAST + PJREDDIE_CHOICES - 1) * PJREDDIE_STEP
            return side, side
        limit = random_limit(self.graph)
        return _scaled(self.graph.net, max(limit, 1 / limit))

    def _alexeyab(self, rng: np.random.Generator, tenth: int, update: int) -> Size:
        """The first ten updates show whether the largest size fits into memory."""
        net, limit = self.graph.net, random_limit(self.graph)
        value = random_factor(rng, limit)
        start = (net.width, net.height)
        size = _scaled(net, value)
        if value < 1 and (size[0] > start[0] or size[1] > start[1]):
            size = start
        if not tenth or update > net.max_batches - ALEXEYAB_END:
            size = _scaled(net, limit)
        return self._at_least(size)

    def _at_least(self, size: Size) -> Size:
        least = int(self.graph.net.resize_step)
        return max(size[0], least), max(size[1], least)

    def _pjreddie(self, rng: np.random.Generator, tenth: int, update: int) -> Size:
        """Squares of 320 to 608, whatever width and height of [net] say."""
        number = PJREDDIE_LEAST + int(rng.integers(PJREDDIE_CHOICES))
        if update + PJREDDIE_END > self.graph.net.max_batches:
            number = PJREDDIE_LEAST + PJREDDIE_CHOICES - 1
        return number * PJREDDIE_STEP, number * PJREDDIE_STEP


def _scaled(net: Net, factor: float) -> Size:
    width, height = (
        int(math.floor(factor * side / net.resize_step + 1.5) * net.resize_step)
        for side in (net.width, net.height)
    )
    return width, height
