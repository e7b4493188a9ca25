"""What heads show of an update: means of its sub-batches, by the boxes that each one had."""

from __future__ import annotations

import pytest
import torch
from support.small_detector import small_options

from darknet_py.losses.head_loss import HeadLoss
from darknet_py.network.graph import Graph, read_graph
from darknet_py.train.logs.head_metrics import COLUMNS, HeadMeter, head_columns

SOFTMAX = "[net]\nwidth=8\nheight=8\nchannels=3\n[avgpool]\n[softmax]\n{more}"


@pytest.fixture
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return read_graph(small_options(tmp_path_factory.mktemp("net")).cfg)


def loss(cost: float, images: int = 2, **metrics: float) -> HeadLoss:
    return HeadLoss(torch.zeros(images, 1, 1, 1), cost, metrics)


def test_columns_of_a_detector(graph: Graph) -> None:
    (index,) = graph.heads
    names = head_columns(graph, [index])
    assert names == tuple(f"yolo_{index}/{column}" for column in COLUMNS)
    assert COLUMNS == ("loss", "iou", "obj", "no_obj", "class", "recall50", "boxes")


def test_a_classifier_has_none_and_several_losses_have_theirs(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("cfg") / "a.cfg"
    path.write_text(SOFTMAX.format(more=""))
    assert head_columns(read_graph(str(path)), [1]) == ()
    path.write_text(SOFTMAX.format(more="[route]\nlayers=0\n[softmax]\n"))
    assert head_columns(read_graph(str(path)), [1, 3]) == ("softmax_1/loss", "softmax_3/loss")


def test_means_are_weighted_by_boxes(graph: Graph) -> None:
    (index,) = graph.heads
    meter = HeadMeter()
    meter.add({index: loss(8.0, count=3.0, iou=0.5, obj=0.9, no_obj=0.1, recall50=1.0)})
    meter.add({index: loss(4.0, count=1.0, iou=0.1, obj=0.1, no_obj=0.3, recall50=0.0)})
    meter.add({index: loss(0.0, count=0.0, iou=0.0, obj=0.0, no_obj=0.2, recall50=0.0)})
    values = meter.taken(graph)
    expected = {"loss": 2.0, "boxes": 4.0, "iou": 0.4, "obj": 0.7, "no_obj": 0.2, "recall50": 0.75}
    assert values == pytest.approx({f"yolo_{index}/{k}": v for k, v in expected.items()})
    assert meter.taken(graph) == {}, "what was taken is gone"


def test_without_boxes_nothing_is_said_of_them(graph: Graph) -> None:
    """Darknet's lines show 0 there, which is no overlap of anything."""
    (index,) = graph.heads
    meter = HeadMeter()
    meter.add({index: loss(1.0, count=0.0, iou=0.0, obj=0.0, any_obj=0.25)})
    name = f"yolo_{index}"
    assert meter.taken(graph) == {f"{name}/loss": 0.5, f"{name}/boxes": 0, f"{name}/no_obj": 0.25}


def test_other_losses_have_no_parts(graph: Graph) -> None:
    (index,) = graph.heads
    meter = HeadMeter()
    meter.add({index: loss(1.0)})
    assert meter.taken(graph) == {f"yolo_{index}/loss": 0.5}
