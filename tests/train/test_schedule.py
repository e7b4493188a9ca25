"""Learning-rate policies against the formulas of the C programs."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from darknet_py.cfg import text
from darknet_py.errors import DarknetError, Problems
from darknet_py.layers.net import Net, read_net
from darknet_py.train.schedule import rate, require_policy

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


ODD = [
    ("policy=sigmoid\ngamma=.5", 10_000, 0.0, "exp overflows to infinity, as in C"),
    ("policy=sigmoid\ngamma=1e30", 2, 0.0, "a huge gamma"),
    ("policy=sigmoid\ngamma=-1e30", 2, 1.0, "a huge gamma the other way"),
    ("policy=step\nstep=-10\nscale=.5", 25, 4.0, "C's division is towards 0"),
    ("policy=steps\nsteps=5\nscales=.1,.2,.3", 50, 0.1, "scales without a step do nothing"),
    ("policy=exp\ngamma=0", 3, 0.0, "exp of nothing"),
    ("policy=sgdr\nsgdr_cycle=10\nlearning_rate=0\nlearning_rate_min=.05", 10, 0.5, "no rate"),
]


@pytest.mark.parametrize(("options", "batch", "share", "why"), ODD)
def test_odd_policies(options: str, batch: int, share: float, why: str) -> None:
    assert at(options, batch) == pytest.approx(share), why


NOT_FINITE = [
    ("policy=exp\ngamma=2", 5000, "policy: gives a learning rate of inf at iteration 5000.*gamma"),
    ("policy=step\nscale=10", 400, "policy: gives a learning rate of inf .*scale"),
    ("policy=steps\nsteps=1,2\nscales=1e30,1e30", 3, "policy: gives a learning rate of 1.*e.59 .*"),
    ("policy=poly\npower=-1", 100, "policy: gives a learning rate of inf .*power"),
    ("policy=sigmoid\ngamma=nan", 3, "policy: gives a learning rate of nan"),
    ("burn_in=1000\npower=-400", 1, "burn_in: gives a learning rate of inf .*power"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "batch", "words"), NOT_FINITE)
def test_a_rate_that_is_not_finite_is_named(options: str, batch: int, words: str) -> None:
    with pytest.raises(DarknetError, match=rf"t\.cfg:\d+: \[net\] {words}"):
        at(options, batch)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("policy=step\nstep=0", "step: is 0, expected after how many iterations the rate changes"),
        ("policy=poly", "policy: poly needs to know the end"),
        ("policy=sgdr", "policy: sgdr needs to know the end"),
    ],
)
def test_policies_without_any_rate(options: str, words: str) -> None:
    with pytest.raises(DarknetError, match=rf"t\.cfg:\d+: \[net\] {words}"):
        require_policy(replace(net(options), max_batches=0))


def test_sgdr_of_several_devices_keeps_its_least_rate() -> None:
    """`-gpus` multiplies learning_rate alone."""
    read = net("policy=sgdr\nsgdr_cycle=10\nlearning_rate_min=.04\n")
    rates = [rate(read, batch, random.Random(0), devices=4) for batch in (5, 10)]
    assert rates == pytest.approx([0.04 + 0.5 * (0.4 - 0.04), 0.04])
    assert rate(net(""), 5, random.Random(0), devices=4) == pytest.approx(0.4)
