"""`recall` against the loops of the C program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from support.labelled import FIRST, SECOND, data_set

from darknet_py import Network
from darknet_py.detect import nms
from darknet_py.detect.decode import DecodeOptions, decode
from darknet_py.evaluate.matching import iou
from darknet_py.evaluate.recall import Recall, measure_recall
from darknet_py.images.io import read_image
from darknet_py.images.tensors import prepare


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Network:
    data_set(tmp_path)
    monkeypatch.chdir(tmp_path)
    network = Network.from_cfg("n.cfg")
    network.load_weights("n.weights")
    return network


def literal(net: Network) -> list[list[float]]:
    """Image, correct, total, proposals, sum of IoU after each image."""
    rows, proposals, total, correct, summed = [], 0, 0, 0, 0.0
    for number, name in enumerate((FIRST, SECOND)):
        x = prepare(read_image(name), 3, 64, 32, False)[None]
        with torch.no_grad():
            found = decode(net.graph, net(x), DecodeOptions(0.001, 0.5, 64, 32, net.graph.fork))
        found = nms.suppress(found, "objectness", 0.4)
        kept = [k for k in range(len(found)) if found.objectness[k] > 0.001]
        proposals += len(kept)
        for line in Path(name).with_suffix(".txt").read_text().splitlines():
            label = np.array(line.split()[1:], np.float32)[None]
            overlaps = [iou(found.boxes[k].numpy()[None], label)[0] for k in kept]
            total, summed = total + 1, summed + float(max(overlaps))
            correct += max(overlaps) > 0.5
        rows.append([number, correct, total, proposals, summed])
    return rows


def test_the_counts_of_the_c_program(net: Network) -> None:
    ours = list(measure_recall(net, [FIRST, SECOND]))
    theirs = literal(net)
    for one, row in zip(ours, theirs, strict=True):
        assert [one.image, one.correct, one.total, one.proposals] == row[:4]
        assert one.iou_sum == pytest.approx(row[4], rel=1e-4)
    assert ours[-1].correct >= 2 and ours[-1].total == 4
    assert list(measure_recall(net, [FIRST, SECOND], batch=1)) == ours


def test_the_line() -> None:
    line = Recall(image=1, proposals=9, total=4, correct=3, iou_sum=2.5).line()
    assert line == "    1     3     4\tRPs/Img: 4.50\tIOU: 62.50%\tRecall:75.00%"
    nothing = Recall(image=0, proposals=0, total=0, correct=0, iou_sum=0.0).line()
    assert nothing == "    0     0     0\tRPs/Img: 0.00\tIOU: 0.00%\tRecall:0.00%"
