"""[connected] against plain matrices."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from support.layer_check import Array, check_layer, network, read

from darknet_py.errors import BadOption, CfgError

IMAGE = (3, 4, 2)


def product(inputs: list[Array], w: dict[str, Array]) -> Array:
    """W x for x in the order channel, row, column."""
    x = inputs[0]
    out = np.zeros((len(x), len(w["weights"])))
    for n, o in np.ndindex(out.shape):
        flat = [x[n, c, i, j] for c, i, j in np.ndindex(x.shape[1:])]
        out[n, o] = sum(float(a) * float(b) for a, b in zip(w["weights"][o], flat, strict=True))
    return out[:, :, None, None]


def per_output(values: Array) -> Array:
    return values.astype(float)[None, :, None, None]


@pytest.mark.parametrize("name", ["connected", "conn"])
def test_plain(name: str) -> None:
    def expect(inputs: list[Array], w: dict[str, Array]) -> Array:
        return product(inputs, w) + per_output(w["biases"])

    check_layer(f"[{name}]\noutput=5\nactivation=linear", IMAGE, expect, gradient=True)


def test_defaults_are_one_logistic_output() -> None:
    def expect(inputs: list[Array], w: dict[str, Array]) -> Array:
        return 1 / (1 + np.exp(-product(inputs, w) - per_output(w["biases"])))

    assert check_layer("[connected]", IMAGE, expect).output.shape == (2, 1, 1, 1)


def test_batch_normalisation_stands_before_the_bias() -> None:
    def expect(inputs: list[Array], w: dict[str, Array]) -> Array:
        root = np.sqrt(per_output(w["rolling_variance"]) + 1e-5)
        x = (product(inputs, w) - per_output(w["rolling_mean"])) / root
        x = per_output(w["scales"]) * x + per_output(w["biases"])
        return np.where(x > 0, x, 0.1 * x)

    section = "[connected]\noutput=5\nactivation=leaky\nbatch_normalize=1"
    checked = check_layer(section, IMAGE, expect, gradient=True)
    names = [stored.name for stored in checked.net.graph.stored(0)]
    assert names == ["biases", "weights", "scales", "rolling_mean", "rolling_variance"]


def test_input_may_be_a_vector() -> None:
    net = network("[net]\ninputs=6\n[connected]\noutput=2\nactivation=linear\n")
    x = torch.randn(3, 6)
    own = net.own(0)
    expected = (x.double() @ own["weights"].double().T + own["biases"].double()).detach()
    torch.testing.assert_close(net(x)[0][:, :, 0, 0].double(), expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    "options, error, message",
    [
        ("output=0", CfgError, "output: read 0, expected at least 1"),
        ("output=ten", BadOption, "output: read 'ten', expected an integer"),
        ("activation=leakyy", BadOption, "did you mean 'leaky'"),
    ],
)
def test_errors(options: str, error: type[CfgError], message: str) -> None:
    with pytest.raises(error, match=message):
        read(f"[net]\ninputs=4\n[connected]\n{options}\n")


def test_flops_and_table_row() -> None:
    graph = read("[net]\nchannels=2\nheight=3\nwidth=3\n[connected]\noutput=7\n")
    node = graph.nodes[0]
    assert node.layer.flops(graph.context(0), node.out) == 2 * 18 * 7
    assert node.layer.table_row(graph.context(0), node.out) == ("7", "")
