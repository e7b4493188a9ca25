"""Which images a sample is made of: any of a list, or the next frame of a sequence."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from darknet_py.augment.draws import SampleDraws
from darknet_py.augment.mix_coin import MOST_SAMPLES, MixCoin
from darknet_py.layers.net import Net
from darknet_py.network.graph import Graph
from darknet_py.network.sequence_parts import sequence_parts

SHARED = 11
"""Tells the seeds of what sequences share from others."""


@dataclass
class SampleImages:
    """Of one sample whose images are any of a list. draws: its generators. mixing: how the images
    are mixed, as in AugmentConfig."""

    draws: SampleDraws
    mixing: int

    def image(self, images: int) -> tuple[int, SampleDraws]:
        """Which of so many images comes next, and from what its augmentation is drawn."""
        return int(self.draws.images.integers(images)), self.draws


@dataclass
class SampleFrames(SampleImages):
    """Of one sample whose images are frames: the sequence tells which, and how it is augmented.

    key: the seed and the number of the sequences' first sample. moment: steps in time since then.
    stream: the number of the sequence, of so many side by side. paired: two neighbours are one.
    speed: the most frames of a step. later: frames further on, in place of such as cannot be read.
    """

    key: tuple[int, int]
    moment: int
    stream: int
    streams: int
    paired: bool
    speed: int
    later: int
    layer: int = field(init=False, default=0)

    def image(self, images: int) -> tuple[int, SampleDraws]:
        """As AlexeyAB's program has it: each layer of a mix is a sequence of its own; a list is a
        ring, and a sequence goes on from one film of it to the next."""
        self.layer += 1
        shared = np.random.default_rng((*self.key, self.layer, SHARED))
        step = int(shared.integers(1, max(1, self.speed), endpoint=True))
        starts = shared.integers(images, size=self.streams)
        stream = self.stream - self.stream % 2 if self.paired else self.stream
        index = (int(starts[stream]) + step * self.moment + self.later) % images
        return index, replace(SampleDraws.of(shared), own=self.draws.own)


@dataclass(frozen=True)
class Sequences:
    """Of a training with track=1: `images` of each update in each of `world` processes.

    A part of an update holds, moment by moment, a frame of each of its sequences; all its frames
    are augmented alike. Which frames a sample has depends on its number and the seed alone.
    """

    net: Net
    images: int
    world: int

    @staticmethod
    def of(graph: Graph, world: int = 1) -> Sequences | None:
        """None where images are taken one by one: without track=1, and for YOLOv1's cells."""
        net, read = graph.net, graph.fork.samples.sequences
        cells = any(head.label_grid for head in graph.detection_heads)
        return Sequences(net, net.step_images, world) if net.track and read and not cells else None

    def frames(self, draws: SampleDraws, number: int, seed: int, mixing: int) -> SampleFrames:
        """mixing: of the parts whose coin says so."""
        coin = self._coin(number)
        first = coin.first(number)
        moment, stream = divmod(number % MOST_SAMPLES - first, self.net.mini_batch)
        return SampleFrames(
            draws=draws,
            mixing=coin.mixing(mixing, number, seed),
            key=(seed, first),
            moment=moment,
            stream=stream,
            streams=self.net.mini_batch,
            paired=bool(self.net.contrastive),
            speed=self.net.augment_speed,
            later=number // MOST_SAMPLES,
        )

    def _coin(self, number: int) -> MixCoin:
        """A part has one coin. seq_scales counts the updates that are completed."""
        step = number % MOST_SAMPLES // self.images // self.world
        return MixCoin(self.images, sequence_parts(self.net, step * self.world))
