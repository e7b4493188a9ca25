"""Of all boxes of exported files, detection picks the same ones."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from support.golden_check import GOLDEN, loaded

from darknet_py.conversion.export_boxes import Input, decode_all, suppressed
from darknet_py.detect import decode as detect
from darknet_py.detect.nms import suppress
from darknet_py.forks import FORKS
from darknet_py.network.network import Network

NETS = ["yolov3", "yolov4_ciou", "yolov4_csp_newcoords", "gaussian_yolo", "region", "detection"]
THRESH = 0.3


def outputs(name: str, fork: str) -> tuple[Network, list[torch.Tensor]]:
    folder = GOLDEN / name
    net = loaded(folder, "alexeyab")
    net.graph = replace(net.graph, fork=FORKS[fork])
    x = torch.from_numpy(np.load(folder / "forward-alexeyab.npz")["input"])
    with torch.no_grad():
        return net, net(x)


@pytest.mark.parametrize("fork", FORKS)
@pytest.mark.parametrize("name", NETS)
def test_as_detect_decodes(name: str, fork: str) -> None:
    net, heads = outputs(name, fork)
    size = net.graph.net
    options = detect.DecodeOptions(THRESH, 0.5, size.width, size.height, net.graph.fork)
    expected = detect.decode(net.graph, heads, options)
    boxes, scores = decode_all(net.graph, heads, Input(size.width, size.height))
    scores = torch.where(scores > THRESH, scores, 0.0)
    rows = expected.select((expected.scores > 0).any(dim=1))
    order = rows.image.sort(stable=True).indices
    image, row = (scores > 0).any(dim=2).nonzero(as_tuple=True)
    assert len(image) > 2
    torch.testing.assert_close(boxes[image, row], rows.boxes[order])
    torch.testing.assert_close(scores[image, row], rows.scores[order])


@pytest.mark.parametrize("name", NETS)
def test_an_open_size_changes_nothing(name: str) -> None:
    if name == "detection":
        pytest.skip("[detection] has one size")
    net, heads = outputs(name, "alexeyab")
    size = net.graph.net
    fixed = decode_all(net.graph, heads, Input(size.width, size.height))
    free = decode_all(net.graph, heads, Input(size.width, size.height, dynamic=True))
    for one, other in zip(fixed, free, strict=True):
        torch.testing.assert_close(one, other)


def test_suppression_is_do_nms_sort() -> None:
    net, heads = outputs("yolov3", "alexeyab")
    size = net.graph.net
    options = detect.DecodeOptions(THRESH, 0.5, size.width, size.height, net.graph.fork)
    actual = suppress(detect.decode(net.graph, heads, options), "default", 0.45)
    expected = {
        (int(actual.image[row]), int(number), round(float(actual.scores[row, number]), 5))
        for row, number in (actual.scores > 0).nonzero()
    }
    boxes, scores = decode_all(net.graph, heads, Input(size.width, size.height))
    kept = suppressed(boxes, scores, THRESH, 0.45)
    assert {(int(r[0]), int(r[1]), round(float(r[2]), 5)) for r in kept} == expected
    assert 3 < len(kept) < int((scores > THRESH).sum())


@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_boxes_that_are_not_finite_are_suppressed(value: float) -> None:
    boxes = torch.tensor([[[0.5, 0.5, 0.2, 0.2], [0.2, 0.2, value, 0.1], [0.8, 0.8, 0.1, 0.1]]])
    kept = suppressed(boxes, torch.tensor([[[0.9], [0.8], [0.7]]]), 0.25, 0.45)
    assert kept[:, 2].tolist() == pytest.approx([0.9, 0.7])
