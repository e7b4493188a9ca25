"""A training that torchrun starts again."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from support.small_detector import small_options
from support.torchrun import torchrun

from darknet_py.distributed.context import ALONE
from darknet_py.train import elastic
from darknet_py.train.command import run
from darknet_py.train.elastic import continuing, job_of

CPU = torch.device("cpu")
DYING = """
import os, signal
from darknet_py.cli.main import run
from darknet_py.train.trainer import Trainer

step = Trainer.step

def dying(trainer, *batch):
    who = os.environ["RANK"], os.environ["TORCHELASTIC_RESTART_COUNT"]
    if (who, trainer.batch) in ((("1", "0"), 14), (("0", "1"), 22)):
        os.kill(os.getpid(), signal.SIGKILL)
    return step(trainer, *batch)

Trainer.step = dying
run()
"""


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv(elastic.JOB, "one")
    monkeypatch.setenv(elastic.MOST_RESTARTS, "3")
    monkeypatch.setenv(elastic.RESTARTS, "0")
    return monkeypatch


@pytest.mark.slow
def test_weights_are_those_of_an_undisturbed_training(tmp_path: Path) -> None:
    """One process is killed, then the other: the first, which writes."""
    finals = []
    for name in ("plain", "killed"):
        options = small_options(tmp_path / name, max_batches=30, data="savelast=4\n")
        (tmp_path / "dying.py").write_text(DYING)
        words = ["train", options.data, options.cfg, "--device", "cpu", "--workers", "0"]
        plain = name == "plain"
        script = ["-m", "darknet_py"] if plain else ["dying.py"]
        done = torchrun(tmp_path, *script, *words, restarts=0 if plain else 3)
        assert done.returncode == 0, done.stderr
        backup = tmp_path / name / "backup"
        finals.append((backup / "small_final.weights").read_bytes())
        rows = (backup / "results.csv").read_text().splitlines()[1:]
        assert [row.split(",")[0] for row in rows] == [str(n) for n in range(2, 31, 2)]
        assert done.stdout.count("continues after iteration") == (0 if plain else 2)
    assert finals[0] == finals[1]


def test_a_job_goes_on_from_its_own_state_alone(job: pytest.MonkeyPatch, tmp_path: Path) -> None:
    options = small_options(tmp_path, max_batches=2)
    state = tmp_path / "backup" / "small_last.state"
    assert run(options) == 0 and job_of(state) == "one"

    def goes_on() -> bool:
        return continuing(options, state, ALONE, CPU).resume

    # Without a count too: a machine has come or gone.
    assert goes_on()
    job.setenv(elastic.JOB, "another")
    assert not goes_on()
    job.setenv(elastic.RESTARTS, "1")
    assert not goes_on()
    job.delenv(elastic.JOB)
    assert not goes_on()


def test_jobs_without_a_name_go_on_when_they_are_restarted(
    job: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    job.setenv(elastic.JOB, elastic.NAMELESS)
    options = small_options(tmp_path, max_batches=2)
    state = tmp_path / "backup" / "small_last.state"
    assert run(options) == 0
    assert not continuing(options, state, ALONE, CPU).resume
    job.setenv(elastic.RESTARTS, "1")
    assert continuing(options, state, ALONE, CPU).resume


def test_the_state_is_there_before_the_first_update(
    job: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """In place of an older training's."""
    state = tmp_path / "backup" / "small_last.state"
    job.setenv(elastic.JOB, "older")
    run(small_options(tmp_path, max_batches=2))
    job.setenv(elastic.JOB, "one")
    job.setattr("darknet_py.train.loop.Loop.run", lambda loop: 0)
    run(small_options(tmp_path, max_batches=2))
    assert job_of(state) == "one"
    job.setenv(elastic.MOST_RESTARTS, "0")
    job.setenv(elastic.JOB, "third")
    run(small_options(tmp_path, max_batches=2))
    assert job_of(state) == "one"


def test_what_is_no_state_is_no_jobs(tmp_path: Path) -> None:
    assert job_of(tmp_path / "none.state") == ""
    (tmp_path / "a.state").write_text("x")
    assert job_of(tmp_path / "a.state") == ""
