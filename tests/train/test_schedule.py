"""Learning-rate policies against the formulas of the C programs."""

from __future__ import annotations

import math
import random

import pytest

from darknet_py.cfg import text
from darknet_py.errors import Problems
from darknet_py.layers.net import Net, read_net
from darknet_py.train.schedule import rate

LR = 0.1


def net(options: str) -> Net:
    source = f"[net]\ninputs=1\nlearning_rate={LR}\nmax_batches=100\n{options}"
    problems = Problems()
    return read_net(text.parse(source, "t.cfg", problems)[0], problems)


def at(options: str, batch: int, seed: int = 0) -> float:
    return rate(net(options), batch, random.Random(seed)) / LR


STEPS = "policy=steps\nsteps=10,20,30\nscales=.1,5\n"
TABLE = [
    ("", 50, 1.0, "constant"),
    ("policy=step\nstep=10\nscale=.5", 9, 1.0, "before the first step"),
    ("policy=step\nstep=10\nscale=.5", 35, 0.125, "three steps"),
    (STEPS, 9, 1.0, "no step reached"),
    (STEPS, 10, 0.1, "a step counts when it is reached"),
    (STEPS, 25, 0.5, "scales multiply"),
    (STEPS, 35, 0.5, "a missing scale is 1"),
    ("policy=exp\ngamma=.9", 3, 0.729, "exp"),
    ("policy=poly\npower=2", 50, 0.25, "poly"),
    ("policy=poly\npower=2", 120, 0.0, "poly never turns negative"),
    ("policy=sigmoid\ngamma=.5\nstep=10", 10, 0.5, "sigmoid at its step"),
    ("policy=sigmoid\ngamma=.5\nstep=10", 14, 1 / (1 + math.e**2), "sigmoid beyond it"),
    ("burn_in=10", 1, 1e-4, "burn-in with power 4"),
    ("burn_in=10\npower=1", 5, 0.5, "burn-in with power"),
    ("burn_in=10", 10, 1.0, "burn-in is over"),
    (STEPS + "burn_in=15", 12, 0.8**4, "steps wait for the end of burn-in"),
    ("policy=sgdr\nsgdr_cycle=10\nlearning_rate_min=0", 5, 0.5, "half a cycle"),
    (
        "policy=sgdr\nsgdr_cycle=10\nsgdr_mult=2\nlearning_rate_min=0",
        20,
        0.5,
        "second cycle, 20 long",
    ),
    ("policy=sgdr\nsgdr_cycle=10\nlearning_rate_min=.05", 10, 0.5, "ends at the least rate"),
]


@pytest.mark.parametrize(("options", "batch", "share", "why"), TABLE)
def test_policies(options: str, batch: int, share: float, why: str) -> None:
    assert at(options, batch) == pytest.approx(share), why


def test_random_is_seeded() -> None:
    assert at("policy=random\npower=2", 5) == pytest.approx(random.Random(0).random() ** 2)
    assert at("policy=random", 5, seed=1) != at("policy=random", 5, seed=2)
