"""`train` as a whole: what it writes, how it stops, and that it goes on exactly."""

from __future__ import annotations

import csv
import math
import multiprocessing
import os
import random
import signal
import time
from dataclasses import replace
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.outcome import kept_in, state_of
from support.small_detector import small_options

from darknet_py.network.network import Network
from darknet_py.options.training import DetectorTrainOptions
from darknet_py.train import multi_scale
from darknet_py.train.command import run


def weights_of(folder: Path, word: str) -> bytes:
    return (folder / "backup" / f"small_{word}.weights").read_bytes()


def losses_of(folder: Path) -> list[str]:
    with (folder / "results.csv").open(newline="") as file:
        return [row["loss"] for row in csv.DictReader(file)]


VARIANTS = [
    {},
    {"net": "adam=1"},
    {"net": "mosaic=1\nema_alpha=.9"},
    {"net": "badlabels_rejection_percentage=1\nequidistant_point=3\nweights_reject_freq=4"},
    {"head": "random=1", "net": "policy=random"},
    {"net": "adversarial_lr=20"},
    {"precision": "bf16"},
    {"precision": "fp16"},
]


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_ten_and_ten_are_twenty_bit_for_bit(tmp_path: Path, variant: dict[str, Any]) -> None:
    whole, halves = (small_options(tmp_path / name, **variant) for name in ("whole", "halves"))
    assert run(whole) == 0
    assert run(replace(halves, iterations=10)) == 0
    assert run(replace(halves, resume=True, seed=99)) == 0
    assert losses_of(tmp_path / "whole") == losses_of(tmp_path / "halves")
    assert weights_of(tmp_path / "whole", "final") == weights_of(tmp_path / "halves", "final")
    first, second = state_of(tmp_path / "whole"), state_of(tmp_path / "halves")
    assert first.keys() == second.keys()
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_smaller_inputs_come_in_larger_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """10 steps of 8 images at 64x64, then of 2 x 12 at 32x32: .8 of 4 times as many pixels."""
    monkeypatch.setattr(multi_scale, "ALEXEYAB_END", 0)
    words = {"max_batches": 12, "head": "random=1", "net": "dynamic_minibatch=1", "seed": 1}
    whole, halves = (small_options(tmp_path / name, **words) for name in ("whole", "halves"))
    assert run(whole) == 0
    assert run(replace(halves, iterations=11)) == 0
    assert run(replace(halves, resume=True)) == 0
    with (tmp_path / "whole" / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    counts = [int(row["images"]) // int(row["iteration"]) for row in rows]
    assert counts == [8] * 10 + [24] * 2
    assert losses_of(tmp_path / "whole") == losses_of(tmp_path / "halves")
    assert weights_of(tmp_path / "whole", "final") == weights_of(tmp_path / "halves", "final")
    net = Network.from_cfg(tmp_path / "whole" / "small.cfg")
    assert net.load_weights(tmp_path / "whole" / "backup" / "small_final.weights").seen == 96


def test_losses_that_are_not_finite_are_written_and_resumed(tmp_path: Path) -> None:
    """A rate that blows the weights up after the warm-up, and try_fix_nan."""
    net = "policy=steps\nsteps=2\nscales=1e38\ntry_fix_nan=1\nweights_reject_freq=2"
    options = small_options(tmp_path, max_batches=8, net=net)
    assert run(replace(options, iterations=6)) == 0
    assert run(replace(options, resume=True)) == 0
    losses = [float(loss) for loss in losses_of(tmp_path)]
    assert len(losses) == 8 and not math.isfinite(losses[5]) and not all(map(math.isfinite, losses))
    with (tmp_path / "results.csv").open(newline="") as file:
        assert all(math.isfinite(float(row["avg_loss"])) for row in csv.DictReader(file))


def test_another_seed_is_another_run(tmp_path: Path) -> None:
    for seed in (0, 1):
        run(small_options(tmp_path / str(seed), max_batches=3, seed=seed))
    assert losses_of(tmp_path / "0") != losses_of(tmp_path / "1")


def test_workers_change_nothing(tmp_path: Path) -> None:
    for workers in (0, 2):
        run(small_options(tmp_path / str(workers), max_batches=4, workers=workers))
    assert weights_of(tmp_path / "0", "final") == weights_of(tmp_path / "2", "final")


def test_what_a_run_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = "saveweights=3\nsavelast=3\n"
    run(small_options(tmp_path, max_batches=10, data=options, evaluates=True, saveweights=4))
    kept = kept_in(tmp_path)
    words = ("4", "8", "last", "best", "final")
    assert kept == {f"small_{word}.weights" for word in words} | {"small_last.state"}
    assert (tmp_path / "backup" / "chart.png").stat().st_size > 1000
    with (tmp_path / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["iteration"] for row in rows] == [str(n) for n in range(1, 11)]
    assert [bool(row["map"]) for row in rows] == [False] * 9 + [True]
    printed = capsys.readouterr().out
    assert "9 images, 32x32, batch 8/2, 10 iterations from 0, cpu fp32, seed 0" in printed
    assert "10/10  loss " in printed
    assert f"done: {tmp_path / 'backup' / 'small_final.weights'}" in printed
    net = Network.from_cfg(tmp_path / "small.cfg")
    assert net.load_weights(tmp_path / "backup" / "small_final.weights").seen == 80


def test_pjreddies_files(tmp_path: Path) -> None:
    run(small_options(tmp_path, max_batches=101, fork="pjreddie", net="learning_rate=.0001"))
    kept = kept_in(tmp_path)
    words = {"small.backup", "small_100.weights", "small_final.weights", "small_last.state"}
    assert kept == words


def test_options_that_this_training_does_not_do_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(small_options(tmp_path, max_batches=1, net="batch=4", head="truth=1\n"))
    printed = capsys.readouterr().out
    line = (tmp_path / "small.cfg").read_text().splitlines().index("truth=1") + 1
    assert f"small.cfg:{line}: [yolo] truth: no effect: labels come from files" in printed


def _train(options: DetectorTrainOptions) -> None:
    import torch

    torch.set_num_threads(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    run(options)


@pytest.mark.parametrize("kills", [2, pytest.param(50, marks=pytest.mark.slow)])
def test_kills_leave_whole_files(tmp_path: Path, kills: int) -> None:
    """Whenever it is killed: the last state can be resumed, the last weights can be read."""
    server = multiprocessing.get_context("forkserver")
    # A server that another test has started would import torch anew for each process.
    forkserver._forkserver._stop()  # type: ignore[attr-defined]
    server.set_forkserver_preload(["darknet_py.train.command", "darknet_py.evaluate.map"])
    options = small_options(tmp_path, max_batches=100_000, data="savelast=1\nsaveweights=50000\n")
    rng, reached = random.Random(1), []
    last = tmp_path / "backup" / "small_last.weights"
    for _ in range(kills):
        process = server.Process(target=_train, args=(options,))
        process.start()
        wait_for(last, newer_than=last.stat().st_mtime_ns if last.exists() else 0)
        time.sleep(rng.uniform(0, 0.2))  # each update waits for the disk, twice
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        net = Network.from_cfg(options.cfg)
        reached.append(net.load_weights(last).seen)
        options = replace(options, resume=True)
    assert reached == sorted(reached)
    assert reached[-1] > kills * 8
    run(replace(options, iterations=1))
    left = kept_in(tmp_path)
    assert left == {"small_last.weights", "small_last.state"}


def wait_for(path: Path, newer_than: int) -> None:
    end = time.monotonic() + 60
    while not path.exists() or path.stat().st_mtime_ns <= newer_than:
        assert time.monotonic() < end, "the training has written nothing"
        time.sleep(0.002)
