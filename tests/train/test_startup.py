"""Where a training begins, and what keeps it from beginning."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from support.layer_check import read
from support.small_detector import small_options

from darknet_py.errors import DarknetError
from darknet_py.train.command import run
from darknet_py.train.startup import kind_of, require_endless, require_kind


def test_weights_go_on_counting_unless_cleared(tmp_path: Path) -> None:
    run(small_options(tmp_path, max_batches=6))
    final = str(tmp_path / "backup" / "small_final.weights")
    options = small_options(tmp_path, max_batches=9, weights=final)
    run(options)
    with (tmp_path / "results.csv").open(newline="") as file:
        assert [row["iteration"] for row in csv.DictReader(file)] == list("123456789")
    run(replace(options, clear=True, iterations=2))
    with (tmp_path / "results.csv").open(newline="") as file:
        assert [row["iteration"] for row in csv.DictReader(file)] == ["1", "2"]


def test_training_that_is_over_says_so(tmp_path: Path) -> None:
    run(small_options(tmp_path, max_batches=2))
    final = str(tmp_path / "backup" / "small_final.weights")
    with pytest.raises(
        DarknetError, match=r"small.cfg:11: \[net\] max_batches: .*small_final.weig"
    ):
        run(small_options(tmp_path, max_batches=2, weights=final))
    with pytest.raises(DarknetError, match="the state is at iteration 2, so training is over"):
        run(small_options(tmp_path, max_batches=2, resume=True))


def test_no_max_batches(tmp_path: Path) -> None:
    with pytest.raises(DarknetError, match="max_batches: is 0, expected how many updates"):
        run(small_options(tmp_path, max_batches=0))


CONVOLUTION = "[convolutional]\nfilters=6\nsize=1\nactivation=linear\n"
IMAGES = "[net]\nwidth=8\nheight=8\nchannels=3\n"
KINDS = {
    "detector": IMAGES + CONVOLUTION + "[yolo]\nclasses=1\nnum=1\n",
    "classifier": IMAGES + CONVOLUTION + "[softmax]\n",
    "rnn": "[net]\ninputs=4\n[connected]\noutput=4\n[softmax]\n",
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_of_a_network(kind: str) -> None:
    graph = read(KINDS[kind])
    assert kind_of(graph) == kind
    require_kind(graph, kind)
    other = next(name for name in KINDS if name != kind)
    with pytest.raises(DarknetError, match=f"train it with `darknet-py {kind} train`"):
        require_kind(graph, other)


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ("policy=poly", "policy"),
        ("policy=sgdr", "policy"),
        ("policy=sgdr\nsgdr_cycle=5", None),
        ("policy=constant", None),
        ("ema_alpha=.9", "ema_alpha"),
        ("policy=poly\nmax_batches=5", None),
    ],
)
def test_what_needs_to_know_the_end(options: str, key: str | None) -> None:
    graph = read(IMAGES + f"{options}\n" + CONVOLUTION + "[softmax]\n")
    if key is None:
        require_endless(graph)
        return
    with pytest.raises(DarknetError, match=rf"\[net\] {key}: .* needs to know the end"):
        require_endless(graph)
