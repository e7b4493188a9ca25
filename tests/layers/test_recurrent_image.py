"""Recurrent layers over images against plain loops over steps and sequences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from support.layer_check import Array, check_layer, network, notices_of, read
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

from darknet_py.layers.base import Run


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


class OneCell:
    """A conv_lstm of one value with a bottleneck, with its gradients by hand as C goes about it."""

    GATES = "figo"

    def __init__(self, weights: W) -> None:
        flat = {name: array.astype(float).ravel() for name, array in weights.items()}
        self.past, self.now = flat["wf.weights"]
        self.shift = flat["wf.biases"][0]
        self.gates = {k: (flat[f"u{k}.weights"][0], flat[f"u{k}.biases"][0]) for k in self.GATES}

    def forward(self, x: Array) -> list[dict[str, float]]:
        h, c, steps = 0.0, 0.0, []
        for value in x:
            narrow = np.tanh(self.past * h + self.now * value + self.shift)
            sums = {k: weight * narrow + bias for k, (weight, bias) in self.gates.items()}
            gate = {k: np.tanh(v) if k == "g" else 1 / (1 + np.exp(-v)) for k, v in sums.items()}
            step = gate | {"h before": h, "c before": c, "narrow": narrow, "x": value}
            c = gate["f"] * c + gate["i"] * gate["g"]
            h = gate["o"] * np.tanh(c)
            steps.append(step | {"c": c, "h": h})
        return steps

    def backward(
        self, steps: list[dict[str, float]], factor: float, limit: float
    ) -> tuple[float, list[float]]:
        """The gradients of sum(t * h_t) for the bottleneck's weight of h, and for each input;
        limit: of the delta of the bottleneck."""
        weight, inputs, from_h, from_c = 0.0, [], 0.0, 0.0
        for t, s in reversed(list(enumerate(steps, start=1))):
            dh = t + factor * from_h
            bent = np.tanh(s["c"])
            dc = from_c + dh * s["o"] * (1 - bent**2)
            delta = {
                "f": dc * s["c before"] * s["f"] * (1 - s["f"]),
                "i": dc * s["g"] * s["i"] * (1 - s["i"]),
                "g": dc * s["i"] * (1 - s["g"] ** 2),
                "o": dh * bent * s["o"] * (1 - s["o"]),
            }
            narrow = sum(delta[k] * self.gates[k][0] for k in self.GATES) * (1 - s["narrow"] ** 2)
            narrow = min(max(narrow, -limit), limit)
            weight += narrow * s["h before"]
            inputs.insert(0, narrow * self.now)
            from_h, from_c = narrow * self.past, dc * s["f"]
        return weight, inputs


@pytest.mark.parametrize(
    ("factor", "limit"), [(0.0, 9.0), (0.5, 9.0), (1.0, 9.0), (3.0, 9.0), (1.0, 0.01)]
)
def test_time_normalizer_weighs_the_gradient_of_the_state_at_each_step(
    factor: float, limit: float
) -> None:
    """The cell's own gradient goes back in time in full; what enters a bottleneck is limited."""
    net = network(
        "[net]\nchannels=1\nheight=1\nwidth=1\ntime_steps=4\n"
        f"[conv_lstm]\nsize=1\nbottleneck=1\ntime_normalizer={factor}\n"
    )
    with torch.no_grad():
        net.own(0)["wf.weights"].fill_(1.5)

    def limited(y: torch.Tensor) -> torch.Tensor:
        y.register_hook(lambda gradient: gradient.clamp(-limit, limit))
        return y

    x = torch.tensor([0.3, -0.8, 0.5, 0.9]).reshape(4, 1, 1, 1).requires_grad_()
    ((_, y),) = net.outputs(x, Run(limit_delta=limited))
    y = y.flatten()
    (y * torch.arange(1, 5)).sum().backward()
    cell = OneCell({name: tensor.detach().numpy() for name, tensor in net.own(0).items()})
    steps = cell.forward(x.detach().double().numpy().ravel())
    weight, inputs = cell.backward(steps, factor, limit)
    assert y.tolist() == pytest.approx([s["h"] for s in steps], rel=1e-5)
    assert x.grad is not None and net.own(0)["wf.weights"].grad is not None
    assert net.own(0)["wf.weights"].grad[0, 0].item() == pytest.approx(weight, rel=1e-4)
    assert x.grad.flatten().tolist() == pytest.approx(inputs, rel=1e-4)
    assert ((weight, inputs) == cell.backward(steps, factor, 9.0)) == (limit > 1)


def test_time_normalizer_needs_a_bottleneck() -> None:
    cfg = "[net]\nchannels=1\nheight=1\nwidth=1\n[conv_lstm]\nsize=1\ntime_normalizer=.5\n"
    said = "note: [conv_lstm] time_normalizer: no effect without bottleneck=1"
    assert notices_of(read(cfg)) == [said]
    assert notices_of(read(cfg + "bottleneck=1\n")) == []


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
