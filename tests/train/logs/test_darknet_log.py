"""`--log-style darknet`: both programs' lines, to the digit layout."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from support.one_update import UPDATE

from darknet_py.losses.head_loss import HeadLoss
from darknet_py.network.graph import read_graph
from darknet_py.train.logs import darknet_log
from darknet_py.train.logs.darknet_log import DarknetLog, head_line

METRICS = {
    "count": 3.0,
    "rewritten": 1.0,
    "iou": 0.25,
    "class": 0.5,
    "obj": 0.125,
    "no_obj": 0.375,
    "recall50": 0.3333333,
    "recall75": 0.0,
    "class_loss": 6.0,
    "iou_loss": 1.0,
    "uc_loss": 2.0,
    "total_loss": 9.0,
    "all_class": 0.0625,
    "any_obj": 0.75,
}
NET = "[net]\nheight=8\nwidth=8\nchannels=3\nbatch=2\nmax_batches=500\nlearning_rate=.001\n"
CONV = "[convolutional]\nfilters={}\nsize=1\nactivation=linear\n"
HEADS = {
    "yolo": CONV.format(6) + "[yolo]\nclasses=1\nnum=1\niou_loss=ciou\ncls_normalizer=.5\n",
    "gaussian": CONV.format(10) + "[Gaussian_yolo]\nclasses=1\nnum=1\n",
    "region": CONV.format(6) + "[region]\nclasses=1\nnum=1\nanchors=1,1\n",
}


def graph_of(folder: Path, head: str, fork: str) -> Any:
    path = folder / "net.cfg"
    path.write_text(NET + HEADS[head])
    return read_graph(path, fork=fork)


@pytest.mark.parametrize(
    ("head", "fork", "line"),
    [
        (
            "yolo",
            "alexeyab",
            "v3 (iou loss, Normalizer: (iou: 0.75, obj: 1.00, cls: 0.50) Region 1 Avg (IOU: "
            "0.250000), count: 3, class_loss = 3.000000, iou_loss = 1.500000, "
            "total_loss = 4.500000 ",
        ),
        (
            "yolo",
            "pjreddie",
            "Region 1 Avg IOU: 0.250000, Class: 0.500000, Obj: 0.125000, No Obj: 0.375000, "
            ".5R: 0.333333, .75R: 0.000000,  count: 3",
        ),
        (
            "gaussian",
            "alexeyab",
            "Region 1 Avg IOU: 0.250000, Class: 0.500000, Obj: 0.125000, No Obj: 0.375000, "
            ".5R: 0.333333, .75R: 0.000000,  count: 3, class_loss = 3.00, iou_loss = 0.50, "
            "uc_loss = 1.00, total_loss = 4.50 ",
        ),
        (
            "region",
            "pjreddie",
            "Region Avg IOU: 0.250000, Class: 0.500000, Obj: 0.125000, No Obj: 0.375000, "
            "Avg Recall: 0.333333,  count: 3",
        ),
    ],
)
def test_heads(tmp_path: Path, head: str, fork: str, line: str) -> None:
    graph = graph_of(tmp_path, head, fork)
    loss = HeadLoss(torch.zeros(2, 1, 1, 1), 0.0, METRICS)
    assert head_line(graph.nodes[1].layer, 1, loss, graph.fork) == line


def test_no_objects_print_as_zero_not_nan(tmp_path: Path) -> None:
    """The loss of a batch without labels, as it comes from the loss itself."""
    from darknet_py.network.network import Network
    from darknet_py.train import Trainer

    graph_of(tmp_path, "yolo", "alexeyab")
    network = Network.from_cfg(tmp_path / "net.cfg", seed=0)
    trainer = Trainer(network)
    trainer.step(torch.rand(2, 3, 8, 8), torch.zeros(2, 200 * 6))
    line = head_line(network.graph.nodes[1].layer, 1, trainer.losses[1], network.graph.fork)
    assert "nan" not in line
    assert "Avg (IOU: 0.000000), count: 1," in line


def test_alexeyabs_update(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = DarknetLog(graph_of(tmp_path, "yolo", "alexeyab"), 100)
    log.start(["not Darknet's"])
    log.heads({1: HeadLoss(torch.zeros(2, 1, 1, 1), 0.0, METRICS)})
    log.update(UPDATE)
    log.update(replace(UPDATE, number=1, map=0.5, best_map=0.625, waited=0.01))
    out, err = capsys.readouterr()
    assert out == (
        "Learning Rate: 0.001, Momentum: 0.9, Decay: 0.0001\n"
        "Loaded: 0.200000 seconds - performance bottleneck on CPU or Disk HDD/SSD\n"
        "\033[H\033[J12/500: loss=3.2 hours left=0.2\a\n"
        " 12: 3.250000, 4.500000 avg loss, 0.000250 rate, 1.500000 seconds, 768 images, "
        "0.203000 hours left\n"
        "Loaded: 0.010000 seconds\n"
        "\033[H\033[J1/500: loss=3.2 map=0.50 best=0.62 hours left=0.2\a\n"
        " 1: 3.250000, 4.500000 avg loss, 0.000250 rate, 1.500000 seconds, 768 images, "
        "0.203000 hours left\n"
    )
    assert err.endswith(" total_bbox = 3, rewritten_bbox = 33.333333 % \n")


def test_pjreddies_update(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    DarknetLog(graph_of(tmp_path, "yolo", "pjreddie"), 100).update(UPDATE)
    assert capsys.readouterr().out == (
        "Loaded: 0.200000 seconds\n"
        "12: 3.250000, 4.500000 avg, 0.000250 rate, 1.500000 seconds, 768 images\n"
    )


@pytest.mark.parametrize(
    ("fork", "end"), [("alexeyab", ", 0.203000 hours left\n"), ("pjreddie", "\n")]
)
def test_classifiers(
    tmp_path: Path, fork: str, end: str, capsys: pytest.CaptureFixture[str]
) -> None:
    DarknetLog(graph_of(tmp_path, "yolo", fork), 100, "classifier").update(UPDATE)
    line = "12, 7.680: 3.250000, 4.500000 avg, 0.000250 rate, 1.500000 seconds, 768 images"
    assert capsys.readouterr().out == "Loaded: 0.200000 seconds\n" + line + end


@pytest.mark.parametrize(("value", "shown"), [(-1.0, False), (0.0, False), (0.25, True)])
def test_a_map_of_0_is_not_shown(value: float, shown: bool) -> None:
    """As in AlexeyAB's program, where 0 also stands for none."""
    line = darknet_log._alexeyab(replace(UPDATE, map=value, best_map=0.5))
    assert (" map=0.25 best=0.50" in line, "map=" in line) == (shown, shown)
