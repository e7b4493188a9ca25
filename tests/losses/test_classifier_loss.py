"""Losses of classifiers against the element loops of the C programs, written out."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from support.loss_check import head

from darknet_py.forks import fork_named
from darknet_py.losses.classifier_loss import cost_loss, logistic_loss, softmax_loss
from darknet_py.losses.head_loss import PendingLoss

UNKNOWN = -1234.0
Pairs = list[tuple[float, float]]


def check(pending: PendingLoss, expected: Pairs, shape: torch.Size) -> None:
    loss = pending.read()
    """expected: delta and error of each value, in order."""
    assert loss.delta.shape == shape
    np.testing.assert_allclose(loss.delta.flatten(), [delta for delta, _ in expected], rtol=1e-5)
    assert loss.cost == pytest.approx(sum(error for _, error in expected), rel=1e-5)
    assert loss.metrics == {}


def values(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def pairs(output: torch.Tensor, truth: torch.Tensor) -> Pairs:
    """(prediction, truth) of each value."""
    return list(zip(output.flatten().tolist(), truth.flatten().tolist(), strict=True))


def cross_entropy(p: float, t: float) -> tuple[float, float]:
    return t - p, -math.log(p) if t else 0.0


@pytest.mark.parametrize(
    "options, shape",
    [("", (6, 1, 1)), ("groups=2\ntemperature=3", (6, 1, 1)), ("spatial=1", (3, 2, 2))],
)
def test_softmax_loss(options: str, shape: tuple[int, int, int]) -> None:
    layer = head(f"[softmax]\n{options}", shape)
    output = torch.softmax(values(4, *shape), dim=1)
    truth = values(4, math.prod(shape), seed=2)  # smoothed labels: the error does not weigh them
    truth[truth < 0.7] = 0
    expected = [cross_entropy(p, t) for p, t in pairs(output, truth)]
    check(softmax_loss(layer, output, truth), expected, output.shape)


def test_softmax_noloss() -> None:
    layer, output = head("[softmax]\nnoloss=1", (6, 1, 1)), values(2, 6, 1, 1)
    check(softmax_loss(layer, output, values(2, 6)), [(0.0, 0.0)] * 12, output.shape)


def test_softmax_loss_of_a_tree_leaves_unknown_groups_alone(tmp_path: Path) -> None:
    (tmp_path / "a.tree").write_text("a -1\nb -1\nc 0\nd 0\n")
    layer, output = head(f"[softmax]\ntree={tmp_path}/a.tree", (4, 1, 1)), values(2, 4, 1, 1)
    truth = torch.tensor([[1, 0, 0, 1], [0, 1, UNKNOWN, UNKNOWN]])
    expected = [
        (0.0, 0.0) if t == UNKNOWN else cross_entropy(p, t) for p, t in pairs(output, truth)
    ]
    check(softmax_loss(layer, output, truth), expected, output.shape)


def test_logistic_loss() -> None:
    output, truth = values(3, 2, 2, 2), (values(3, 8, seed=2) > 0.5).float()
    output[0, 0, 0, 0] = output[0, 0, 0, 1] = truth[0, 0] = 0  # confident, and wrong
    truth[0, 1] = 1
    floor = 1e-7
    expected = [
        (t - p, -t * math.log(p + floor) - (1 - t) * math.log(1 - p + floor))
        for p, t in pairs(output, truth)
    ]
    check(logistic_loss(output, truth), expected, output.shape)


def squared(p: float, t: float) -> tuple[float, float]:
    return t - p, (t - p) ** 2


def masked(p: float, t: float) -> tuple[float, float]:
    return (0.0, 0.0) if t == UNKNOWN else squared(p, t)


def smooth(p: float, t: float) -> tuple[float, float]:
    if abs(t - p) < 1:
        return squared(p, t)
    return (1.0 if t > p else -1.0), 2 * abs(t - p) - 1


def absolute(p: float, t: float) -> tuple[float, float]:
    return (1.0 if t - p > 0 else -1.0), abs(t - p)


def critic(p: float, t: float) -> tuple[float, float]:
    return (1.0 if t > 0 else -1.0), (-p if t else p)


def seg(p: float, t: float) -> tuple[float, float]:
    delta, error = squared(p, t)
    return (delta, error) if t else (0.25 * delta, 0.25 * error)


KINDS = {
    "sse": squared,
    "masked": masked,
    "smooth": smooth,
    "L1": absolute,
    "wgan": critic,
    "seg": seg,
}
OF_BOTH = ("sse", "masked", "smooth")


@pytest.mark.parametrize("fork", ["alexeyab", "pjreddie"])
@pytest.mark.parametrize("kind", KINDS)
def test_cost_loss(fork: str, kind: str) -> None:
    layer = head(f"[cost]\ntype={kind}\nscale=3\nnoobj=.25\nratio=.3", (2, 3, 2))
    inputs, truth = 4 * values(3, 2, 3, 2) - 2, 4 * values(3, 12, seed=2) - 2
    truth[:, ::3], truth[:, 1::3] = 0, UNKNOWN if kind == "masked" else 1.5
    truth[1, 2] = inputs[1].flatten()[2]  # no difference at all
    rule = KINDS[kind] if fork == "pjreddie" or kind in OF_BOTH else squared
    expected = [rule(p, t) for p, t in pairs(inputs, truth)]
    scaled = [(3 * delta, error) for delta, error in expected]
    check(cost_loss(layer, inputs, truth, fork_named(fork)), scaled, inputs.shape)


@pytest.mark.parametrize("fork", ["alexeyab", "pjreddie"])
def test_cost_thresh_drops_small_deltas(fork: str) -> None:
    layer = head("[cost]\nthresh=6", (12, 1, 1))  # .5 for each of 12
    inputs, truth = values(2, 12, 1, 1), 2 * values(2, 12, seed=2)
    expected = [squared(p, t) for p, t in pairs(inputs, truth)]
    kept = [(d if abs(d) >= 0.5 or fork == "alexeyab" else 0.0, error) for d, error in expected]
    assert any(delta == 0 for delta, _ in kept) == (fork == "pjreddie")
    check(cost_loss(layer, inputs, truth, fork_named(fork)), kept, inputs.shape)


@pytest.mark.parametrize("fork", ["alexeyab", "pjreddie"])
def test_cost_smooths_labels(fork: str) -> None:
    layer = head("[cost]\nsmooth=.1", (12, 1, 1))
    inputs, truth = values(2, 12, 1, 1), (values(2, 12, seed=2) > 0.5).float()
    share = 0.1 if fork == "pjreddie" else 0.0
    expected = [squared(p, t * (1 - share) + share / 12) for p, t in pairs(inputs, truth)]
    check(cost_loss(layer, inputs, truth, fork_named(fork)), expected, inputs.shape)
