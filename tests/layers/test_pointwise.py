"""[activation], [dropout], [empty] and [logistic]: each value by itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from support.layer_check import Array, check_layer, network, read

from darknet_py.errors import BadOption
from darknet_py.layers.base import Run
from darknet_py.network.summary import summarize

NET = "[net]\nchannels=2\nheight=50\nwidth=50\n"


def test_activation_is_that_of_its_word() -> None:
    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        return np.where(inputs[0] > 0, inputs[0], 0.1 * inputs[0])

    check_layer("[activation]\nactivation=leaky", expect=expect, gradient=True)


@pytest.mark.parametrize("name", ["empty", "silence", "dropout"])
def test_nothing_happens_at_inference(name: str) -> None:
    check_layer(f"[{name}]", expect=lambda inputs, _: inputs[0], gradient=True)


def test_logistic_is_a_sigmoid() -> None:
    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        return 1 / (1 + np.exp(-inputs[0].astype(float)))

    check_layer("[logistic]", expect=expect)


@pytest.mark.parametrize(
    ("options", "fork", "probability"),
    [("probability=.25", "alexeyab", 0.25), ("", "alexeyab", 0.2), ("", "pjreddie", 0.5)],
)
def test_dropout_zeroes_a_share_and_scales_the_rest(
    options: str, fork: str, probability: float
) -> None:
    net = network(f"{NET}[dropout]\n{options}\n", fork)
    x = torch.ones(4, 2, 50, 50)
    ((_, y),) = net.outputs(x, Run(training=True))
    assert y.unique().tolist() == pytest.approx([0, 1 / (1 - probability)])
    assert float((y == 0).float().mean()) == pytest.approx(probability, abs=0.02)


def test_a_probability_is_in_0_to_1() -> None:
    with pytest.raises(BadOption, match="probability"):
        read(f"{NET}[dropout]\nprobability=1.5\n")


def test_lines_of_the_table() -> None:
    cfg = f"{NET}[dropout]\nprobability=.25\n[empty]\n[activation]\n[logistic]\n"
    assert [row.line for row in summarize(read(cfg)).rows] == [
        "dropout    p = 0.250        5000  ->   5000",
        "empty ",
        "Activation Layer: 5000 inputs",
        "logistic x entropy                             5000",
    ]
