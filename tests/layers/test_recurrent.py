"""Recurrent layers over vectors, and what all carry on, against plain loops in both file orders."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from support.layer_check import Array, check_layer, close, network, notices_of, random_input, read
from support.plain_recurrent import (
    TIME,
    W,
    by_steps,
    dense,
    elman,
    sigmoid,
    sizes,
)

from darknet_py.errors import CfgError
from darknet_py.network.network import Network

FORKS = ["alexeyab", "pjreddie"]


def vectors(x: Array) -> Array:
    return x[:, :, None, None]


# rnn


@pytest.mark.parametrize("normalize", [0, 1])
@pytest.mark.parametrize("shortcut", [0, 1])
@pytest.mark.parametrize("logistic, own", [(0, "leaky"), (1, "logistic"), (2, "loggy")])
@pytest.mark.parametrize("fork", FORKS)
def test_rnn(fork: str, logistic: int, own: str, shortcut: int, normalize: int) -> None:
    hidden = 5 if fork == "alexeyab" else 4  # pjreddie's state has `output` values

    def expect(inputs: list[Array], w: W) -> Array:
        step = elman(dense, w, np.zeros((2, hidden)), "leaky", own, shortcut)
        return vectors(by_steps(inputs[0], step))

    section = (
        f"[rnn]\noutput=4\nhidden=5\nactivation=leaky\nlogistic={logistic}\nshortcut={shortcut}"
    )
    section += f"\nbatch_normalize={normalize}"
    checked = check_layer(
        section, (6, 1, 1), expect, net=TIME, rows=6, fork=fork, gradient=logistic == 1
    )
    parts = list(dict.fromkeys(name.split(".")[0] for name in sizes(checked.net)))
    assert parts == ["input", "self", "output"]
    assert sizes(checked.net)["self.weights"] == (hidden, hidden)


def test_rnn_defaults() -> None:
    def expect(inputs: list[Array], w: W) -> Array:
        return vectors(
            by_steps(inputs[0], elman(dense, w, np.zeros((1, 1)), "logistic", "logistic", 0))
        )

    check_layer("[rnn]", (2, 3, 1), expect, net=TIME, rows=3)


# gru


@pytest.mark.parametrize("normalize", [0, 1])
@pytest.mark.parametrize("tanh", [0, 1])
@pytest.mark.parametrize(
    "fork, order",
    [
        ("alexeyab", ["uz", "ur", "uh", "wz", "wr", "wh"]),
        ("pjreddie", ["wz", "wr", "wh", "uz", "ur", "uh"]),
    ],
)
def test_gru(fork: str, order: list[str], tanh: int, normalize: int) -> None:
    def expect(inputs: list[Array], w: W) -> Array:
        h = np.zeros((2, 4))

        def step(x: Array) -> Array:
            nonlocal h
            z = sigmoid(dense(w, "uz", x) + dense(w, "wz", h))
            r = sigmoid(dense(w, "ur", x) + dense(w, "wr", h))
            inner = dense(w, "uh", x) + dense(w, "wh", r * h)
            c = np.tanh(inner) if tanh else sigmoid(inner)
            h = z * h + (1 - z) * c
            return h

        return vectors(by_steps(inputs[0], step))

    section = f"[gru]\noutput=4\ntanh={tanh}\nbatch_normalize={normalize}"
    checked = check_layer(section, (5, 1, 1), expect, net=TIME, rows=6, fork=fork, gradient=True)
    assert list(dict.fromkeys(name[:2] for name in sizes(checked.net))) == order
    assert sizes(checked.net)["uz.weights"] == (4, 5)
    assert sizes(checked.net)["wz.weights"] == (4, 4)


# lstm


@pytest.mark.parametrize("normalize", [0, 1])
@pytest.mark.parametrize(
    "fork, order",
    [
        ("alexeyab", ["wf", "wi", "wg", "wo", "uf", "ui", "ug", "uo"]),
        ("pjreddie", ["wi", "wf", "wo", "wg", "ui", "uf", "uo", "ug"]),
    ],
)
def test_lstm(fork: str, order: list[str], normalize: int) -> None:
    def expect(inputs: list[Array], w: W) -> Array:
        h, c = np.zeros((2, 4)), np.zeros((2, 4))

        def step(x: Array) -> Array:
            nonlocal h, c
            f, i, g, o = (dense(w, f"w{k}", h) + dense(w, f"u{k}", x) for k in "figo")
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            return h

        return vectors(by_steps(inputs[0], step))

    section = f"[lstm]\noutput=4\nbatch_normalize={normalize}"
    checked = check_layer(section, (5, 1, 1), expect, net=TIME, rows=6, fork=fork, gradient=True)
    assert list(dict.fromkeys(name[:2] for name in sizes(checked.net))) == order


# state

CARRIERS = [
    "[rnn]\noutput=3\nhidden=4",
    "[gru]\noutput=3",
    "[lstm]\noutput=3",
    "[crnn]\noutput=3\nhidden=2\npad=1",
    "[conv_lstm]\noutput=3\npad=1\npeephole=1",
    "[conv_lstm]\noutput=2\npad=1\nbottleneck=1",
    "[history]\nhistory_size=3",
]


def parts_of(section: str, steps: int) -> Network:
    return network(f"[net]\nchannels=2\nheight=3\nwidth=2\ntime_steps={steps}\n{section}\n")


@pytest.mark.parametrize("section", CARRIERS)
def test_carried_state_equals_one_long_pass(section: str) -> None:
    whole, half = parts_of(section, 4), parts_of(section, 2)
    x = random_input(whole, 8)  # two sequences of four steps
    with torch.no_grad():
        expected = whole(x)[0]
        state: dict[int, object] = {}
        first, second = half(x[:4], state)[0], half(x[4:], state)[0]
    close(torch.cat([first, second]).numpy(), expected.numpy(), 1e-6)


@pytest.mark.parametrize("section", CARRIERS)
def test_without_state_every_call_starts_anew(section: str) -> None:
    net = parts_of(section, 2)
    x = random_input(net, 4)
    with torch.no_grad():
        once, again = net(x)[0], net(x)[0]
        carried = [net(x, state)[0] for state in [{}] for _ in range(2)]
    assert torch.equal(once, again) and torch.equal(once, carried[0])
    assert not torch.equal(carried[0], carried[1])


@pytest.mark.parametrize("section", CARRIERS)
def test_sequences_do_not_mix(section: str) -> None:
    net = parts_of(section, 3)
    x = random_input(net, 6)
    with torch.no_grad():
        both = net(x)[0]
        apart = [net(x[s::2])[0] for s in (0, 1)]
    for s in (0, 1):
        close(both[s::2].numpy(), apart[s].numpy(), 1e-6)


ERRORS = [
    ("rnn", "output=0", "output: read 0, expected at least 1"),
    ("rnn", "hidden=0", "hidden: read 0, expected at least 1"),
    ("gru", "output=0", "output: read 0, expected at least 1"),
    ("lstm", "output=-1", "output: read -1, expected at least 1"),
    ("crnn", "output=0\npad=1", "output: read 0, expected at least 1"),
    ("crnn", "hidden=0\npad=1", "hidden: read 0, expected at least 1"),
    (
        "crnn",
        "",
        "size: its convolutions turn 4 x 5 x 3 into 2 x 3 x 1; the state needs the same size: "
        "set pad=1 for size 3, pad=0 for size 1",
    ),
    ("conv_lstm", "", "size: its convolutions turn 4 x 5 x 3 into 2 x 3 x 1"),
    ("conv_lstm", "pad=1\noutput=0", "output: read 0, expected at least 1"),
    (
        "conv_lstm",
        "pad=1\noutput=4\nbottleneck=1",
        "bottleneck: needs output = 3, the input's channels; it is 4",
    ),
    ("history", "history_size=0", "history_size: read 0, expected at least 1"),
]


@pytest.mark.parametrize("kind, options, message", ERRORS)
def test_errors(kind: str, options: str, message: str) -> None:
    with pytest.raises(CfgError, match=re.escape(message)):
        read(f"[net]\nchannels=3\nheight=5\nwidth=4\n[{kind}]\n{options}\n")


def test_pjreddies_rnn_needs_no_hidden() -> None:
    graph = read("[net]\ninputs=3\n[rnn]\noutput=2\nhidden=0\n", "pjreddie")
    assert graph.nodes[0].out == (2, 1, 1)
    assert notices_of(graph) == []


def test_flops_count_every_part() -> None:
    cfg = "[net]\nchannels=2\nheight=3\nwidth=4\n[conv_lstm]\nsize=1\noutput=5\n"
    cfg += "[conv_lstm]\nsize=1\noutput=5\npeephole=1\n"
    graph = read(cfg + "[lstm]\noutput=6\n")
    flops = [node.layer.flops(graph.context(node.index), node.out) for node in graph.nodes]
    pixels = 3 * 4
    assert flops[0] == 2 * 5 * pixels * 4 * (5 + 2) + 9 * 5 * pixels
    assert flops[1] == 2 * 5 * pixels * (3 * 5 + 4 * (5 + 5)) + 12 * 5 * pixels
    assert flops[2] == 2 * 6 * 4 * (6 + 5 * pixels)
    rows = [node.layer.table_row(graph.context(node.index), node.out) for node in graph.nodes]
    assert rows == [("5", "1 steps"), ("5", "1 steps"), ("6", "1 steps")]


def test_time_steps_of_the_graph_set_the_sequences() -> None:
    graph = read("[net]\ninputs=3\ntime_steps=2\n[gru]\noutput=2\n")
    longer = replace(graph, net=replace(graph.net, time_steps=4))
    x = torch.randn(4, 3)
    nets = [Network(made, seed=1) for made in (graph, longer)]
    with torch.no_grad():
        two, one = (net(x)[0] for net in nets)
    assert torch.equal(two[0], one[0]) and not torch.equal(two[1], one[1])
