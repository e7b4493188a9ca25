"""Plain loops that tests of several layers compare with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from darknet_py.network.network import Network
from support.layer_check import Array

STEPS = 3
TIME = f"time_steps={STEPS}"
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


def by_steps(x: Array, step: Callable[[Array], Array], steps: int = STEPS) -> Array:
    """Row t*S+s is step t of sequence s."""
    sequences = len(x) // steps
    return np.concatenate([step(x[t * sequences : (t + 1) * sequences]) for t in range(steps)])


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
