"""Recurrent layers against plain loops over steps and sequences, in both forks' file orders."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from support.layer_check import Array, check_layer, close, network, notices_of, random_input, read

from darknet_py.errors import CfgError
from darknet_py.network.network import Network

STEPS = 3
TIME = f"time_steps={STEPS}"
FORKS = ["alexeyab", "pjreddie"]
W = dict[str, Array]
Part = Callable[[W, str, Array, str], Array]


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


ACTIVATE: dict[str, Callable[[Array], Array]] = {
    "linear": lambda x: x,
    "logistic": sigmoid,
    "loggy": lambda x: 2 * sigmoid(x) - 1,
    "tanh": np.tanh,
    "leaky": lambda x: np.where(x > 0, x, 0.1 * x),
    "relu": lambda x: np.maximum(x, 0),
}


def normalized(w: W, name: str, x: Array) -> Array:
    """+ bias, or batch normalisation where the part has it; channels on axis 1."""

    def per(key: str) -> Array:
        return w[f"{name}.{key}"].astype(float).reshape(1, -1, *[1] * (x.ndim - 2))

    if f"{name}.scales" not in w:
        return x + per("biases")
    root = np.sqrt(per("rolling_variance") + 1e-5)
    return per("scales") * (x - per("rolling_mean")) / root + per("biases")


def dense(w: W, name: str, x: Array, activation: str = "linear") -> Array:
    """One connected part over rows (S, inputs)."""
    full = x.reshape(len(x), -1) @ w[f"{name}.weights"].astype(float).T
    return ACTIVATE[activation](normalized(w, name, full))


def conv(w: W, name: str, x: Array, activation: str = "linear") -> Array:
    """One convolution of stride 1 that keeps the size."""
    kernel = w[f"{name}.weights"].astype(float)
    size = kernel.shape[2]
    pad = size // 2
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = np.zeros((len(x), len(kernel), *x.shape[2:]))
    for i, j in np.ndindex(x.shape[2:]):
        window = padded[:, :, i : i + size, j : j + size]
        out[:, :, i, j] = np.einsum("ncuv,fcuv->nf", window, kernel)
    return ACTIVATE[activation](normalized(w, name, out))


def by_steps(x: Array, step: Callable[[Array], Array], steps: int = STEPS) -> Array:
    """Row t*S+s is step t of sequence s."""
    sequences = len(x) // steps
    return np.concatenate([step(x[t * sequences : (t + 1) * sequences]) for t in range(steps)])


def vectors(x: Array) -> Array:
    return x[:, :, None, None]


def elman(
    part: Part, w: W, state: Array, activation: str, own: str, shortcut: int
) -> Callable[[Array], Array]:
    def step(x: Array) -> Array:
        nonlocal state
        grown = part(w, "input", x, activation) + part(w, "self", state, own)
        state = state + grown if shortcut else grown
        return part(w, "output", state, activation)

    return step


def sizes(net: Network) -> dict[str, tuple[int, ...]]:
    """Tensors of the last layer in file order."""
    last = len(net.graph.nodes) - 1
    return {stored.name: stored.shape for stored in net.graph.stored(last)}


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


# crnn


@pytest.mark.parametrize("shortcut", [0, 1])
@pytest.mark.parametrize(
    "words, hidden, kernel",
    [
        ("output=3\nhidden=4\npad=1", 4, 3),  # size 3 unless told
        ("output=3\nhidden=4\nsize=1", 4, 1),
        ("output=3\nhidden=4\nsize=5\npadding=2", 4, 5),
        ("output_filters=3\nhidden_filters=4", 4, 3),
        ("output_filters=3\nhidden_filters=4\nsize=1", 4, 3),  # pjreddie's is always 3x3
        ("output_filters=3", 1, 3),
        ("output=3\nhidden=4\npad=1\nbatch_normalize=1", 4, 3),
    ],
)
def test_crnn(words: str, hidden: int, kernel: int, shortcut: int) -> None:
    def expect(inputs: list[Array], w: W) -> Array:
        start = np.zeros((2, hidden, 4, 3))
        return by_steps(inputs[0], elman(conv, w, start, "leaky", "leaky", shortcut))

    section = f"[crnn]\nactivation=leaky\nshortcut={shortcut}\n{words}"
    checked = check_layer(section, (2, 4, 3), expect, net=TIME, rows=6)
    assert sizes(checked.net)["input.weights"] == (hidden, 2, kernel, kernel)
    assert sizes(checked.net)["output.weights"] == (3, hidden, kernel, kernel)


def test_crnn_in_pjreddies_words_has_one_output_unless_told() -> None:
    checked = check_layer("[crnn]\nhidden_filters=2", (2, 4, 3), net=TIME, rows=3)
    assert sizes(checked.net)["output.weights"] == (1, 2, 3, 3)


# conv_lstm


def conv_lstm(
    act: str, inner: str, limit: float, *, residual: bool = False
) -> Callable[[list[Array], W], Array]:
    """Steps of conv_lstm; which parts there are says whether it has peepholes or a bottleneck."""

    def expect(inputs: list[Array], w: W) -> Array:
        peephole, bottleneck = "vf.weights" in w, "wi.weights" not in w
        squash = ACTIVATE[inner]
        filters = len(w["uf.biases"])
        h = c = np.zeros((2, filters, *inputs[0].shape[2:]))

        def gate(k: str, x: Array) -> Array:
            return conv(w, f"u{k}", x, act) + (0 if bottleneck else conv(w, f"w{k}", h, act))

        def step(x: Array) -> Array:
            nonlocal h, c
            mixed = x
            if bottleneck:
                mixed = squash(conv(w, "wf", np.concatenate([h, x], axis=1), act))
            f, i, g, o = (gate(k, mixed) for k in "figo")
            if peephole:
                f, i = f + conv(w, "vf", c, act), i + conv(w, "vi", c, act)
            c = sigmoid(f) * c + sigmoid(i) * squash(g)
            if peephole:
                o = o + conv(w, "vo", c, act)
            h = sigmoid(o) * squash(c)
            c = np.clip(c, -limit, limit)
            if not residual:
                return h
            half = filters // 2
            return np.concatenate([h[:, :half] + mixed[:, :half], h[:, half:]], axis=1)

        return by_steps(inputs[0], step)

    return expect


PLAIN = ["wf", "wi", "wg", "wo", "uf", "ui", "ug", "uo"]


@pytest.mark.parametrize(
    "options, act, inner, limit, order",
    [
        ("", "linear", "tanh", 96, PLAIN),
        ("activation=leaky", "leaky", "tanh", 96, PLAIN),
        ("lstm_activation=relu", "linear", "relu", 96, PLAIN),
        (
            "lstm_activation=linear\nstate_constrain=0",
            "linear",
            "linear",
            np.inf,
            PLAIN,
        ),  # no limit
        ("lstm_activation=linear\nstate_constrain=1", "linear", "linear", 1, PLAIN),
        ("peephole=1\nactivation=leaky", "leaky", "tanh", 96, ["vf", "vi", "vo", *PLAIN]),
        ("bottleneck=1\nactivation=leaky", "leaky", "tanh", 96, ["wf", "uf", "ui", "ug", "uo"]),
        (
            "bottleneck=1\npeephole=1\nlstm_activation=relu\nstate_constrain=1",
            "linear",
            "relu",
            1,
            ["vf", "vi", "vo", "wf", "uf", "ui", "ug", "uo"],
        ),
        ("batch_normalize=1", "linear", "tanh", 96, PLAIN),
        ("time_normalizer=2", "linear", "tanh", 96, PLAIN),  # of gradients only
    ],
)
def test_conv_lstm(options: str, act: str, inner: str, limit: float, order: list[str]) -> None:
    section = f"[conv_lstm]\noutput=4\npad=1\n{options}"
    expect = conv_lstm(act, inner, limit)
    gradient = "relu" not in options and "state_constrain" not in options
    checked = check_layer(section, (4, 4, 3), expect, net=TIME, rows=6, gradient=gradient)
    assert list(dict.fromkeys(name[:2] for name in sizes(checked.net))) == order


def test_conv_lstm_state_is_limited_to_32_times_the_steps() -> None:
    """With one step 32; the limit works on the cell alone, after the output has been made."""
    cfg = "[net]\nchannels=1\nheight=1\nwidth=1\n[conv_lstm]\nsize=1\nlstm_activation=linear\n"
    net = network(cfg)
    x = torch.full((1, 1, 1, 1), 1e4)
    with torch.no_grad():
        for name, tensor in net.own(0).items():
            tensor.fill_(1.0 if name in ("ug.weights", "ui.weights", "uo.weights") else 0.0)
        state: dict[int, object] = {}
        y = net(x, state)[0]
    assert y.item() == pytest.approx(1e4)
    assert [tensor.item() for tensor in state[0]] == pytest.approx([1e4, 32.0])


def test_conv_lstm_shortcut_adds_half_of_the_bottleneck_to_the_output() -> None:
    """`if (l.shortcut) if (l.bottleneck)` of AlexeyAB's GPU forward: output, not state."""
    section = "[conv_lstm]\noutput=4\npad=1\nbottleneck=1\nshortcut=1"
    check_layer(
        section, (4, 4, 3), conv_lstm("linear", "tanh", 96, residual=True), net=TIME, rows=6
    )


# history


@pytest.mark.parametrize("size", [1, 2, 4])
def test_history_puts_the_newest_first(size: int) -> None:
    def expect(inputs: list[Array], _: W) -> Array:
        frames = inputs[0].reshape(STEPS, 2, *inputs[0].shape[1:])
        out = np.zeros((STEPS, 2, 2 * size, 3, 2))
        for t, back in np.ndindex(STEPS, size):
            if t >= back:
                out[t, :, 2 * back : 2 * back + 2] = frames[t - back]
        return out.reshape(-1, 2 * size, 3, 2)

    check_layer(
        f"[history]\nhistory_size={size}", (2, 3, 2), expect, net=TIME, rows=6, gradient=True
    )


def test_history_of_single_steps_fills_the_first_frame_only() -> None:
    def expect(inputs: list[Array], _: W) -> Array:
        return np.pad(inputs[0], ((0, 0), (0, 6), (0, 0), (0, 0)))

    check_layer("[history]", (2, 3, 2), expect)


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
