"""Programs that keep the metrics of experiments: used where one is asked for, never otherwise."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from darknet_py.errors import DarknetError, OutputError
from darknet_py.lazy import optional_module
from darknet_py.train.logs.progress_log import Update

logger = logging.getLogger(__name__)
PROJECT = "darknet-py"
"""What runs are filed under where the program's own settings say nothing else."""
MLFLOW_VARIABLES = ("MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID", "MLFLOW_RUN_ID")
"""Any of these says where a run of MLflow belongs."""
MOST_FAILURES = 3
"""In a row, after which nothing more is sent: each may have waited a minute for a server."""


@dataclass(frozen=True)
class RunFacts:
    """name: of the run. folder: for what is written to the disk. values: its options by name."""

    name: str
    folder: Path
    values: Mapping[str, str | int | float]


class ScalarWriter(Protocol):
    """A run in such a program; may raise anything."""

    def write(self, scalars: Mapping[str, float], step: int) -> None:
        """Values by name after this many iterations."""

    def close(self) -> None:
        """The run is over; all of it is to be kept."""


class ExperimentProgram(NamedTuple):
    """open: starts a run; raises DarknetError where its package is missing. every: iterations
    between two rows of values, which may go over a network while the training waits."""

    open: Callable[[RunFacts], ScalarWriter]
    every: int = 10


def scalars_of(u: Update) -> dict[str, float]:
    """What an update has to tell, by name."""
    scalars = {"loss": u.loss, "avg_loss": u.average, "rate": u.rate}
    if u.speed:
        scalars |= {f"{u.units.things}_per_second": u.speed, "data_wait": u.wait_share}
    if u.evaluated:
        name = u.metric.lower()
        scalars |= {name: u.map, f"best_{name}": u.best_map}
    return scalars | dict(u.heads)


@dataclass
class ExperimentLogger:
    """Tells a program of every so many updates, and of all after which something was measured.

    name: of the program. told: the last update that it knows. failures: in a row, so far.
    """

    name: str
    writer: ScalarWriter
    every: int = 1
    told: int = 0
    failures: int = 0

    def add(self, update: Update) -> None:
        """Raises OutputError for whatever the program raises, until it has done so too often."""
        due = update.evaluated or update.number // self.every > self.told // self.every
        if not due or self.failures >= MOST_FAILURES:
            return
        self.told = update.number
        try:
            self.writer.write(scalars_of(update), update.number)
        except Exception as error:  # noqa: BLE001 - of a stranger's program and of networks
            self.failures += 1
            more = "; no more is sent to it" if self.failures == MOST_FAILURES else ""
            raise OutputError(f"{self.name}: {_line(error)}{more}") from None
        self.failures = 0

    def end(self, update: Update) -> None:
        """What fails now is a warning: the training itself has been saved."""
        try:
            self.writer.close()
        except Exception as error:  # noqa: BLE001 - as above
            logger.warning("%s: %s", self.name, _line(error))


def experiment_logger(name: str, facts: RunFacts) -> ExperimentLogger:
    """A run in the program of this name, of PROGRAMS.

    Raises DarknetError when its package is not installed, or when it cannot start.
    """
    program = PROGRAMS[name]
    try:
        return ExperimentLogger(name, program.open(facts), program.every)
    except DarknetError:
        raise
    except Exception as error:  # noqa: BLE001 - as above
        raise DarknetError(f"--logger {name}: cannot start: {_line(error)}") from None


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


@dataclass
class TensorBoardWriter:
    writer: Any

    def write(self, scalars: Mapping[str, float], step: int) -> None:
        for name, value in scalars.items():
            self.writer.add_scalar(name, value, step)

    def close(self) -> None:
        self.writer.close()


def open_tensorboard(facts: RunFacts) -> TensorBoardWriter:
    """Files in facts.folder."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        cure = "pip install tensorboard, or leave --tensorboard out"
        raise DarknetError(f"--tensorboard needs the package tensorboard; {cure}") from None
    return TensorBoardWriter(SummaryWriter(str(facts.folder)))


@dataclass
class WandbWriter:
    """ours: the run was begun here, and not by whoever calls from Python."""

    run: Any
    ours: bool

    def write(self, scalars: Mapping[str, float], step: int) -> None:
        self.run.log(dict(scalars), step=step)

    def close(self) -> None:
        if self.ours:
            self.run.finish()


def open_wandb(facts: RunFacts) -> WandbWriter:
    """Where and whether it sends is said by `wandb login` and WANDB_MODE."""
    wandb = optional_module("wandb")
    if wandb.run is not None:
        return WandbWriter(wandb.run, ours=False)
    run = wandb.init(
        project=os.environ.get("WANDB_PROJECT", PROJECT),
        name=facts.name,
        config=dict(facts.values),
        save_code=False,
    )
    return WandbWriter(run, ours=True)


@dataclass
class MlflowWriter:
    """ours: as in WandbWriter."""

    mlflow: Any
    ours: bool

    def write(self, scalars: Mapping[str, float], step: int) -> None:
        self.mlflow.log_metrics(dict(scalars), step=step)

    def close(self) -> None:
        if self.ours:
            self.mlflow.end_run()


def open_mlflow(facts: RunFacts) -> MlflowWriter:
    """Where it sends is said by MLFLOW_TRACKING_URI."""
    mlflow = optional_module("mlflow")
    if mlflow.active_run() is not None:
        return MlflowWriter(mlflow, ours=False)
    if not any(name in os.environ for name in MLFLOW_VARIABLES):
        mlflow.set_experiment(PROJECT)
    mlflow.start_run(run_name=facts.name)
    mlflow.log_params(dict(facts.values))
    return MlflowWriter(mlflow, ours=True)


@dataclass
class ClearmlWriter:
    """ours: as in WandbWriter."""

    task: Any
    ours: bool

    def write(self, scalars: Mapping[str, float], step: int) -> None:
        report = self.task.get_logger().report_scalar
        for name, value in scalars.items():
            # What heads show goes into one chart for each head.
            title, _, series = name.partition("/")
            report(title=title, series=series or title, value=value, iteration=step)

    def close(self) -> None:
        if self.ours:
            self.task.close()


def open_clearml(facts: RunFacts) -> ClearmlWriter:
    """Where it sends is said by `clearml-init`."""
    clearml = optional_module("clearml")
    if running := clearml.Task.current_task():
        return ClearmlWriter(running, ours=False)
    task = clearml.Task.init(
        project_name=os.environ.get("CLEARML_PROJECT", PROJECT),
        task_name=facts.name,
        reuse_last_task_id=False,
        auto_connect_frameworks=False,
        auto_connect_arg_parser=False,
        auto_connect_streams=False,
    )
    task.connect(dict(facts.values))
    return ClearmlWriter(task, ours=True)


PROGRAMS = {
    "tensorboard": ExperimentProgram(open_tensorboard, every=1),
    "wandb": ExperimentProgram(open_wandb),
    "mlflow": ExperimentProgram(open_mlflow),
    "clearml": ExperimentProgram(open_clearml),
}
"""The programs by the words of --logger. To add one, add its writer and its row, and its word in
`options.training.EXPERIMENT_PROGRAMS`."""
