"""Recurrent layers over images against plain loops over steps and sequences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from support.layer_check import Array, check_layer, network
from support.plain_recurrent import (
    ACTIVATE,
    STEPS,
    TIME,
    W,
    by_steps,
    elman,
    normalized,
    sigmoid,
    sizes,
)


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
