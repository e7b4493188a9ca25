"""Programs of experiments, each as a small module that writes down what it is asked to do."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.one_update import UPDATE

from darknet_py.errors import DarknetError, OutputError
from darknet_py.options.training import EXPERIMENT_PROGRAMS
from darknet_py.train.logs.experiment_loggers import (
    PROGRAMS,
    PROJECT,
    ExperimentLogger,
    RunFacts,
    experiment_logger,
    scalars_of,
)

FACTS = RunFacts("small", Path("runs"), {"cfg": "small.cfg", "batch": 64})
HEADS = {"yolo_16/iou": 0.5}
MEASURED = replace(UPDATE, evaluated=True, map=0.5, best_map=0.75, heads=HEADS)
FIRST = {"loss": 3.25, "avg_loss": 4.5, "rate": 0.00025, "images_per_second": 40, "data_wait": 0.1}
LAST = {**FIRST, "map": 0.5, "best_map": 0.75, **HEADS}


class Recorder:
    """Writes down its calls; `answers` by name, None for the rest."""

    def __init__(self, told: list[Any], **answers: Any) -> None:
        self.told, self.answers = told, answers

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*words: Any, **more: Any) -> Any:
            self.told.append((name, *words, more) if more else (name, *words))
            return self.answers.get(name)

        return call


def test_the_option_offers_the_programs_there_are() -> None:
    assert tuple(PROGRAMS) == EXPERIMENT_PROGRAMS


def test_what_an_update_tells() -> None:
    assert scalars_of(UPDATE) == FIRST
    assert scalars_of(MEASURED) == LAST
    unknown = scalars_of(replace(UPDATE, speed=0.0))
    assert set(unknown) == {"loss", "avg_loss", "rate"}


def test_tensorboard(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    writer = Recorder(told)
    room = SimpleNamespace(SummaryWriter=lambda folder: told.append(folder) or writer)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", room)
    board = experiment_logger("tensorboard", FACTS)
    board.add(UPDATE)
    assert told == ["runs", *(("add_scalar", name, value, 12) for name, value in FIRST.items())]
    board.add(replace(MEASURED, number=13))
    board.end(UPDATE)
    assert told[-2:] == [("add_scalar", "yolo_16/iou", 0.5, 13), ("close",)]


def test_wandb(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    module = Recorder(told, init=Recorder(told))
    monkeypatch.setattr(module, "run", None, raising=False)
    monkeypatch.setitem(sys.modules, "wandb", module)
    monkeypatch.delenv("WANDB_PROJECT", raising=False)
    run = experiment_logger("wandb", FACTS)
    config = {"project": PROJECT, "name": "small", "config": FACTS.values, "save_code": False}
    assert told == [("init", config)]
    run.add(MEASURED)
    run.end(MEASURED)
    assert told[1:] == [("log", LAST, {"step": 12}), ("finish",)]


def test_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setitem(sys.modules, "mlflow", Recorder(told))
    for name in ("MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID", "MLFLOW_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    run = experiment_logger("mlflow", FACTS)
    run.add(MEASURED)
    run.end(MEASURED)
    assert told == [
        ("active_run",),
        ("set_experiment", PROJECT),
        ("start_run", {"run_name": "small"}),
        ("log_params", FACTS.values),
        ("log_metrics", LAST, {"step": 12}),
        ("end_run",),
    ]
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "mine")
    told.clear()
    experiment_logger("mlflow", FACTS)
    assert told[1][0] == "start_run", "where it belongs is said by the environment"


def test_clearml(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    task = Recorder(told, get_logger=Recorder(told))
    kind = Recorder(told, init=task)
    monkeypatch.setitem(sys.modules, "clearml", SimpleNamespace(Task=kind))
    monkeypatch.setenv("CLEARML_PROJECT", "mine")
    run = experiment_logger("clearml", FACTS)
    assert told[1][1]["project_name"] == "mine"
    assert told[2] == ("connect", FACTS.values)
    run.add(MEASURED)
    run.end(MEASURED)
    reported = [words["title"] + ":" + words["series"] for name, words in told[4:-1]]
    assert reported[0] == "loss:loss"
    assert reported[-1] == "yolo_16:iou"
    assert told[-2][1]["value"] == 0.5
    assert told[-1] == ("close",)


@pytest.mark.parametrize("name", ["wandb", "mlflow", "clearml"])
def test_a_run_that_was_there_before_is_not_ended(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a notebook that trains in the middle of its own experiment."""
    told: list[Any] = []
    running = Recorder(told, get_logger=Recorder(told))
    module = Recorder(told, active_run=running)
    module.run, module.Task = running, Recorder(told, current_task=running)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, name, module)
    run = experiment_logger(name, FACTS)
    run.add(MEASURED)
    run.end(MEASURED)
    verbs = {words[0] for words in told}
    assert verbs <= {"active_run", "current_task", "log", "log_metrics", "get_logger"} | {
        "report_scalar"
    }
    assert verbs & {"log", "log_metrics", "report_scalar"}


@pytest.mark.parametrize("name", EXPERIMENT_PROGRAMS)
def test_a_package_that_is_not_installed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(DarknetError, match=f"{name}.*pip install {name}"):
        experiment_logger(name, FACTS)


def test_a_program_that_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    module = SimpleNamespace(run=None, init=lambda **_: 1 / 0)
    monkeypatch.setitem(sys.modules, "wandb", module)
    with pytest.raises(DarknetError, match="--logger wandb: cannot start: ZeroDivisionError: div"):
        experiment_logger("wandb", FACTS)


def test_every_tenth_iteration_and_what_was_measured_is_told() -> None:
    told: list[Any] = []
    run = ExperimentLogger("some", Recorder(told), 10)  # type: ignore[arg-type]
    for number in range(1, 32):
        run.add(replace(UPDATE, number=number, evaluated=number == 14))
    assert [words[2] for words in told] == [10, 14, 20, 30]


def test_a_program_that_fails_is_let_go(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[int] = []

    class Failing:
        def write(self, scalars: object, step: int) -> None:
            calls.append(step)
            if step != 3:
                raise ConnectionError("no\nserver")

        def close(self) -> None:
            raise ConnectionError("still none")

    run = ExperimentLogger("some", Failing())
    said = []
    for number in range(1, 10):
        try:
            run.add(replace(UPDATE, number=number))
        except OutputError as failure:
            said.append(str(failure))
    assert calls == [1, 2, 3, 4, 5, 6]
    assert said[0] == "some: ConnectionError: no server"
    assert said[-1] == "some: ConnectionError: no server; no more is sent to it"
    run.end(UPDATE)
    assert caplog.messages == ["some: ConnectionError: still none"]
