"""Which deltas [yolo] heads leave out, at thresholds worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from support.layer_check import network, read
from support.small_step import CONV, HEAD, NET, data

from darknet_py.forks import ALEXEYAB, PJREDDIE
from darknet_py.losses.delta_rejection import DeltaRejection, delta_rejection
from darknet_py.train import Trainer
from darknet_py.train.loss_error import LossError

CPU = torch.device("cpu")
DELTA = (1.0, -2.0, 0.0, 3.0)


def rejection(options: str, *state: float) -> DeltaRejection:
    """Of max_batches=8: large deltas go from more than 6 completed updates on."""
    net = read(f"[net]\ninputs=1\nmax_batches=8\n{options}\n[activation]\n").net
    made = delta_rejection(net, ALEXEYAB, CPU)
    assert made is not None
    made.state.copy_(torch.tensor(state or (0.0,) * 4))
    return made


def left(made: DeltaRejection, completed: int, *delta: float, entries: int = 5) -> list[float]:
    kept: list[float] = made(torch.tensor(delta), entries, completed).tolist()
    return kept


@pytest.mark.parametrize(
    ("percent", "state", "expected", "threshold"),
    [
        # 1 of 3 deltas, each taken for a box of 5 values: 166 %.
        (166, (2.5, 9, 0, 0), [1, -2, 0, 0], 2.51),
        (167, (2.5, 9, 0, 0), [1, -2, 0, 0], 2.49),
        (100, (1.5, 9, 0, 0), [1, 0, 0, 0], 1.51),
        (1, (3.5, 9, 0, 0), [1, -2, 0, 3], 3.49),
        # It begins at the maximum as it has just rolled, and never falls to 0.
        (1, (0, 9, 0, 0), [1, -2, 0, 3], 9 * 0.99 + 3 * 0.01 - 0.01),
        (1000, (0.009, 9, 0, 0), [0, 0, 0, 0], 0.009),
    ],
)
def test_a_share_of_large_deltas(
    percent: float, state: tuple[float, ...], expected: list[float], threshold: float
) -> None:
    made = rejection(f"badlabels_rejection_percentage={percent}", *state)
    assert left(made, 7, *DELTA) == expected
    assert made.state[0].item() == pytest.approx(threshold)


@pytest.mark.parametrize(("completed", "expected"), [(7, [1, -2, 0, 3]), (12, [1, -2, 0, 0])])
def test_deltas_many_deviations_off(completed: int, expected: list[float]) -> None:
    """The mean rolls to 1.01, the limit is 2 deviations of .5 above it; from the maximum, 3.99,
    the threshold sinks by a sixth of the way for each update after the 6th."""
    made = rejection("num_sigmas_reject_badlabels=2", 0, 4, 1, 0.5)
    assert left(made, completed, *DELTA) == expected
    off = math.sqrt(((1 - 1.01) ** 2 + (-2 - 1.01) ** 2 + (3 - 1.01) ** 2) / 3)
    expected_state = [0, 3.99, 1.01, 0.5 * 0.99 + off * 0.01]
    torch.testing.assert_close(made.state, torch.tensor(expected_state))


def test_the_limit_has_the_deviation_before() -> None:
    """2.007 above all sunk thresholds; with the deviation that has just rolled 2.033."""
    made = rejection("num_sigmas_reject_badlabels=2", 0, 4, 1, 0.5)
    assert left(made, 12, 1, -2, 0, 2.03) == [1, -2, 0, 0]


def test_the_threshold_of_deviations_sinks_with_the_updates() -> None:
    made = rejection("num_sigmas_reject_badlabels=2", 0, 4, 1, 0.5)
    assert left(made, 7, 3.7, 3.6, 0, 0) == pytest.approx([0, 3.6, 0, 0])


def test_small_deltas_go_from_the_equidistant_point_on() -> None:
    """Halfway from 2 to 8 those below 1.4 * .5 of the mean before them."""
    made = rejection("equidistant_point=2", 0, 4, 1, 0)
    assert left(made, 5, 0.69, -0.69, 0.71, -2) == pytest.approx([0, 0, 0.71, -2])
    mean = 0.99 + 0.01 * (0.69 + 0.69 + 0.71 + 2) / 4
    torch.testing.assert_close(made.state, torch.tensor([0, 3.98, mean, 0]))


@pytest.mark.parametrize(
    ("sigmas", "delta", "expected"),
    [
        (-1, (0.34, -0.32, 1.34, 2), [0.34, 0, 1.34, 2]),
        (1, (0.84, -0.82, 0.34, 2), [0.84, 0, 0, 2]),
    ],
)
def test_small_deltas_beside_deviations(
    sigmas: int, delta: tuple[float, ...], expected: list[float]
) -> None:
    """Then the mean with these deltas, 1, counts unscaled, or the limit of the large ones, .4,
    where it is lower; 5/6 of it after 7 updates."""
    options = f"equidistant_point=2\nnum_sigmas_reject_badlabels={sigmas}"
    made = rejection(options, 0, 400, 1, 0.6)
    assert left(made, 7, *delta) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("options", "first"),
    [
        ("badlabels_rejection_percentage=1", 7),
        ("num_sigmas_reject_badlabels=1", 7),
        ("equidistant_point=3", 4),
        ("equidistant_point=3\nbadlabels_rejection_percentage=1", 4),
    ],
)
def test_nothing_rolls_before_it_begins(options: str, first: int) -> None:
    made = rejection(options)
    assert left(made, first - 1, *DELTA) == list(DELTA)
    assert made.state.tolist() == [0, 0, 0, 0]
    left(made, first, *DELTA)
    # A maximum begins at the first there is.
    torch.testing.assert_close(made.state[1:3], torch.tensor([3, 0.02]))


def test_zeros_and_values_that_are_not_finite_do_not_count() -> None:
    made = rejection("equidistant_point=1", 0, 4, 1, 0)
    left(made, 2, 1, 0, math.nan, math.inf, -3)
    torch.testing.assert_close(made.state, torch.tensor([0, 3.99, 1.01, 0]))
    left(made, 2, 0, 0)
    torch.testing.assert_close(made.state, torch.tensor([0, 3.99 * 0.99, 1.01 * 0.99, 0]))


def test_the_fork_and_the_cfg_must_have_it() -> None:
    net = read("[net]\ninputs=1\nequidistant_point=1\n[activation]\n").net
    assert delta_rejection(net, PJREDDIE, CPU) is None
    assert delta_rejection(read(NET + CONV).net, ALEXEYAB, CPU) is None


LATE = NET.replace("max_batches=100", "max_batches=2\nequidistant_point=1")


def test_heads_share_what_rolls_and_their_costs_are_of_what_is_left() -> None:
    net = network(LATE + CONV + HEAD)
    trainer = Trainer(net)
    trainer.batch = 2
    assert trainer.rejection is not None
    trainer.rejection.state[2] = 1e6
    loss = trainer.step(*data())
    assert loss == 0 and not trainer.losses[2].delta.any()
    assert trainer.rejection.state[1] > 0


def test_a_refused_step_rolls_nothing() -> None:
    net = network(LATE + CONV + HEAD)
    trainer = Trainer(net)
    trainer.batch = 2
    images, truth = data()
    images[3] = torch.nan
    with pytest.raises(LossError):
        trainer.step(images, truth)
    assert trainer.rejection is not None and not trainer.rejection.state.any()
