"""What other rooms ask of a section kind and its class answers: fields, counts, lines, roles."""

from __future__ import annotations

import pytest
from support.layer_check import net_section, read, sections

from darknet_py.forks import ALEXEYAB, PJREDDIE
from darknet_py.layers import SECTIONS
from darknet_py.layers.base import Layer
from darknet_py.layers.counted import Counted
from darknet_py.network.graph import Graph
from darknet_py.network.summary import receptive_fields, summarize


def graph_of(layers: str) -> Graph:
    return read(net_section(4, 32, 32) + sections(layers))


def test_receptive_field_of_a_net_by_hand() -> None:
    layers = "conv size=3 stride=2 pad=1;max size=2 stride=2;conv size=3 dilation=2 pad=1"
    layers += ";conv;upsample stride=2;route layers=-1,0;max size=2;conv size=5 pad=1"
    fields = receptive_fields(graph_of(layers))
    assert fields[-1] == (1, 1), "a pixel of the input sees itself"
    assert fields[0] == (3, 2)
    assert fields[1] == (3 + 1 * 2, 4), "two neighbours, which are two pixels apart"
    assert fields[2] == (5 + 4 * 4, 4), "a window of 3 is one of 5 with gaps"
    assert fields[3] == (21, 4), "one pixel alone widens nothing"
    assert fields[4] == (21, 2), "finer, and sees no less"
    assert fields[5] == (21, 2), "the widest of those joined"
    assert fields[6] == (21 + 1 * 2, 2)
    assert fields[7] == (23 + 4 * 2, 2)


@pytest.mark.parametrize(
    ("layer", "field"),
    [
        ("conv size=3 pad=1 stride=2", (19, 8)),
        ("conv size=3 pad=1 stride_x=2 stride_y=1", (19, 8)),
        ("conv size=1 dilation=3", (11, 4)),
        ("deconv size=2 stride=2", (11, 2)),
        ("max size=3 stride=2", (19, 8)),
        ("local_avg size=2 stride=2", (15, 8)),
        ("avg", (11, 4)),
        ("local size=3 stride=2", (19, 8)),
        ("lrn size=5", (27, 4)),
        ("batchnorm", (11, 4)),
        ("conn output=2", (11, 4)),
        ("reorg stride=2", (11, 8)),
        ("reorg stride=2 reverse=1", (11, 2)),
        ("reorg3d stride=2", (11, 8)),
        ("upsample stride=2", (11, 2)),
        ("upsample stride=8", (11, 1)),
        ("upsample stride=-2", (11, 8)),
        ("shortcut from=-2", (11, 4)),
        ("crnn size=3 pad=1 dilation=1", (19, 4)),
        ("conv_lstm size=3 pad=1", (19, 4)),
        ("history", (11, 4)),
    ],
)
def test_how_each_kind_changes_the_field(layer: str, field: tuple[int, int]) -> None:
    """Behind a field of 11 with a stride of 4."""
    graph = graph_of(f"conv size=11 stride=4 padding=5 filters=4;conv filters=4;{layer}")
    assert receptive_fields(graph)[1] == (11, 4)
    assert receptive_fields(graph)[2] == field


BOTH = Counted.TOTAL | Counted.PUBLISHED
NONE = Counted(0)


@pytest.mark.parametrize(
    ("name", "totals"),
    [
        ("convolutional", BOTH | Counted.OPS),
        ("maxpool", BOTH),
        ("local_avgpool", BOTH),
        ("crnn", BOTH),
        ("conv_lstm", BOTH),
        ("shortcut", Counted.TOTAL),
        ("connected", Counted.OPS),
        ("rnn", Counted.OPS),
        ("gru", Counted.OPS),
        ("lstm", Counted.OPS),
        ("local", NONE),
        ("deconvolutional", NONE),
        ("avgpool", NONE),
        ("upsample", NONE),
    ],
)
def test_which_of_darknets_totals_count_a_kind(name: str, totals: Counted) -> None:
    kind = SECTIONS[name]
    assert totals == kind.COUNTED


def test_the_table_counts_an_xnor_convolution_for_a_part_and_ops_counts_it_whole() -> None:
    graph = graph_of("conv filters=8 size=3 pad=1 xnor=1")
    layer, context, out = graph.nodes[0].layer, graph.context(0), graph.nodes[0].out
    assert layer.operations(context, out) == 2 * 8 * 4 * 9 * 32 * 32
    assert layer.flops(context, out) == 2 * 8 * 4 * 9 * 32


def test_a_pool_has_flops_that_ops_leaves_out() -> None:
    graph = graph_of("max size=2 stride=2")
    layer, context, out = graph.nodes[0].layer, graph.context(0), graph.nodes[0].out
    assert layer.flops(context, out) == 4 * 4 * 16 * 16
    assert layer.operations(context, out) == 0


@pytest.mark.parametrize(
    ("fact", "yes", "no"),
    [
        ("IS_LOSS", "cost", "softmax logistic contrastive yolo"),
        ("CLASSIFIES", "softmax", "logistic cost region"),
        ("AVERAGED", "convolutional", "connected local batchnorm crnn shortcut"),
        ("HEAD", "yolo Gaussian_yolo region detection", "softmax cost contrastive iseg"),
    ],
)
def test_what_kinds_say_of_their_outputs_and_weights(fact: str, yes: str, no: str) -> None:
    assert all(getattr(SECTIONS[name], fact) for name in yes.split())
    assert not any(getattr(SECTIONS[name], fact) for name in no.split())


def test_a_batchnorm_of_pjreddies_never_trains() -> None:
    assert not made(SECTIONS["batchnorm"]).trains(PJREDDIE)
    assert made(SECTIONS["batchnorm"]).trains(ALEXEYAB)
    assert made(SECTIONS["convolutional"]).trains(PJREDDIE)


def made(kind: type[Layer]) -> Layer:
    graph = graph_of("conv")
    return kind(section=graph.nodes[0].layer.section)


def test_the_output_is_the_layer_before_what_is_only_a_loss() -> None:
    assert graph_of("conv;soft;cost").last == 1
    assert graph_of("conv;soft").last == 1
    assert graph_of("cost").last == 0, "nothing else is there"


def test_temperature_is_set_where_there_is_one() -> None:
    conv, soft = (node.layer for node in graph_of("conv;soft groups=2").nodes)
    assert conv.at_temperature(0.5) is conv
    warm = soft.at_temperature(0.5)
    assert (warm.temperature, warm.groups) == (0.5, 2)  # type: ignore[attr-defined]


def test_a_kind_without_a_line_shows_its_own_columns() -> None:
    line = summarize(graph_of("iseg classes=3 ids=1")).rows[0].line
    assert line == f"{'iseg':12} {'':5} {'':10}   32 x  32 x   4 ->   32 x  32 x   4"
