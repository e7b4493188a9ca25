"""Learning-rate policies of [net]: pure functions of the number of the update, counted from 1."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable

from darknet_py.errors import DarknetError
from darknet_py.layers.net import Net

LARGEST = 3.4e38
"""Of Darknet's floats."""


def rate(net: Net, batch: int, rng: random.Random, devices: int = 1) -> float:
    """The learning rate of update `batch`; `rng` serves policy=random.

    devices: what learning_rate, but not learning_rate_min, is multiplied by: Darknet's `-gpus`.
    Raises DarknetError for a rate that is not finite.
    """
    policy = _burn_in if batch < net.burn_in else POLICIES[net.policy]
    value = policy(net, batch, rng, net.learning_rate * devices)
    if abs(value) <= LARGEST:
        return value
    key = "burn_in" if policy is _burn_in else "policy"
    message = f"gives a learning rate of {value} at iteration {batch}, expected a finite one"
    cure = CURES[key if key == "burn_in" else net.policy]
    raise DarknetError(f"{message}; {cure}", net.section.location(key))


def needs_end(net: Net) -> bool:
    """Whether the rate depends on max_batches."""
    return net.policy == "poly" or (net.policy == "sgdr" and not net.sgdr_cycle)


def require_policy(net: Net) -> None:
    """Raises DarknetError for a policy that has no rate at all with the options there are."""
    if net.policy == "step" and not net.step:
        message = "is 0, expected after how many iterations the rate changes"
        raise DarknetError(f"{message} (policy=step)", net.section.location("step"))
    if needs_end(net) and not net.max_batches:
        message = f"{net.policy} needs to know the end, and max_batches is 0: for ever"
        raise DarknetError(f"{message}; set max_batches", net.section.location("policy"))


def _power(base: float, exponent: float) -> float:
    """pow, infinite where C's is not finite either."""
    try:
        return math.pow(base, exponent)
    except (OverflowError, ValueError):
        return math.inf


def _burn_in(net: Net, batch: int, rng: random.Random, base: float) -> float:
    return base * _power(batch / net.burn_in, net.power)


def _constant(net: Net, batch: int, rng: random.Random, base: float) -> float:
    return base


def _step(net: Net, batch: int, rng: random.Random, base: float) -> float:
    return base * _power(net.scale, math.trunc(batch / net.step))


def _steps(net: Net, batch: int, rng: random.Random, base: float) -> float:
    """The product of all scales whose step is reached; the list ends at the first that is not."""
    scales = itertools.chain(net.scales, itertools.repeat(1.0))
    reached = itertools.takewhile(
        lambda pair: pair[0] <= batch, zip(net.steps, scales, strict=False)
    )
    return base * math.prod(scale for _, scale in reached)


def _exp(net: Net, batch: int, rng: random.Random, base: float) -> float:
    return base * _power(net.gamma, batch)


def _poly(net: Net, batch: int, rng: random.Random, base: float) -> float:
    return base * _power(max(0.0, 1 - batch / net.max_batches), net.power)


def _random(net: Net, batch: int, rng: random.Random, base: float) -> float:
    return base * _power(rng.random(), net.power)


def _sigmoid(net: Net, batch: int, rng: random.Random, base: float) -> float:
    return base / (1 + _power(math.e, net.gamma * (batch - net.step)))


def _sgdr(net: Net, batch: int, rng: random.Random, base: float) -> float:
    """Cosine cycles, each sgdr_mult times as long as the one before."""
    start, cycle = 0, net.sgdr_cycle or net.max_batches
    while cycle > 0 and start + cycle < batch:
        start += cycle
        cycle *= net.sgdr_mult
    angle = math.pi * (batch - start) / max(1, cycle)
    least = net.learning_rate_min
    return least + 0.5 * (base - least) * (1 + math.cos(angle))


POLICIES: dict[str, Callable[[Net, int, random.Random, float], float]] = {
    "constant": _constant,
    "step": _step,
    "steps": _steps,
    "exp": _exp,
    "poly": _poly,
    "random": _random,
    "sigmoid": _sigmoid,
    "sgdr": _sgdr,
}
CURES = {
    "burn_in": "power must not be negative, and learning_rate finite",
    "constant": "learning_rate must be finite",
    "step": "scale is multiplied in every step= iterations: it must be 1 or less",
    "steps": "its scales multiply beyond all numbers",
    "exp": "gamma is multiplied in at each iteration: it must be 1 or less",
    "poly": "power must not be negative",
    "random": "power must not be negative",
    "sigmoid": "learning_rate must be finite",
    "sgdr": "learning_rate and learning_rate_min must be finite",
}
"""What to do about a rate that is not finite."""
