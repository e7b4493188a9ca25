"""Rows of heads, compared with what OpenCV 4.13 gave for networks whose weights are a formula."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support import opencv_nets

from darknet_py.dnn.head_rows import suppress, thresholds_of
from darknet_py.dnn.net_reading import readNet
from darknet_py.network.graph import read_graph

RECORDED = json.loads((Path(__file__).parent / "opencv-4.13-heads.json").read_text())


@pytest.mark.parametrize("head", opencv_nets.HEADS)
def test_rows_are_those_of_opencv(head: str, tmp_path: Path) -> None:
    net = readNet(*map(str, opencv_nets.files(tmp_path, head)))
    net.setInput(opencv_nets.blob())
    rows = net.forward()
    assert rows.shape == (32, 8) and rows.dtype == np.float32 and rows.flags.c_contiguous
    assert rows == pytest.approx(np.array(RECORDED[head]["rows"]), abs=2e-5, rel=1e-5)


@pytest.mark.parametrize("head", opencv_nets.HEADS)
def test_of_several_images_of_another_size(head: str, tmp_path: Path) -> None:
    net = readNet(*map(str, opencv_nets.files(tmp_path, head)))
    net.setInput(opencv_nets.blob(48, 32, 2))
    rows = net.forward()
    assert rows.shape == (2, 48, 8)
    assert rows[1] == pytest.approx(np.array(RECORDED[head]["two"]), abs=2e-5, rel=1e-5)


@pytest.mark.parametrize(
    ("head", "score", "nms"),
    [
        ("region", 0.001, 0.4),
        ("region thresh", 0.25, 0.4),
        ("yolo", 0.2, 0),
        ("yolo nms", 0.1, 0.3),
    ],
)
def test_thresholds_are_those_of_the_cfg(
    head: str, score: float, nms: float, tmp_path: Path
) -> None:
    graph = read_graph(opencv_nets.files(tmp_path, head)[0])
    thresholds = thresholds_of(graph.detection_heads[0])
    assert (thresholds.score, thresholds.nms) == (score, nms)


def test_a_region_does_not_read_nms_threshold(tmp_path: Path) -> None:
    cfg = opencv_nets.files(tmp_path, "region")[0]
    cfg.write_text(cfg.read_text() + "nms_threshold=.9\n")
    assert thresholds_of(read_graph(cfg).detection_heads[0]).nms == 0.4


def test_the_weaker_of_two_boxes_of_a_class_loses_its_score() -> None:
    rows = np.zeros((4, 7), np.float32)
    rows[:, :4] = [
        [0.5, 0.5, 0.2, 0.2],
        [0.51, 0.5, 0.2, 0.2],
        [0.5, 0.5, 0.2, 0.2],
        [0.1, 0.1, 0.1, 0.1],
    ]
    rows[:, 5:] = [[0.6, 0], [0.7, 0], [0, 0.5], [0.4, 0]]
    suppress(rows, 0.2, 0.4)
    expected = np.array([[0, 0], [0.7, 0], [0, 0.5], [0.4, 0]], np.float32)
    assert np.array_equal(rows[:, 5:], expected)


HEADS = {
    "Gaussian_yolo": (
        "filters=24",
        "[Gaussian_yolo]\nclasses=3\nnum=2\nmask=0,1\nanchors=9,9,4,4\n",
    ),
    "region tree": ("filters=16", "[region]\nclasses=3\nnum=2\nanchors=1,2,2,1\ntree=t.tree\n"),
}


@pytest.mark.parametrize("head", HEADS)
def test_heads_that_opencv_never_knew(head: str, tmp_path: Path) -> None:
    """The same rows: scores in them are what the head's own decoder gives."""
    cfg, _ = opencv_nets.files(tmp_path, "region")
    filters, section = HEADS[head]
    body = cfg.read_text().partition("[region]")[0].replace("filters=16", filters)
    cfg.write_text(body + section)
    (tmp_path / "t.tree").write_text("a -1\nb 0\nc 0\n")
    cfg.write_text(cfg.read_text().replace("t.tree", str(tmp_path / "t.tree")))
    weights = tmp_path / "net.weights"
    count = read_graph(cfg).parameters
    weights.write_bytes(weights.read_bytes()[:20] + opencv_nets.wave(count).tobytes())
    net = readNet(str(cfg), str(weights))
    net.setInput(opencv_nets.blob())
    rows = net.forward()
    assert rows.shape == (32, 8)
    graph = net.network.graph
    x = net.network(net._input)[0].detach()
    layer = graph.detection_heads[0]
    values = layer.by_cell(x, 4, 4).reshape(32, layer.entries)
    assert rows[:, 4] == pytest.approx(values[:, layer.coordinates].numpy(), abs=1e-6)
    tree = layer.hierarchy
    products = tree.products(layer.class_values(values)) if tree else None
    scores = (
        layer.scores(values, graph.fork)
        if products is None
        else layer.objectness(values, graph.fork)[:, None] * products
    ).numpy()
    kept = rows[:, 5:] > 0
    assert kept.any() and np.abs(rows[:, 5:] - scores)[kept].max() < 1e-6
