"""[detection] in both forks' words."""

from __future__ import annotations

import re

import numpy as np
import pytest
from support.layer_check import Array, Expect, check_layer, notices_of, read

from darknet_py.errors import CfgError

FORKS = ["alexeyab", "pjreddie"]


def share(x: Array, axis: int) -> Array:
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def detection(side: int, num: int, classes: int, softmax: bool) -> Expect:
    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        out = inputs[0].reshape(len(inputs[0]), -1).astype(float)
        for n, cell in np.ndindex(len(out), side * side if softmax else 0):
            index = slice(cell * classes, (cell + 1) * classes)
            out[n, index] = share(out[n, index], 0)
        return out[:, :, None, None]

    return expect


@pytest.mark.parametrize("fork", FORKS)
@pytest.mark.parametrize("softmax", [0, 1])
def test_detection(fork: str, softmax: int) -> None:
    section = f"[detection]\nside=2\nnum=2\nclasses=3\ncoords=4\nsoftmax={softmax}"
    check_layer(section, (13, 2, 2), detection(2, 2, 3, bool(softmax)), fork=fork, gradient=True)


def test_detection_defaults() -> None:
    checked = check_layer("[detection]", (3, 7, 7))  # side 7, one class, one box of one coordinate
    np.testing.assert_array_equal(checked.output.reshape(2, -1), checked.inputs[0].reshape(2, -1))


@pytest.mark.parametrize(
    "options, message",
    [
        ("side=0", "side: read 0, expected at least 1"),
        ("classes=0", "classes: read 0, expected at least 1"),
        ("num=0", "num: read 0, expected at least 1"),
        ("coords=0", "coords: read 0, expected at least 1"),
        (
            "side=2\nnum=2\nclasses=3\ncoords=4",
            "the layer above has 50 outputs, this head needs "
            "side*side*(classes+num*(1+coords)) = 2*2*(3+2*(1+4)) = 52",
        ),
    ],
)
def test_detection_errors(options: str, message: str) -> None:
    with pytest.raises(CfgError, match=re.escape(message)):
        read(f"[net]\ninputs=50\n[detection]\n{options}\n")


def test_detection_note_and_table_rows() -> None:
    graph = read("[net]\ninputs=3\n[detection]\nside=1\nreorg=1\n")
    assert notices_of(graph) == [
        "note: [detection] reorg: no effect here: AlexeyAB's program reads it and never uses it"
    ]
    assert graph.nodes[0].layer.table_row(graph.context(0), graph.nodes[0].out) == ("", "1 x 1")
    graph = read("[net]\nchannels=14\nheight=2\nwidth=2\n[region]\nclasses=2\nnum=2\n")
    assert graph.nodes[0].layer.table_row(graph.context(0), graph.nodes[0].out) == ("", "2 anchors")
