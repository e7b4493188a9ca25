"""Which samples of training are mixed ones: a coin for each part of an update's images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from darknet_py.layers.net import Net

MIXED = 0.5
"""Share of the parts whose images are mixed."""
MOST_SAMPLES = 1 << 40
"""Samples of a training have numbers below; higher bits tell what is drawn instead of one."""


@dataclass(frozen=True)
class MixCoin:
    """AlexeyAB's: its loader's threads share the images of an update and toss one coin each.

    images: of one update in one process. parts: threads, 0 where nothing is ever mixed. How many
    processes make the samples here changes nothing: the coin is that of the part's first sample. On
    several GPUs each has as many parts; AlexeyAB's program lets them share a classifier's. Parts
    are those of [net]'s number of images also where dynamic_minibatch=1 changes it.
    """

    images: int
    parts: int

    @staticmethod
    def of(net: Net, parts: int) -> MixCoin:
        """parts: of a fork's rules. With contrastive=1 as many as a sub-batch has pairs at most."""
        if net.contrastive:
            parts = min(parts, max(1, net.step_images // net.subdivisions // 2))
        return MixCoin(net.step_images, parts)

    def first(self, number: int) -> int:
        """The number of the first sample of the part that the number-th sample is in."""
        position = number % MOST_SAMPLES % self.images
        # Part i begins at i * images // parts, and many are empty where there are few images.
        part = ((position + 1) * self.parts - 1) // self.images
        return number % MOST_SAMPLES - position + part * self.images // self.parts

    def mixing(self, ways: int, number: int, seed: int) -> int:
        """`ways` where the number-th sample is a mixed one, else 0."""
        return ways if ways and self.mixes(number, seed) else 0

    def mixes(self, number: int, seed: int) -> bool:
        """Whether the number-th sample of a training with this seed is a mixed one."""
        if not self.parts:
            return False
        return bool(np.random.default_rng((seed, self.first(number))).random() < MIXED)
