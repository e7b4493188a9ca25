"""Darknet's update rules, against the formulas written out."""

from __future__ import annotations

import pytest
import torch
from support.layer_check import network
from support.small_step import CONV, HEAD, NET, changed, data, gradients_of, weights
from torch import Tensor

from darknet_py.train import Trainer
from darknet_py.train.optimizer import SHORTCUT_LIMIT, Optimizer, StepInfo


def test_a_step_is_darknets_sgd() -> None:
    """U += -decay * B * W; W += rate / B * U; U *= momentum; biases and scales without decay."""
    net = network(NET + CONV + HEAD)
    trainer = Trainer(net)
    velocity: dict[str, Tensor] = {}
    for seed in range(3):
        start = weights(net)
        gradients = gradients_of(net, *data(seed=seed))
        trainer.step(*data(seed=seed))
        for name, gradient in gradients.items():
            update = velocity.get(name, torch.zeros_like(gradient)) - gradient
            if name.endswith("weights"):
                update = update - 0.1 * 4 * start[name]
            expected = start[name] + 0.01 / 4 * update
            velocity[name] = 0.9 * update
            torch.testing.assert_close(net.state_dict()[name], expected, atol=1e-6, rtol=1e-5)


def test_adam_is_that_of_the_gpu_path() -> None:
    """Moments of the summed update, decay on every tensor, correction by the batch's number."""
    net = network(
        NET.replace("decay=0.1", "decay=0.1\nadam=1\nB1=.8\nB2=.7\neps=.01") + CONV + HEAD
    )
    trainer = Trainer(net)
    start, gradients = weights(net), gradients_of(net, *data())
    trainer.step(*data())
    for name, gradient in gradients.items():
        change = -gradient - 0.1 * 4 * start[name]
        # After one step both corrections cancel the moments' factors.
        expected = start[name] + 0.01 * change / (change.abs() + 0.01)
        torch.testing.assert_close(net.state_dict()[name], expected, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize(("fork", "share"), [("alexeyab", 1 / 2), ("pjreddie", 1 / 1.1)])
def test_the_fork_says_what_adam_adds_to_the_spread(fork: str, share: float) -> None:
    """1e-6 and 1e-7; seen with an update of 1e-6, whose root of the second moment is as small."""
    net = network(NET.replace("decay=0.1", "decay=0\nadam=1") + CONV + HEAD, fork)
    start = weights(net)
    optimizer = Optimizer(net)
    for state in optimizer.states:
        state.update.fill_(1e-6)
    optimizer.move(StepInfo(rate=1.0, batch=1, images=4, freeze_before=0))
    for name, tensor in net.named_parameters():
        torch.testing.assert_close(tensor, start[name] + share, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("option", "moves"),
    [
        ("dont_update=1", [False, True, True, True]),
        ("burnin_update=1", [False, True, True, True]),
        ("burnin_update=2", [False, False, False, True]),
        ("", [True, True, True, True]),
    ],
)
def test_updates_that_wait(option: str, moves: list[bool]) -> None:
    net = network(NET.replace("max", "burn_in=2\nmax") + CONV + f"{option}\n" + HEAD)
    trainer, seen = Trainer(net), []
    for _ in moves:
        before = weights(net)
        trainer.step(*data())
        seen.append("layers.0.biases" in changed(before, net))
    assert seen == moves


def test_learning_rate_of_a_layer_and_clip() -> None:
    slow = network(NET + CONV + "learning_rate=0\n" + HEAD)
    before = weights(slow)
    Trainer(slow).step(*data())
    assert "layers.0.biases" not in changed(before, slow)
    clipped = network(NET + CONV + "clip=0.05\n" + HEAD)
    Trainer(clipped).step(*data())
    assert float(clipped.state_dict()["layers.0.weights"].abs().max()) == pytest.approx(0.05)


def test_updates_of_a_shortcuts_weights_are_limited() -> None:
    """As on the GPU path of AlexeyAB's program: to +-1, whatever is asked for."""
    layers = CONV + CONV + "[shortcut]\nfrom=-2\nweights_type=per_feature\nactivation=linear\n"
    net = network(NET.replace("decay=0.1", "decay=0") + layers + HEAD)
    optimizer, start = Optimizer(net), weights(net)
    for state in optimizer.states:
        state.update.fill_(-8.0)
    optimizer.move(StepInfo(rate=1.0, batch=1, images=4, freeze_before=0))
    moved = {name: (tensor - start[name]).unique() for name, tensor in net.named_parameters()}
    limited = {name for name, by in moved.items() if by.abs().max() < 1}
    assert len(limited) == 1 and limited < set(moved)
    (name,) = limited
    torch.testing.assert_close(moved[name].mean(), torch.tensor(-SHORTCUT_LIMIT / 4))
