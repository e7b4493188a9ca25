"""`regressor train`: it learns, what it writes, what it refuses."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from support.masked_shapes import masked_options
from support.outcome import kept_in, rows_of

from darknet_py.distributed.context import DistributedContext
from darknet_py.errors import DarknetError, DataError
from darknet_py.options.training import RegressorTrainOptions
from darknet_py.train.command import run
from darknet_py.train.tasks.regressor_task import open_regressor


def change(path: str, old: str, new: str) -> None:
    text = Path(path).read_text()
    assert old in text
    Path(path).write_text(text.replace(old, new))


def test_it_learns(tmp_path: Path) -> None:
    run(masked_options(RegressorTrainOptions, tmp_path, 60))
    losses = [float(row["loss"]) for row in rows_of(tmp_path)]
    assert np.mean(losses[-5:]) < 0.2 * np.mean(losses[:3])


def test_what_a_run_writes_and_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = masked_options(RegressorTrainOptions, tmp_path, 2, "min_ratio=.9\ncenter=1")
    run(options)
    assert kept_in(tmp_path) == {"s_1.weights", "s.backup", "s.weights", "s_last.state"}
    printed = capsys.readouterr().out
    assert "s.cfg: 12 images, 32x32, 2 numbers each, batch 8/1" in printed
    assert re.findall(r"warning: .*\[net\] (\w+): (.*)", printed) == [
        ("center", "no effect on samples of regressors")
    ]
    run(replace(options, clear=True, log_style="darknet"))
    number = r"\d+\.\d{6}"
    line = rf"1, 0\.667: {number}, {number} avg, 0.010000 rate, {number} seconds, 8 images\n"
    assert re.search(line, capsys.readouterr().out)


def test_ratios_count_rather_than_crops(tmp_path: Path) -> None:
    options = masked_options(RegressorTrainOptions, tmp_path, 1, "min_ratio=.9")
    ready = open_regressor(options, DistributedContext(), torch.device("cpu"))
    affine = ready.task.source.config.affine  # type: ignore[attr-defined]
    assert (affine.low, affine.high) == (28, 48)


def test_numbers_that_are_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = masked_options(RegressorTrainOptions, tmp_path, 4)
    (tmp_path / "labels" / "3.txt").unlink()
    (tmp_path / "labels" / "4.txt").write_text("0.5\n")
    run(options)
    printed = capsys.readouterr().out
    assert re.search(r"warning: 1 of 12 images have no file of numbers and are left out", printed)
    assert re.search(r"another image is drawn: .*labels/4.txt: read 1 numbers, expected 2", printed)


def test_one_number_where_nothing_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = masked_options(RegressorTrainOptions, tmp_path, 1)
    change(options.data, "classes=2\n", "")
    with pytest.raises(DataError, match=r"s.data: classes: read 1, the last layer of .* gives 2 v"):
        run(options)
    change(options.cfg, "filters=2\n", "filters=1\n")
    run(options)
    assert "32x32, 1 number each" in capsys.readouterr().out


def test_networks_of_another_kind(tmp_path: Path) -> None:
    options = masked_options(RegressorTrainOptions, tmp_path, 1)
    change(options.cfg, "filters=2\n", "filters=18\n")
    change(options.cfg, "[avgpool]\n[cost]\ntype=sse\n", "[yolo]\nclasses=1\nnum=3\n")
    with pytest.raises(DarknetError, match="has a detection head; .* `darknet-py detector train`"):
        run(options)


def test_a_page_of_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run(masked_options(RegressorTrainOptions, tmp_path, 1, show_imgs=True))
    assert (tmp_path / "aug_s.jpg").stat().st_size > 10_000
