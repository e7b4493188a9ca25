"""Which filters= make the channels of a head."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.anchors.cfg_anchors import text_of
from darknet_py.anchors.feeders import feeders_of, set_outputs
from darknet_py.errors import CfgError, Problems
from darknet_py.network.graph import Graph, read_graph

START = "[net]\nwidth=32\nheight=32\nchannels=3\n"
CONVOLUTION = "[convolutional]\nfilters=8\nsize=1\n"
HEAD = "[yolo]\nclasses=3\nnum=1\nmask=0\nanchors=8,8\n"


def graph(folder: Path, *sections: str) -> Graph:
    (folder / "n.cfg").write_text("".join([START, *sections]))
    return read_graph(folder / "n.cfg", problems=Problems())


@pytest.mark.parametrize(
    "between, expected",
    [
        ("", (1,)),
        ("[dropout]\n[activation]\nactivation=relu\n", (1,)),
        ("[maxpool]\nsize=2\nstride=2\n[upsample]\n", (1,)),
        (f"{CONVOLUTION}[shortcut]\nfrom=-2\nactivation=linear\n", (1, 2)),
        ("[implicit]\nfilters=8\n[scale_channels]\nfrom=-2\n", (1, 2)),
        ("[route]\nlayers=-1\n", (1,)),
        ("[route]\nlayers=-1,0\n[convolutional]\nfilters=8\n", (3,)),
    ],
)
def test_channels_are_looked_for_further_up(
    tmp_path: Path, between: str, expected: tuple[int, ...]
) -> None:
    made = graph(tmp_path, CONVOLUTION, CONVOLUTION, between, HEAD)
    assert feeders_of(made, len(made.nodes) - 1) == expected


def test_all_of_them_are_set(tmp_path: Path) -> None:
    between = "[implicit]\nfilters=8\n[scale_channels]\nfrom=-2\n"
    made = graph(tmp_path, CONVOLUTION, between, HEAD)
    edited = text_of(made)
    set_outputs(edited, made, made.nodes[-1].layer, (0, 1), 13)
    assert [(change.section, change.new) for change in edited.changes] == [
        ("convolutional", "13"),
        ("implicit", "13"),
    ]


def test_of_connected_layers_it_is_output(tmp_path: Path) -> None:
    made = graph(tmp_path, "[connected]\noutput=5\n[softmax]\n")
    edited = text_of(made)
    set_outputs(edited, made, made.nodes[1].layer, feeders_of(made, 1), 7)
    assert [(change.key, change.old, change.new) for change in edited.changes] == [
        ("output", "5", "7")
    ]


@pytest.mark.parametrize("between", ["[route]\nlayers=-1,-1\n", "[reorg]\nstride=2\n"])
def test_channels_that_nobody_sets_are_refused(tmp_path: Path, between: str) -> None:
    made = graph(tmp_path, CONVOLUTION, between, "[softmax]\n")
    assert feeders_of(made, 2) == ()
    message = r"n.cfg:\d+: \[softmax\]: cannot be told which filters= make the channels"
    with pytest.raises(CfgError, match=message):
        set_outputs(text_of(made), made, made.nodes[2].layer, (), 4)


def test_a_network_that_is_only_a_head_has_none(tmp_path: Path) -> None:
    assert feeders_of(graph(tmp_path, "[softmax]\n"), 0) == ()
