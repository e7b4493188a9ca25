"""`--log-style darknet`: both programs' lines, to the digit layout."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from support.one_update import UPDATE

from darknet_py.losses.head_loss import HeadLoss
from darknet_py.network.graph import read_graph
from darknet_py.network.weights import LoadReport
from darknet_py.network.weights_header import Header
from darknet_py.train.checkpoint import SavePolicy
from darknet_py.train.ema import APPLIED, MOVED, STARTED
from darknet_py.train.logs.darknet_log import DarknetLog, head_line
from darknet_py.train.logs.darknet_start import StartFacts

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


def log_of(
    folder: Path, fork: str = "alexeyab", kind: str = "detector", **facts: Any
) -> DarknetLog:
    return DarknetLog(StartFacts(graph_of(folder, "yolo", fork), 100, kind, **facts))


def test_alexeyabs_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = graph_of(tmp_path, "yolo", "alexeyab")
    header, options = Header(0, 2, 5, 64_000), {"train": "train.txt", "savelast": "7"}
    loaded = LoadReport("net.weights", header, 1, 2, 24, partial=True)
    facts = StartFacts(
        graph, 100, gpus=2, options=options, save_policy=SavePolicy(1000, 7), loaded=loaded
    )
    DarknetLog(facts).start(["net.cfg: 100 images"])
    out, err = capsys.readouterr()
    plan = "Last weights (*_last.weight) are stored every 7 iterations."
    assert out.endswith(
        "\n seen 64, trained: 64 K-images (1 Kilo-batches_64) \n"
        "\n Warning: You set batch=2 lower than 64! "
        "It is recommended to set batch=64 subdivision=64 \n"
        f"Weights are saved after: 1000 iterations. {plan} \n"
        "Learning Rate: 0.002, Momentum: 0.9, Decay: 0.0001\n"
        " Detection layer: 1 - type = 28 \n"
    )
    assert "\nnet\nmini_batch = 2, batch = 2, time_steps = 1, train = 1 \n" in out
    assert "mAP" not in out
    assert "valid: Using default 'train.txt'\nbackup: Using default 'backup'\n" in err
    assert err.endswith(
        "Loading weights from net.weights...Done! Loaded 1 layers from weights-file \n"
        "saveweights: Using default '1000'\n"
        " Create 12 permanent cpu-threads \nnet.cfg: 100 images\n"
    )


def test_a_second_network_is_announced_for_map(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log_of(tmp_path, metric="mAP@0.50").start([])
    out = capsys.readouterr().out
    prepared = " Prepare additional network for mAP calculation...\nmini_batch = 1, batch = 1, "
    places = [out.index(text) for text in (prepared, ", train = 0 \n", "\nnet\n", "train = 1 \n")]
    assert places == sorted(places)


def test_pjreddies_start_has_no_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log_of(tmp_path, "pjreddie", options={"backup": "."}).start([])
    out, err = capsys.readouterr()
    assert "net\n" in out
    assert out.endswith("Learning Rate: 0.001, Momentum: 0.9, Decay: 0.0001\n")
    assert not re.search("GPU|saved after|permanent|backup", out + err)


@pytest.mark.parametrize(
    ("fork", "line"),
    [("alexeyab", "100\n"), ("pjreddie", "100\n8 16\n")],
)
def test_classifiers_start(
    tmp_path: Path, fork: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log_of(tmp_path, fork, "classifier", gpus=3, metric="TOP2" * (fork == "alexeyab")).start([])
    out, err = capsys.readouterr()
    assert "net\n3\n" in out
    assert out.endswith("Learning Rate: 0.003, Momentum: 0.9, Decay: 0.0001\n" + line)
    threads = "top: Using default '2'\n Create 32 permanent cpu-threads \n"
    assert err.endswith(threads) is (fork == "alexeyab")


def test_alexeyabs_update(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = log_of(tmp_path, metric="mAP@0.75")
    for step, waited in enumerate((0.2, 0.2, 0.01), start=1):
        log.preparing(step, (8, 8))
        log.loaded(waited)
        if step == 1:
            log.heads({1: HeadLoss(torch.zeros(2, 1, 1, 1), 0.0, METRICS)})
            log.computed(UPDATE)
            log.update(UPDATE)
    found = replace(UPDATE, map=0.5, best_map=0.625, next_metric=112)
    log.computed(found)
    out, err = capsys.readouterr()
    assert out == (
        "Loaded: 0.200000 seconds\n"
        "\033[H\033[J12/500: loss=3.2 hours left=0.2\a\n"
        " 12: 3.250000, 4.500000 avg loss, 0.000250 rate, 1.500000 seconds, 768 images, "
        "0.203000 hours left\n"
        "Loaded: 0.200000 seconds - performance bottleneck on CPU or Disk HDD/SSD\n"
        "Loaded: 0.010000 seconds\n"
        "\n (next mAP calculation at 112 iterations) "
        "\n Last accuracy mAP@0.75 = 50.00 %, best = 62.50 % "
        "\033[H\033[J12/500: loss=3.2 map=0.50 best=0.62 hours left=0.2\a\n"
        " 12: 3.250000, 4.500000 avg loss, 0.000250 rate, 1.500000 seconds, 768 images, "
        "0.203000 hours left\n"
    )
    assert err.endswith(" total_bbox = 3, rewritten_bbox = 33.333333 % \n")


@pytest.mark.parametrize(
    ("best", "evaluated", "printed"),
    [
        (0.25, True, "\n mean_average_precision (mAP@0.50) = 0.250000 \nNew best mAP!\n"),
        (0.5, True, "\n mean_average_precision (mAP@0.50) = 0.250000 \n"),
        (0.25, False, ""),
    ],
)
def test_an_evaluation(
    tmp_path: Path,
    best: float,
    evaluated: bool,
    printed: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = log_of(tmp_path, metric="mAP@0.50")
    log.update(replace(UPDATE, map=0.25, best_map=best, evaluated=evaluated))
    assert capsys.readouterr().out == printed


def test_pjreddies_update(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = log_of(tmp_path, "pjreddie")
    log.loaded(0.2)
    log.computed(UPDATE)
    log.loaded(0.2)
    log.finished()
    assert capsys.readouterr() == (
        "Loaded: 0.200000 seconds\n"
        "12: 3.250000, 4.500000 avg, 0.000250 rate, 1.500000 seconds, 768 images\n"
        "Loaded: 0.200000 seconds\n",
        "",
    )


@pytest.mark.parametrize(
    ("fork", "end"), [("alexeyab", ", 0.203000 hours left\n"), ("pjreddie", "\n")]
)
def test_classifiers(
    tmp_path: Path, fork: str, end: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log = log_of(tmp_path, fork, "classifier")
    log.loaded(0.2)
    log.update(UPDATE)
    line = "12, 7.680: 3.250000, 4.500000 avg, 0.000250 rate, 1.500000 seconds, 768 images"
    assert capsys.readouterr().out == "Loaded: 0.200000 seconds\n" + line + end


def test_a_classifier_says_every_ten_updates_when_it_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = log_of(tmp_path, kind="classifier", metric="TOP2")
    for number, value in ((9, -1.0), (10, -1.0), (20, 0.5)):
        log.computed(replace(UPDATE, number=number, map=value, next_metric=100))
    following = "\n (next TOP2 calculation at 100 iterations) "
    assert capsys.readouterr() == (
        "",
        f"{following}{following} Last accuracy TOP2 = 50.00 % \n",
    )


@pytest.mark.parametrize(("value", "shown"), [(-1.0, False), (0.0, False), (0.25, True)])
def test_a_map_of_0_is_not_shown(
    tmp_path: Path, value: float, shown: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in AlexeyAB's program, where 0 also stands for none."""
    log_of(tmp_path).computed(replace(UPDATE, map=value, best_map=0.5, next_metric=100))
    line = capsys.readouterr().out
    assert (" map=0.25 best=0.50" in line, "map=" in line) == (shown, shown)
    assert ("Last accuracy" in line) is shown


@pytest.mark.parametrize(
    ("fork", "net", "printed"),
    [
        ("alexeyab", "", "Resizing, random_coef = 1.40 \n\n 64 x 32 \n"),
        (
            "alexeyab",
            "dynamic_minibatch=1",
            "Resizing, random_coef = 1.40 \n\n 64 x 32  (batch = 1) \n",
        ),
        ("pjreddie", "dynamic_minibatch=1", "Resizing\n64\n"),
    ],
)
def test_resizing(
    tmp_path: Path, fork: str, net: str, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every ten updates, and where a run begins."""
    graph_of(tmp_path, "yolo", fork)
    path = tmp_path / "net.cfg"
    path.write_text(path.read_text().replace("[net]", f"[net]\n{net}") + "random=1\n")
    log = DarknetLog(StartFacts(read_graph(path, fork=fork), 100))
    shown = []
    for step in (8, 9, 10, 11, 12):
        log.preparing(step, (64, 32))
        shown.append(capsys.readouterr().out)
        log.computed(UPDATE)
        capsys.readouterr()
    assert shown == [printed, "", "", printed, ""]


def test_what_is_saved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = log_of(tmp_path)
    log.averaged((STARTED, MOVED))
    log.averaged((APPLIED,))
    log.saved(Path("backup/net_last.weights"))
    log.saved(Path("backup/net_ema.weights"), average=True)
    log.finished()
    assert capsys.readouterr() == (
        " EMA initialization \n ema_update(), ema_alpha = 0.000000 \n ema_apply() \n"
        " EMA weights are saved to the file: backup/net_ema.weights \n"
        "If you want to train from the beginning, then use flag in the end of training command: "
        "-clear \n",
        "Saving weights to backup/net_last.weights\nSaving weights to backup/net_ema.weights\n",
    )
