"""The lines of a cfg that change for a data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.sized_set import two_heads

from darknet_py.advice.cfg_choices import CfgChoices, edited_cfg
from darknet_py.anchors.cfg_anchors import rebuilt
from darknet_py.errors import CfgError, Problems
from darknet_py.network.graph import Graph, read_graph

START = "[net]\nwidth=32\nheight=32\nchannels=3\n"


def changes(graph: Graph, choices: CfgChoices) -> list[tuple[str, str, str]]:
    """(section, key, new value), in a new cfg that is a network."""
    edited = edited_cfg(graph, choices)
    rebuilt(edited.text, graph)
    return [(change.section, change.key, change.new) for change in edited.changes]


def graph_of(folder: Path, text: str) -> Graph:
    (folder / "n.cfg").write_text(START + text)
    return read_graph(folder / "n.cfg", problems=Problems())


def test_nothing_chosen_changes_nothing(tmp_path: Path) -> None:
    graph = read_graph(two_heads(tmp_path))
    edited = edited_cfg(graph, CfgChoices(batch=1, subdivisions=1, flip=1))
    assert (edited.changes, edited.text) == ([], (tmp_path / "n.cfg").read_text())


def test_the_options_of_net(tmp_path: Path) -> None:
    graph = read_graph(two_heads(tmp_path), width=96, height=32)
    choices = CfgChoices(batch=64, subdivisions=8, max_batches=6000, flip=0)
    assert changes(graph, choices) == [
        ("net", "flip", "0"),
        ("net", "width", "96"),
        ("net", "height", "32"),
        ("net", "batch", "64"),
        ("net", "subdivisions", "8"),
        ("net", "max_batches", "6000"),
        ("net", "steps", "4800,5400"),
    ]


def test_classes_alone_keep_anchors_and_masks(tmp_path: Path) -> None:
    """Two anchors and one of 3 + 5 values each."""
    graph = read_graph(two_heads(tmp_path))
    assert changes(graph, CfgChoices(classes=3)) == [
        ("convolutional", "filters", "16"),
        ("yolo", "classes", "3"),
        ("convolutional", "filters", "8"),
        ("yolo", "classes", "3"),
    ]


def test_classes_and_anchors(tmp_path: Path) -> None:
    graph = read_graph(two_heads(tmp_path))
    anchors = np.array([[6.0, 6], [40, 50], [60, 60]])
    new = "6,  6,  40, 50,  60, 60"
    assert changes(graph, CfgChoices(classes=3, anchors=anchors)) == [
        ("convolutional", "filters", "8"),
        ("yolo", "classes", "3"),
        ("yolo", "mask", "0"),
        ("yolo", "anchors", new),
        ("convolutional", "filters", "16"),
        ("yolo", "classes", "3"),
        ("yolo", "mask", "1,2"),
        ("yolo", "anchors", new),
    ]


def test_gaussian_heads_have_four_values_more(tmp_path: Path) -> None:
    head = "[convolutional]\nfilters=11\n[Gaussian_yolo]\nclasses=2\nnum=1\nmask=0\nanchors=8,8\n"
    actual = changes(graph_of(tmp_path, head), CfgChoices(classes=4))
    assert actual == [("convolutional", "filters", "13"), ("Gaussian_yolo", "classes", "4")]


def test_region_heads_measure_in_cells(tmp_path: Path) -> None:
    head = "[convolutional]\nfilters=7\nstride=8\n[region]\nclasses=2\nnum=1\nanchors=1,1\n"
    choices = CfgChoices(classes=4, anchors=np.array([[4.0, 12.0], [16, 20]]))
    assert changes(graph_of(tmp_path, head), choices) == [
        ("convolutional", "filters", "18"),
        ("region", "classes", "4"),
        ("region", "num", "2"),
        ("region", "anchors", "0.5000,1.5000, 2.0000,2.5000"),
    ]


def test_cells_of_yolov1_have_a_value_more_for_each_class(tmp_path: Path) -> None:
    """2 x 2 cells of 3 classes and one box of 1 + 4 values become 5 classes."""
    head = "[connected]\noutput=32\n[detection]\nclasses=3\ncoords=4\nside=2\nnum=1\n"
    actual = changes(graph_of(tmp_path, head), CfgChoices(classes=5))
    assert actual == [("connected", "output", "40"), ("detection", "classes", "5")]


@pytest.mark.parametrize(
    "end, key",
    [
        ("[convolutional]\nfilters=5\n[avgpool]\n[softmax]\n", "filters"),
        ("[convolutional]\nfilters=5\n[avgpool]\n[softmax]\n[cost]\n", "filters"),
        ("[avgpool]\n[connected]\noutput=5\n[dropout]\n[softmax]\n", "output"),
        ("[avgpool]\n[connected]\noutput=5\n", "output"),
    ],
)
def test_classifiers(tmp_path: Path, end: str, key: str) -> None:
    (change,) = changes(graph_of(tmp_path, end), CfgChoices(classes=9))
    assert change[1:] == (key, "9")


def test_classes_of_a_tree_are_refused(tmp_path: Path) -> None:
    (tmp_path / "t.tree").write_text("a -1\nb -1\n")
    end = f"[convolutional]\nfilters=2\n[avgpool]\n[softmax]\ntree={tmp_path / 't.tree'}\n"
    with pytest.raises(CfgError, match=r"n.cfg:9: \[softmax\] tree: the classes are those of its"):
        edited_cfg(graph_of(tmp_path, end), CfgChoices(classes=9))


def test_a_classifier_whose_classes_nobody_sets(tmp_path: Path) -> None:
    with pytest.raises(CfgError, match=r"cannot be told which filters= .*\[softmax\]"):
        edited_cfg(graph_of(tmp_path, "[avgpool]\n[softmax]\n"), CfgChoices(classes=9))
