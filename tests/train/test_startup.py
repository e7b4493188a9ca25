"""Where a training begins, and what keeps it from beginning."""

from __future__ import annotations

import contextlib
import csv
import re
import struct
from dataclasses import replace
from pathlib import Path

import pytest
from support import small_classifier, small_text
from support.layer_check import read
from support.outcome import require_same
from support.small_detector import CFG, small_options

from darknet_py import Network
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


def weights_of(folder: Path, classes: int, cutoff: int | None = None) -> str:
    text = CFG.format(max_batches=1, net="", head="").replace("classes=8", f"classes={classes}")
    (folder / "other.cfg").write_text(text.replace("filters=39", f"filters={3 * (5 + classes)}"))
    Network.from_cfg(folder / "other.cfg", seed=5).save_weights(folder / "o.weights", cutoff)
    return str(folder / "o.weights")


def test_weights_of_another_class_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = weights_of(tmp_path, classes=3)
    run(small_options(tmp_path, max_batches=1, net="learning_rate=0", weights=weights, clear=True))
    lines = capsys.readouterr().out.splitlines()
    assert f"{weights}: the layers that fit, 248 floats, 0 images seen" in lines
    why = "is of a network with classes=3; layer 2 starts at random"
    assert f"warning: {weights}: {why}" in lines
    final, other = (
        Network.from_cfg(tmp_path / "small.cfg"),
        Network.from_cfg(tmp_path / "other.cfg"),
    )
    final.load_weights(tmp_path / "backup" / "small_final.weights")
    other.load_weights(weights)
    assert (final.own(0)["weights"] - other.own(0)["weights"]).abs().max() < 1e-5


def test_a_file_made_to_start_from_is_nothing_to_warn_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = weights_of(tmp_path, classes=8, cutoff=1)
    run(small_options(tmp_path, max_batches=1, weights=weights))
    lines = capsys.readouterr().out.splitlines()
    assert f"{weights}: 2 of 4 layers, 248 floats, 0 images seen" in lines
    assert f"{weights}: ends before the network does; layer 2 starts at random" in lines


def test_weights_that_are_not_finite_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = Path(weights_of(tmp_path, classes=8))
    raw = bytearray(weights.read_bytes())
    raw[20:24] = struct.pack("<f", float("nan"))
    weights.write_bytes(bytes(raw))
    with contextlib.suppress(DarknetError):  # its loss is none either
        run(small_options(tmp_path, max_batches=1, weights=str(weights)))
    line = f"warning: {weights}: layer 0 [convolutional] (line 16): biases: 1 of 8 values are not"
    assert line in capsys.readouterr().out
