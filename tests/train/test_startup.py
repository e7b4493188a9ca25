"""Where a training begins, and what keeps it from beginning."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path

import pytest
from support import small_classifier, small_text
from support.layer_check import read
from support.outcome import require_same
from support.small_detector import small_options

from darknet_py.engines import devices
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


def test_a_resumed_training_that_is_over_writes_its_end_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(small_options(tmp_path, max_batches=2))
    final = tmp_path / "backup" / "small_final.weights"
    whole = final.read_bytes()
    final.unlink()
    assert run(small_options(tmp_path, max_batches=2, resume=True)) == 0
    assert final.read_bytes() == whole
    pattern = r"small.cfg:11: \[net\] max_batches: the state is at iteration 2, so training is over"
    assert re.search(pattern, capsys.readouterr().out)


@pytest.mark.parametrize("fork", ["alexeyab", "pjreddie"])
def test_every_kind_of_training_that_is_over_writes_its_end_again(
    tmp_path: Path, fork: str
) -> None:
    texts, classes = tmp_path / "text", tmp_path / "classes"
    run(small_text.small_options(texts, max_batches=2, fork=fork))
    run(small_classifier.small_options(classes, max_batches=2, fork=fork))
    for folder, kind in ((texts, small_text), (classes, small_classifier)):
        ends = ("_final.weights", "small.weights")
        final = next(p for p in (folder / "backup").iterdir() if p.name.endswith(ends))
        start = folder / "start.weights"
        final.rename(start)
        options = kind.small_options(folder, max_batches=2, fork=fork, weights=str(start))
        assert run(options) == 0
        assert final.read_bytes() == start.read_bytes()


def test_sync_bn_of_one_process_is_a_note(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(small_options(tmp_path, max_batches=1, sync_batchnorm=True)) == 0
    assert "--sync_bn: no effect: one process; start several with" in capsys.readouterr().out


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_a_precision_the_processor_has_no_instructions_for(
    tmp_path: Path,
    precision: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(devices, "computes", lambda dtype: False)
    run(small_options(tmp_path / "one", max_batches=3, precision=precision))
    line = f"--precision {precision}: this processor has no instructions for it; computing in fp32"
    assert caplog.messages == [line]
    assert "iterations from 0, cpu fp32, seed 0" in capsys.readouterr().out
    run(small_options(tmp_path / "two", max_batches=3))
    require_same(tmp_path / "one", tmp_path / "two")
    monkeypatch.setattr(devices, "computes", lambda dtype: True)
    run(small_options(tmp_path / "three", max_batches=3, precision=precision))
    assert f"cpu {precision}, seed 0" in capsys.readouterr().out


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
