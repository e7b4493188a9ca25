"""Learning-rate policies of [net]: pure functions of the number of the update, counted from 1."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable

from darknet_py.layers.net import Net


def rate(net: Net, batch: int, rng: random.Random) -> float:
    """The learning rate of update `batch`; `rng` serves policy=random."""
    if batch < net.burn_in:
        return net.learning_rate * (batch / net.burn_in) ** net.power
    return net.learning_rate * POLICIES[net.policy](net, batch, rng)


def _constant(net: Net, batch: int, rng: random.Random) -> float:
    return 1.0


def _step(net: Net, batch: int, rng: random.Random) -> float:
    return net.scale ** (batch // net.step)


def _steps(net: Net, batch: int, rng: random.Random) -> float:
    """The product of all scales whose step is reached; the list ends at the first that is not."""
    scales = itertools.chain(net.scales, itertools.repeat(1.0))
    reached = itertools.takewhile(
        lambda pair: pair[0] <= batch, zip(net.steps, scales, strict=False)
    )
    return math.prod(scale for _, scale in reached)


def _exp(net: Net, batch: int, rng: random.Random) -> float:
    return net.gamma**batch


def _poly(net: Net, batch: int, rng: random.Random) -> float:
    return max(0.0, 1 - batch / max(1, net.max_batches)) ** net.power


def _random(net: Net, batch: int, rng: random.Random) -> float:
    return rng.random() ** net.power


def _sigmoid(net: Net, batch: int, rng: random.Random) -> float:
    return 1 / (1 + math.exp(net.gamma * (batch - net.step)))


def _sgdr(net: Net, batch: int, rng: random.Random) -> float:
    """Cosine cycles, each sgdr_mult times as long as the one before; a share of learning_rate."""
    start, cycle = 0, net.sgdr_cycle or net.max_batches
    while cycle > 0 and start + cycle < batch:
        start += cycle
        cycle *= net.sgdr_mult
    least = net.learning_rate_min / net.learning_rate
    angle = math.pi * (batch - start) / max(1, cycle)
    return least + 0.5 * (1 - least) * (1 + math.cos(angle))


POLICIES: dict[str, Callable[[Net, int, random.Random], float]] = {
    "constant": _constant,
    "step": _step,
    "steps": _steps,
    "exp": _exp,
    "poly": _poly,
    "random": _random,
    "sigmoid": _sigmoid,
    "sgdr": _sgdr,
}
