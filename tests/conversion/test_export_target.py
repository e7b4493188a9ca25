"""What keeps a program to one width and height, in the words of the layer that does."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from support.layer_check import net_section, read, sections

from darknet_py.conversion.export_target import (
    ExportTarget,
    needed_steps,
    output_names,
    require,
    taken_layers,
)
from darknet_py.conversion.formats import FORMS
from darknet_py.errors import DarknetError
from darknet_py.network.graph import Graph, read_graph

ANY_SIZE = ExportTarget(dynamic_size=True)


def graph_of(layers: str) -> Graph:
    return read(net_section(4, 32, 32) + sections(layers))


@pytest.mark.parametrize(
    ("layers", "line", "reason"),
    [
        ("connected output=5", 6, "its matrix fits one input size"),
        ("local size=3", 6, "it has weights for every pixel"),
        (
            "detection classes=4 num=1 coords=11 side=16",
            6,
            "it follows a matrix that fits one input size",
        ),
        (
            "local_avgpool size=2 stride=2",
            6,
            "it divides by the pixels of each window that lie inside",
        ),
        ("crop crop_width=8 crop_height=8", 6, "it cuts out a fixed size"),
        ("crnn size=3 pad=1", 6, "its memory has a fixed size"),
        ("conv_lstm size=3 pad=1", 6, "its memory has a fixed size"),
        ("history", 6, "its memory has a fixed size"),
        (
            "conv filters=4;max stride=2 size=2;shortcut from=-2",
            11,
            "it joins unlike sizes pixel by pixel",
        ),
    ],
)
def test_layers_that_fit_one_size_say_why(layers: str, line: int, reason: str) -> None:
    graph = graph_of(layers)
    with pytest.raises(DarknetError) as caught:
        require(graph, ANY_SIZE)
    kind = graph.nodes[-1].layer.kind
    assert str(caught.value) == f"net.cfg:{line}: [{kind}]: {reason}; leave out --dynamic size"
    require(graph, ExportTarget())


@pytest.mark.parametrize(
    "layers",
    [
        "conv size=3 pad=1 stride=2;max size=2 stride=2;upsample stride=2;route layers=-1,0",
        "conv filters=4;conv filters=4;shortcut from=-2",
        "conv filters=4;avg;scale_channels from=-2",
        "reorg stride=2;reorg3d stride=2;batchnorm;lrn;dropout;activation",
    ],
)
def test_others_take_any_size(layers: str) -> None:
    require(graph_of(layers), ANY_SIZE)


def test_a_layer_may_fit_one_size_because_of_those_around_it() -> None:
    """The window covers the image of this cfg, and only a part of one twice as large."""
    graph = graph_of("conv filters=4;max size=32 stride=32 padding=0;scale_channels from=-2")
    with pytest.raises(DarknetError) as caught:
        require(graph, ANY_SIZE)
    assert "[scale_channels] from: the previous layer is 2 x 2 x 4" in str(caught.value)


CFGS = sorted((Path(__file__).resolve().parents[2] / "cfg").glob("*.cfg"))
GRAPHS = cache(read_graph)
CLASSIFIERS = {"darknet19", "darknet53", "efficientnet_b0", "resnet50"}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("path", CFGS, ids=lambda path: path.stem)
def test_every_cfg_has_a_form_or_a_reason(path: Path, form: str) -> None:
    graph = GRAPHS(path)
    if path.stem in CLASSIFIERS and form != "heads":
        with pytest.raises(DarknetError, match="is the network's output and holds no boxes"):
            require(graph, ExportTarget(form=form))
    else:
        require(graph, ExportTarget(form=form))
        assert len(output_names(graph, form)) >= 1


def test_raw_needs_a_layer_before_the_head() -> None:
    with pytest.raises(DarknetError, match="reads the images themselves"):
        require(
            read(net_section(6, 32, 32) + sections("yolo classes=1 num=1")),
            ExportTarget(form="raw"),
        )


def test_only_what_the_outputs_depend_on_is_run() -> None:
    graph = graph_of("conv;conv filters=6;yolo classes=1 num=1;route layers=0;conv filters=2")
    assert [step.index for step in needed_steps(graph, taken_layers(graph, "raw"))] == [0, 1]
    assert [step.index for step in needed_steps(graph, taken_layers(graph, "heads"))] == [0, 1, 2]
    assert output_names(graph, "raw") == ["convolutional_1"]
