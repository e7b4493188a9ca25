"""A training that is killed between any two of its writes, and resumed, is one that was not."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.outcome import kept_in, state_of
from support.small_detector import small_options

import darknet_py.train.logs.metric_loggers as metric_loggers
from darknet_py.errors import DataError
from darknet_py.files import append
from darknet_py.network.network import Network
from darknet_py.options.training import DetectorTrainOptions
from darknet_py.train.command import run
from darknet_py.train.logs.progress_log import TrainingLog
from darknet_py.train.tasks.detection_task import MapMetric
from darknet_py.train.trainer import Trainer

VALUES = {1: 0.3, 3: 0.6, 4: 0.6, 5: 0.5}
"""What -map finds after which update."""
IMAGES = 2


class Killed(BaseException):
    """No handler of the package hears of it, as of SIGKILL."""


class Points:
    """Counts the moments at which a kill makes a difference; `at`: the one to be killed at."""

    def __init__(self) -> None:
        self.count, self.at = 0, 0

    def reached(self) -> None:
        self.count += 1
        if self.count == self.at:
            raise Killed

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any) -> Any:
            self.reached()
            value = function(*arguments)
            self.reached()
            return value

        return called


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch) -> Points:
    made = Points()

    def evaluate(self: MapMetric, trainer: Trainer, report: TrainingLog) -> float:
        made.reached()
        return VALUES[trainer.batch]

    monkeypatch.setattr(MapMetric, "evaluate", evaluate)
    monkeypatch.setattr(MapMetric, "is_due", lambda self, update, last: update in VALUES)
    monkeypatch.setattr(os, "replace", made.around(os.replace))
    monkeypatch.setattr(os, "fsync", lambda number: None)
    monkeypatch.setattr(metric_loggers.CsvLogger, "_draw", lambda self, update: None)
    monkeypatch.setattr(metric_loggers, "append", made.around(append))
    return made


def options_in(folder: Path, **choices: Any) -> DetectorTrainOptions:
    data = "savelast=2\nsaveweights=2\n"
    options = small_options(folder, max_batches=5, data=data, evaluates=True, **choices)
    cfg = Path(options.cfg)
    cfg.write_text(cfg.read_text().replace("batch=8\nsubdivisions=2", f"batch={IMAGES}"))
    return options


def rows_of(folder: Path) -> list[tuple[str, ...]]:
    with (folder / "results.csv").open(newline="") as file:
        keys = ("iteration", "loss", "avg_loss", "rate", "width", "map")
        return [tuple(row[key] for key in keys) for row in csv.DictReader(file)]


def require_alike(first: Path, second: Path) -> None:
    assert rows_of(first) == rows_of(second)
    assert kept_in(first) == kept_in(second)
    one, two = state_of(first), state_of(second)
    assert all(np.array_equal(one[name], two[name]) for name in one)
    for name in kept_in(first) - {"small_last.state"}:
        both = [(folder / "backup" / name).read_bytes() for folder in (first, second)]
        assert both[0] == both[1], name


def seen_by(folder: Path, word: str) -> int:
    net = Network.from_cfg(folder / "small.cfg")
    return net.load_weights(folder / "backup" / f"small_{word}.weights").seen // IMAGES


@pytest.mark.slow
def test_a_kill_between_any_two_writes_loses_nothing(tmp_path: Path, points: Points) -> None:
    whole = tmp_path / "whole"
    options = options_in(whole)
    points.count = 0  # the data set may have been drawn just now
    assert run(options) == 0
    total = points.count
    assert total > 50
    assert seen_by(whole, "best") == 4  # the later of two equals, as in AlexeyAB's program
    for at in range(1, total + 1):
        folder = tmp_path / str(at)
        points.count, points.at = 0, at
        with pytest.raises(Killed):
            run(options_in(folder))
        points.at = 0
        resumed = (folder / "backup" / "small_last.state").exists()
        assert run(options_in(folder, resume=resumed)) == 0
        require_alike(whole, folder)


def test_two_kills(tmp_path: Path, points: Points) -> None:
    """The second one while what the first left undone is caught up."""
    whole, folder = tmp_path / "whole", tmp_path / "killed"
    options = options_in(whole)
    points.count = 0
    run(options)
    last = points.count - 12
    options = options_in(folder)
    for at in (last, 3, 4, 5):
        points.count, points.at = 0, at
        with pytest.raises(Killed):
            run(options)
        options = replace(options, resume=True)
    points.at = 0
    assert run(options) == 0
    require_alike(whole, folder)


def test_weights_are_on_the_disk_before_an_evaluation(
    tmp_path: Path, points: Points, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: dict[int, set[str]] = {}

    def evaluate(self: MapMetric, trainer: Trainer, report: TrainingLog) -> float:
        kept[trainer.batch] = kept_in(tmp_path)
        assert seen_by(tmp_path, "last") == trainer.batch
        raise MemoryError

    monkeypatch.setattr(MapMetric, "evaluate", evaluate)
    assert run(options_in(tmp_path)) == 0
    assert kept[1] == {"small_last.state", "small_last.weights"}
    assert "small_final.weights" in kept[5]
    assert list(kept) == list(VALUES)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (DataError("no image is readable"), "mAP could not be measured: no image is readable\n"),
        (ZeroDivisionError("a\nb"), "mAP could not be measured: ZeroDivisionError: a b\n"),
        (MemoryError(), "mAP could not be measured: MemoryError: \n"),
        (float("nan"), "mAP is nan, which counts as not measured\n"),
    ],
)
def test_an_evaluation_that_fails_is_a_note(
    tmp_path: Path,
    points: Points,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception | float,
    line: str,
) -> None:
    def evaluate(self: MapMetric, trainer: Trainer, report: TrainingLog) -> float:
        if trainer.batch in (3, 5):
            if isinstance(error, Exception):
                raise error
            return error
        return VALUES[trainer.batch]

    monkeypatch.setattr(MapMetric, "evaluate", evaluate)
    assert run(options_in(tmp_path)) == 0
    assert capsys.readouterr().out.count(f"warning: {line}") == 2
    assert [row[-1] for row in rows_of(tmp_path)] == ["0.300000", "", "", "0.600000", ""]
    assert seen_by(tmp_path, "best") == 4
    assert seen_by(tmp_path, "final") == 5


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_program_ends_it(
    tmp_path: Path, points: Points, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def evaluate(self: MapMetric, trainer: Trainer, report: TrainingLog) -> float:
        raise error

    monkeypatch.setattr(MapMetric, "evaluate", evaluate)
    with pytest.raises(error):
        run(options_in(tmp_path))
    assert seen_by(tmp_path, "last") == 1
