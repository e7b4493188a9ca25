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


EVERY_KIND = (
    CONV
    + "[deconv]\nfilters=3\nsize=2\nstride=2\nbatch_normalize=1\nactivation=leaky\n"
    + "[batchnorm]\n[local]\nfilters=2\nsize=3\nstride=2\npad=1\nactivation=leaky\n"
    + "[crnn]\noutput=2\nhidden=2\nsize=1\n"
    + "[conv_lstm]\noutput=2\nsize=1\n"
    + "[shortcut]\nfrom=-2\nweights_type=per_feature\nactivation=linear\n"
    + "[connected]\noutput=3\nbatch_normalize=1\n[rnn]\noutput=3\nhidden=3\n"
    + "[gru]\noutput=3\n[lstm]\noutput=3\n[connected]\noutput=3\n[softmax]\n"
)


@pytest.mark.parametrize(
    ("fork", "kinds"),
    [
        ("alexeyab", {"convolutional"}),
        ("pjreddie", {"convolutional", "deconvolutional", "connected", "rnn", "gru", "lstm"}),
    ],
)
def test_adam_moves_some_kinds_and_momentum_the_others(fork: str, kinds: set[str]) -> None:
    """All updates are 1, without decay: Adam's first step is the rate, a momentum's rate/images."""
    net = network(NET.replace("decay=0.1", "decay=0\nadam=1\neps=0") + EVERY_KIND, fork)
    optimizer, start = Optimizer(net), weights(net)
    for state in optimizer.states:
        state.update.fill_(1.0)
    optimizer.move(StepInfo(rate=0.5, batch=1, images=4, freeze_before=0))
    moved = {0.5: set[str](), 0.125: set[str]()}
    for name, tensor in net.named_parameters():
        layer = net.graph.nodes[int(name.split(".")[1])].layer
        if layer.trains(net.graph.fork):
            by = round(float((tensor.detach() - start[name]).mean()), 4)
            moved[by].add(layer.kind)
    assert moved[0.5] == kinds
    assert moved[0.125] >= {"local", "crnn", "conv_lstm"} and not moved[0.125] & kinds
    assert {s.layer.kind for s in optimizer.states if s.moments is not None} == kinds
    kept = {s.layer.kind for s in optimizer.states if bool(s.update.any())}
    assert kept == moved[0.125]  # Adam leaves no update behind, momentum nine tenths


@pytest.mark.parametrize(("fork", "first"), [("alexeyab", 11), ("pjreddie", 1)])
def test_what_adam_counts_after_weights_were_loaded(fork: str, first: int) -> None:
    """Ten updates seen, moments empty: AlexeyAB's program corrects by the eleventh's factors,
    pjreddie's by those of the first and second of this training."""
    net = network(
        NET.replace("decay=0.1", "decay=0\nadam=1\neps=0\nB1=.8\nB2=.6") + CONV + HEAD, fork
    )
    optimizer, start = Optimizer(net), weights(net)
    m = v = expected = 0.0
    for number, update in enumerate((1.0, 3.0)):
        for state in optimizer.states:
            state.update.fill_(update)
        optimizer.move(StepInfo(rate=0.5, batch=11 + number, images=4, freeze_before=0))
        m, v = 0.8 * m + 0.2 * update, 0.6 * v + 0.4 * update**2
        count = first + number
        expected += 0.5 * m / (1 - 0.8**count) / (v / (1 - 0.6**count)) ** 0.5
        for name, tensor in net.named_parameters():
            torch.testing.assert_close(tensor, start[name] + expected, atol=1e-5, rtol=1e-4)


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


@pytest.mark.parametrize("option", ["dont_update=9", "burnin_update=9", "train_only_bn=1"])
def test_pjreddies_program_holds_no_layer_back(option: str) -> None:
    net = network(NET.replace("max", "burn_in=2\nmax") + CONV + f"{option}\n" + HEAD, "pjreddie")
    before, (images, truth) = weights(net), data()
    Trainer(net).step(images, truth.reshape(4, 200, 6)[:, :90, :5].flatten(1))
    assert "layers.0.biases" in changed(before, net)


@pytest.mark.parametrize(
    ("fork", "limits"),
    [("alexeyab", [0.05, 0, 0.06, 0]), ("pjreddie", [0.25, 0.25, 0, 0])],
)
def test_which_weights_a_clip_limits(fork: str, limits: list[float]) -> None:
    """Of two [convolutional], an [implicit] and a [connected]; 0: none."""
    net = NET.replace("decay=0.1", "decay=0\nclip=.25")
    made = network(
        f"{net}{CONV}clip=.05\n{CONV}[implicit]\nfilters=4\nclip=.06\n"
        "[route]\nlayers=-2\n[connected]\noutput=3\nclip=.07\n[softmax]\n",
        fork,
    )
    optimizer = Optimizer(made)
    for state in optimizer.states:
        state.update.fill_(40.0)
    optimizer.move(StepInfo(rate=1.0, batch=1, images=4, freeze_before=0))
    found = [
        float(s.tensor.detach().abs().max())
        for s in optimizer.states
        if s.role in ("weight", "implicit") and s.layer.trains(made.graph.fork)
    ]
    assert len(found) == len(limits)
    for value, limit in zip(found, limits, strict=True):
        assert value == pytest.approx(limit) if limit else value > 5
    biases = [s.tensor.detach().abs().max() for s in optimizer.states if s.role == "bias"]
    assert min(biases) > 5


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
