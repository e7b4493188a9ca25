"""Where the random numbers of a sample come from, and what the two images of a pair have in common.

With contrastive=1 AlexeyAB's program loads each image twice, so that the loss has two views of
everything in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from darknet_py.errors import BadOption
from darknet_py.layers.net import Net
from darknet_py.network.graph import Graph

PAIR = 2
_IMAGES, _PLACES, _COLORS = 1, 2, 3
"""So that what a pair has in common is not drawn from one and the same numbers."""


@dataclass(frozen=True)
class SampleDraws:
    """Generators by what they are for, often one and the same. images: which ones. places: jitter
    and flip. colors: hue, saturation, exposure. other: other sizes and effects. own: what no two
    samples have in common, such as the order of labels and the noise of pixels."""

    images: Generator
    places: Generator
    colors: Generator
    other: Generator
    own: Generator

    @staticmethod
    def of(rng: Generator) -> SampleDraws:
        """All from one."""
        return SampleDraws(rng, rng, rng, rng, rng)


@dataclass(frozen=True)
class Pairing:
    """What the second image of a pair draws anew beside resize, blur and noise."""

    places: bool
    colors: bool

    @staticmethod
    def of(graph: Graph) -> Pairing | None:
        """As [net] says; None where samples do not come in pairs. Raises BadOption for sub-batches
        of one image."""
        net = graph.net
        if not (net.contrastive and graph.fork.samples.pairs):
            return None
        require_two(net)
        return Pairing(bool(net.contrastive_jit_flip), bool(net.contrastive_color))

    def draws(self, seed: int, number: int) -> SampleDraws:
        """Those of the number-th sample; an even one and the next are of the same images."""
        own = _own(seed, number)

        def common(what: int) -> Generator:
            return np.random.default_rng((seed, number // PAIR, what))

        return SampleDraws(
            common(_IMAGES),
            own if self.places else common(_PLACES),
            own if self.colors else common(_COLORS),
            own,
            own,
        )


def draws_of(pairing: Pairing | None, seed: int, number: int) -> SampleDraws:
    """Of the number-th sample, counted from 0."""
    if pairing is None:
        return SampleDraws.of(_own(seed, number))
    return pairing.draws(seed, number)


def first_of_pair(pairing: Pairing | None, number: int) -> int:
    """The number of the sample that decides what the number-th has in common with its twin."""
    return number if pairing is None else number - number % PAIR


def _own(seed: int, number: int) -> Generator:
    rng = np.random.default_rng((seed, number))
    rng.random()  # what MixCoin takes of it
    return rng


def require_two(net: Net) -> None:
    if net.mini_batch < PAIR:
        message = f"contrastive=1 compares images, batch/subdivisions is {net.mini_batch}"
        raise BadOption(f"{message}; make it {PAIR} or more", net.section.location("contrastive"))
