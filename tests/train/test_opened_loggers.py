"""Which loggers a training's options open."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from support.small_detector import small_options

from darknet_py.errors import DarknetError
from darknet_py.train import opened_loggers
from darknet_py.train.command import run
from darknet_py.train.logs.experiment_loggers import ExperimentLogger, RunFacts
from darknet_py.train.logs.progress_log import Update

Opened = list[tuple[str, RunFacts]]


class Silent:
    def write(self, scalars: object, step: int) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    """The programs of experiments that were asked for."""
    asked: Opened = []

    def open_it(name: str, facts: RunFacts) -> ExperimentLogger:
        asked.append((name, facts))
        return ExperimentLogger(name, Silent())

    monkeypatch.setattr(opened_loggers, "experiment_logger", open_it)
    return asked


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ({}, []),
        ({"logger": "wandb"}, [("wandb", "backup/tensorboard")]),
        ({"logger": "tensorboard"}, [("tensorboard", "backup/tensorboard")]),
        ({"tensorboard": "tb"}, [("tensorboard", "tb")]),
        ({"tensorboard": "tb", "logger": "tensorboard"}, [("tensorboard", "tb")]),
        ({"tensorboard": "tb", "logger": "mlflow"}, [("tensorboard", "tb"), ("mlflow", "tb")]),
    ],
)
def test_programs_that_are_asked_for(
    tmp_path: Path, opened: Opened, choices: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert run(small_options(tmp_path, max_batches=1, seed=3, **choices)) == 0
    folders = [(name, str(facts.folder).removeprefix(f"{tmp_path}/")) for name, facts in opened]
    assert folders == expected
    for _, facts in opened:
        assert facts.name == "small"
        assert (facts.values["seed"], facts.values["precision"]) == (3, "fp32")
        assert facts.values["cfg"] == str(tmp_path / "small.cfg")


def test_they_are_told_of_each_update_with_its_heads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Update] = []

    class Listening(ExperimentLogger):
        def add(self, update: Update) -> None:
            told.append(update)

    monkeypatch.setattr(
        opened_loggers, "experiment_logger", lambda name, facts: Listening(name, Silent())
    )
    net = "subdivisions=2\n"
    assert run(small_options(tmp_path, max_batches=2, net=net, logger="wandb")) == 0
    assert [update.number for update in told] == [1, 2]
    names = {name.split("/")[1] for name in told[0].heads}
    assert names == {"loss", "iou", "obj", "no_obj", "class", "recall50", "boxes"}
    (loss,) = (value for name, value in told[1].heads.items() if name.endswith("/loss"))
    assert loss == pytest.approx(told[1].loss), "the only head's is the network's"


def test_a_program_that_is_not_there_ends_it_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "clearml", None)
    with pytest.raises(DarknetError, match="clearml is not installed; pip install clearml"):
        run(small_options(tmp_path, max_batches=1, logger="clearml"))
