"""Classifiers that learn embeddings: contrastive=1, unsupervised=1, and what -topk says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from support.outcome import rows_of
from support.small_classifier import small_options

import darknet_py.train.tasks.classifier_task as task
from darknet_py.distributed.context import DistributedContext
from darknet_py.errors import DarknetError
from darknet_py.losses.head_loss import HeadLoss
from darknet_py.network.graph import Graph, read_graph
from darknet_py.options.training import ClassifierTrainOptions
from darknet_py.train.command import run
from darknet_py.train.tasks.contrast_metric import ContrastMetric, embeddings_layer

EMBEDDINGS = "[contrastive]\nclasses=3\nmax_delta=1\n"


def options_of(
    folder: Path, net: str, end: str = EMBEDDINGS, **more: Any
) -> ClassifierTrainOptions:
    options = small_options(folder, net=net, **more)
    cfg = Path(options.cfg)
    before, _ = cfg.read_text().split("[softmax]")
    cfg.write_text(before + end)
    return options


def graph_of(folder: Path, net: str, end: str = EMBEDDINGS) -> Graph:
    return read_graph(options_of(folder, net, end).cfg)


class _Report:
    def __init__(self) -> None:
        self.said: list[str] = []

    def remark(self, line: str) -> None:
        self.said.append(line)


class _Trained:
    def __init__(self, accuracy: float) -> None:
        delta = torch.zeros(1)
        self.losses = {4: HeadLoss(delta, 0.0, {"accuracy": accuracy})}


def test_the_accuracy_of_the_last_sub_batch() -> None:
    metric, report = ContrastMetric(4, every=30, burn_in=0, earliest=100), _Report()
    assert metric.evaluate(_Trained(75.0), report) == 0.75  # type: ignore[arg-type]
    assert report.said == ["contrast accuracy = 75 %"]
    for index, accuracy in ((4, -1.0), (3, 75.0)):
        with pytest.raises(DarknetError, match="no image of the last sub-batch"):
            ContrastMetric(index, 30, 0, 100).evaluate(_Trained(accuracy), report)  # type: ignore[arg-type]


def test_when_it_is_measured() -> None:
    metric = ContrastMetric(4, every=30, burn_in=50, earliest=100)
    assert (metric.next_at(0), metric.next_at(90)) == (100, 120)
    assert not metric.is_due(99, 0) and metric.is_due(100, 0)


def test_which_networks_end_in_embeddings(tmp_path: Path) -> None:
    contrastive = graph_of(tmp_path, "contrastive=1")
    assert embeddings_layer(contrastive) == len(contrastive.nodes) - 1
    assert embeddings_layer(graph_of(tmp_path, "contrastive=0")) is None
    assert embeddings_layer(graph_of(tmp_path, "contrastive=1", EMBEDDINGS + "[softmax]\n")) is None


def test_embeddings_of_each_class_come_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The drawn shapes of the small training, told apart without a layer that names them."""
    monkeypatch.setattr(task, "EARLIEST", 15)
    options = options_of(tmp_path, "contrastive=1", max_batches=16, evaluates=True)
    run(options)
    metrics = [float(row["contr"]) for row in rows_of(tmp_path) if row["contr"]]
    assert len(metrics) == 2 and min(metrics) > 0.8
    assert "contrast accuracy = " in capsys.readouterr().out


def test_without_labels_only_the_images_of_a_pair_are_alike(tmp_path: Path) -> None:
    options = options_of(tmp_path, "contrastive=1\nunsupervised=1", data="labels=gone.list")
    Path(options.data).write_text(
        "\n".join(
            line for line in Path(options.data).read_text().splitlines() if "labels=s" not in line
        )
    )
    ready = task.open_classifier(options, DistributedContext.here(), torch.device("cpu"))
    batch = next(ready.task.batches(1))
    assert torch.equal(batch.truth[::2], batch.truth[1::2]) and batch.truth.sum() == len(
        batch.truth
    )
    assert not any("label" in warning for warning in ready.warnings)
