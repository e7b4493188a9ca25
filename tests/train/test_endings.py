"""Whatever ends a training, what it has earned is on the disk; what cannot be written is said."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support import tiny_classifier
from support.outcome import kept_in, rows_of, state_of
from support.small_detector import small_options

from darknet_py.errors import DarknetError, OutputError
from darknet_py.files import growing_file
from darknet_py.network.network import Network
from darknet_py.train.command import run
from darknet_py.train.logs.metric_loggers import CsvLogger
from darknet_py.train.logs.progress_log import PlainLog, Update
from darknet_py.train.loss_error import LossError
from darknet_py.train.trainer import Trainer


def saved_at(folder: Path) -> int:
    """The update that the last state and the last weights are of."""
    net = Network.from_cfg(folder / "small.cfg")
    seen = net.load_weights(folder / "backup" / "small_last.weights").seen
    kernel = net.state_dict()[next(iter(net.state_dict()))].numpy()
    first = next(name for name in state_of(folder) if name.startswith("net."))
    assert (state_of(folder)[first] == kernel).all()
    return seen // 8


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (BrokenPipeError(32, "Broken pipe"), r"the log cannot be written: .*Broken pipe"),
        (ValueError("a bug"), "a bug"),
        (DarknetError("refused"), "refused"),
    ],
)
def test_an_error_of_the_log_saves_first(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    message: str,
) -> None:
    def update(self: PlainLog, update: Update) -> None:
        if update.number == 4:
            raise error

    monkeypatch.setattr(PlainLog, "update", update)
    expected = OutputError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected, match=message):
        run(small_options(tmp_path))
    assert saved_at(tmp_path) == 4
    assert "saved at iteration 4; --resume continues from" in caplog.text
    monkeypatch.undo()
    assert run(small_options(tmp_path, resume=True)) == 0


def test_an_error_of_a_metric_logger_saves_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add(self: CsvLogger, update: Update) -> None:
        if update.number == 3:
            raise TypeError("a bug")

    monkeypatch.setattr(CsvLogger, "add", add)
    with pytest.raises(TypeError, match="a bug"):
        run(small_options(tmp_path))
    assert saved_at(tmp_path) == 3


def test_heads_that_cannot_be_printed_do_not_break_an_update(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from darknet_py.train.logs.darknet_log import DarknetLog

    def heads(self: DarknetLog, losses: Any) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(DarknetLog, "heads", heads)
    with pytest.raises(OutputError, match="the log cannot be written"):
        run(small_options(tmp_path, log_style="darknet"))
    assert saved_at(tmp_path) == 1


def test_a_step_that_fails_midway_is_not_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever resumes starts from weights that were whole."""
    move = Trainer._count

    def count(self: Trainer, images: int) -> None:
        if self.batch == 4:
            raise RuntimeError("device lost")
        move(self, images)

    monkeypatch.setattr(Trainer, "_count", count)
    with pytest.raises(RuntimeError, match="device lost"):
        run(small_options(tmp_path, data="savelast=2\n"))
    assert saved_at(tmp_path) == 2


def test_weights_with_a_loss_that_is_not_finite_replace_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Trainer.step

    def refused(self: Trainer, *batch: Any) -> float:
        if self.batch == 3:
            raise LossError("the loss is nan")
        return step(self, *batch)

    monkeypatch.setattr(Trainer, "step", refused)
    with pytest.raises(LossError, match="the loss is nan; the images of the batch: "):
        run(small_options(tmp_path, data="savelast=2\n"))
    assert saved_at(tmp_path) == 2


def test_before_the_first_update_there_is_nothing_to_save(tmp_path: Path) -> None:
    options = small_options(tmp_path)
    (tmp_path / "gone.txt").write_text("".join(f"{tmp_path}/{n}.jpg\n" for n in range(3)))
    (tmp_path / "0.txt").write_text("0 .5 .5 .1 .1\n")
    text = Path(options.data).read_text()
    Path(options.data).write_text(
        "\n".join(
            f"train={tmp_path}/gone.txt" if line.startswith("train=") else line
            for line in text.splitlines()
        )
    )
    with pytest.raises(DarknetError, match="samples in a row have unreadable images"):
        run(options)
    assert not kept_in(tmp_path)


def test_a_killed_worker_saves_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = Trainer.step

    def killing(self: Trainer, *batch: Any) -> float:
        if self.batch == 2:
            for child in multiprocessing.active_children():
                child.kill()
        return step(self, *batch)

    monkeypatch.setattr(Trainer, "step", killing)
    with pytest.raises(DarknetError, match="making samples ahead failed: "):
        run(small_options(tmp_path, max_batches=1000, workers=1))
    assert saved_at(tmp_path) >= 3


class Disk:
    """A disk that is full from some write on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        replace, write_all = os.replace, growing_file.write_all
        monkeypatch.setattr(os, "replace", self._checked(replace))
        monkeypatch.setattr(growing_file, "write_all", self._checked(write_all))

    def _checked(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any) -> Any:
            if self.full:
                raise OSError(28, "No space left on device")
            return function(*arguments)

        return called


@pytest.mark.parametrize("room_again", [True, False])
def test_a_disk_that_is_full_for_a_while(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    room_again: bool,
) -> None:
    disk, step = Disk(monkeypatch), Trainer.step

    def stepped(self: Trainer, *batch: Any) -> float:
        disk.full = 3 <= self.batch < (8 if room_again else 100)
        return step(self, *batch)

    monkeypatch.setattr(Trainer, "step", stepped)
    options = small_options(tmp_path, max_batches=10, data="savelast=2\n")
    if room_again:
        assert run(options) == 0
        assert [row["iteration"] for row in rows_of(tmp_path)] == [str(n) for n in range(1, 11)]
        assert saved_at(tmp_path) == 10
    else:
        with pytest.raises(OutputError, match="small_last.state: cannot be written: No space left"):
            run(options)
        assert saved_at(tmp_path) == 2
    printed = capsys.readouterr().out
    assert printed.count("warning: ") == printed.count("; training goes on")
    # Said once of the log, and at each of the times at which the state was due.
    assert printed.count("results.csv: cannot be written: No space left") == 1
    assert printed.count("small_last.state: cannot be written") == (3 if room_again else 4)


def test_a_best_network_that_cannot_be_written_is_not_the_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from darknet_py.train.tasks.detection_task import MapMetric

    disk = Disk(monkeypatch)
    values = iter([0.9, 0.5, 0.4])

    def evaluate(self: MapMetric, trainer: Trainer, report: Any) -> float:
        disk.full = trainer.batch == 1
        return next(values)

    monkeypatch.setattr(MapMetric, "evaluate", evaluate)
    monkeypatch.setattr(MapMetric, "is_due", lambda *_: True)
    assert run(small_options(tmp_path, max_batches=3, evaluates=True)) == 0
    net = Network.from_cfg(tmp_path / "small.cfg")
    assert net.load_weights(tmp_path / "backup" / "small_best.weights").seen == 2 * 8


def test_a_folder_that_is_taken_away_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Trainer.step

    def stepped(self: Trainer, *batch: Any) -> float:
        if self.batch == 3:
            shutil.rmtree(tmp_path / "backup")
        return step(self, *batch)

    monkeypatch.setattr(Trainer, "step", stepped)
    assert run(small_options(tmp_path, max_batches=5, data="savelast=2\n")) == 0
    words = {"small_final.weights", "small_last.weights", "small_last.state"}
    assert kept_in(tmp_path) == words


def test_a_folder_that_cannot_be_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    step = Trainer.step

    def stepped(self: Trainer, *batch: Any) -> float:
        if self.batch == 3:
            shutil.rmtree(tmp_path / "backup")
            (tmp_path / "backup").write_text("in the way")
        return step(self, *batch)

    monkeypatch.setattr(Trainer, "step", stepped)
    with pytest.raises(OutputError, match="backup: cannot be made: .*set backup= in the .data"):
        run(small_options(tmp_path, max_batches=5, data="savelast=2\n"))
    assert "cannot be made: File exists; set backup= in the .data file; training goes on" in (
        capsys.readouterr().out
    )


Ending = Callable[["subprocess.Popen[str]"], object]


def kill_a_worker(process: subprocess.Popen[str]) -> None:
    listed = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True).stdout
    parents = {
        int(child): int(parent) for child, parent in map(str.split, listed.split("\n")[1:-1])
    }
    servers = [child for child, parent in parents.items() if parent == process.pid]
    workers = [child for child, parent in parents.items() if parent in servers]
    os.kill(workers[0], signal.SIGKILL)


def close_output(process: subprocess.Popen[str]) -> None:
    assert process.stdout
    process.stdout.close()
    process.stdout = None


def twice(process: subprocess.Popen[str]) -> None:
    """As `timeout` does it."""
    process.send_signal(signal.SIGTERM)
    time.sleep(0.02)
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)


ENDINGS: dict[str, tuple[Ending, int, str]] = {
    "hang up": (lambda process: process.send_signal(signal.SIGHUP), 128 + signal.SIGHUP, ""),
    "ctrl-c": (lambda process: os.killpg(process.pid, signal.SIGINT), 128 + signal.SIGINT, ""),
    "timeout": (twice, 128 + signal.SIGTERM, ""),
    "closed output": (close_output, 1, "the log cannot be written: "),
    "killed worker": (kill_a_worker, 1, "making samples ahead failed: "),
}


@pytest.mark.parametrize(
    "name",
    [name if name == "ctrl-c" else pytest.param(name, marks=pytest.mark.slow) for name in ENDINGS],
)
def test_ends_of_a_process(tmp_path: Path, name: str) -> None:
    """Saved, one line of an error, and no worker, semaphore or shared memory left."""
    end, code, line = ENDINGS[name]
    cfg, data = tiny_classifier.files(tmp_path, 30, 3)
    cfg.write_text(cfg.read_text().replace("max_batches=100", "max_batches=1000000"))
    words = ["classifier", "train", str(data), str(cfg), "--nogpu"]
    process = subprocess.Popen(
        [sys.executable, "-m", "darknet_py", *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )
    wait_for_rows(tmp_path / "backup" / "results.csv", process)
    end(process)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code, errors
    assert errors.count("darknet-py: error: ") == bool(line)
    assert line in errors
    assert "resource_tracker" not in errors
    assert "Traceback" not in errors
    assert not list(Path("/dev/shm").glob(f"torch_{process.pid}_*"))
    rows = (tmp_path / "backup" / "results.csv").read_text().splitlines()
    net = Network.from_cfg(cfg)
    seen = net.load_weights(tmp_path / "backup" / "t_last.weights").seen
    assert seen // 24 == int(rows[-1].split(",")[0])


def wait_for_rows(path: Path, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 100
    while not path.exists() or len(path.read_text().splitlines()) < 4:
        assert time.monotonic() < end and process.poll() is None, "nothing is trained"
        time.sleep(0.02)


def test_weights_whose_training_is_over_are_written_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As C does: <name>_final.weights, exit 0."""
    run(small_options(tmp_path, max_batches=2))
    final = tmp_path / "backup" / "small_final.weights"
    (tmp_path / "done.weights").write_bytes(final.read_bytes())
    shutil.rmtree(tmp_path / "backup")
    weights = str(tmp_path / "done.weights")
    options = small_options(tmp_path, max_batches=2, weights=weights, evaluates=True)
    assert run(options) == 0
    assert kept_in(tmp_path) == {"small_final.weights"}
    assert final.read_bytes() == (tmp_path / "done.weights").read_bytes()
    printed = capsys.readouterr().out
    assert "done.weights is at iteration 2, so training is over; to go on raise" in printed
    run(replace(options, clear=True, iterations=1))
    assert "small_last.state" in kept_in(tmp_path)
