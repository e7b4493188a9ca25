"""`train` as a whole: what it writes, how it stops, and that it goes on exactly."""

from __future__ import annotations

import csv
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
from support.small_detector import small_options

import darknet_py.train.loop as loop
from darknet_py.data import detection_samples
from darknet_py.errors import DarknetError, DataError, WeightsError
from darknet_py.network.network import Network
from darknet_py.options.training import DetectorTrainOptions
from darknet_py.train.command import run
from darknet_py.train.trainer import LossError, Trainer


def state_of(folder: Path) -> dict[str, Any]:
    with np.load(folder / "backup" / "small_last.state", allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def weights_of(folder: Path, word: str) -> bytes:
    return (folder / "backup" / f"small_{word}.weights").read_bytes()


def losses_of(folder: Path) -> list[str]:
    with (folder / "results.csv").open(newline="") as file:
        return [row["loss"] for row in csv.DictReader(file)]


VARIANTS = [
    {},
    {"net": "adam=1"},
    {"net": "mosaic=1\nema_alpha=.9"},
    {"head": "random=1", "net": "policy=random"},
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


def test_another_seed_is_another_run(tmp_path: Path) -> None:
    for seed in (0, 1):
        run(small_options(tmp_path / str(seed), max_batches=3, seed=seed))
    assert losses_of(tmp_path / "0") != losses_of(tmp_path / "1")


def test_workers_change_nothing(tmp_path: Path) -> None:
    for workers in (0, 2):
        run(small_options(tmp_path / str(workers), max_batches=4, workers=workers))
    assert weights_of(tmp_path / "0", "final") == weights_of(tmp_path / "2", "final")


def test_images_in_memory_are_not_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str, channels: int) -> None:
        raise AssertionError(f"{path} was opened")

    monkeypatch.setattr(detection_samples, "open_reducible", refuse)
    assert run(small_options(tmp_path, max_batches=3, cache=True)) == 0
    with pytest.raises(AssertionError, match="was opened"):
        run(small_options(tmp_path, max_batches=3))


def test_what_a_run_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = "saveweights=4\nsavelast=3\n"
    run(small_options(tmp_path, max_batches=10, data=options, evaluates=True))
    kept = {path.name for path in (tmp_path / "backup").iterdir()}
    words = ("4", "8", "last", "best", "final")
    assert kept == {f"small_{word}.weights" for word in words} | {"small_last.state"}
    assert (tmp_path / "chart.png").stat().st_size > 1000
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
    kept = {path.name for path in (tmp_path / "backup").iterdir()}
    words = {"small.backup", "small_100.weights", "small_final.weights", "small_last.state"}
    assert kept == words


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


def test_training_that_is_over_says_so(tmp_path: Path) -> None:
    run(small_options(tmp_path, max_batches=2))
    final = str(tmp_path / "backup" / "small_final.weights")
    with pytest.raises(
        DarknetError, match=r"small.cfg:11: \[net\] max_batches: .*small_final.weig"
    ):
        run(small_options(tmp_path, max_batches=2, weights=final))
    with pytest.raises(DarknetError, match="the state is at iteration 2, so training is over"):
        run(small_options(tmp_path, max_batches=2, resume=True))


def test_nothing_to_resume(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="small_last.state: no such file, so nothing to resume"):
        run(small_options(tmp_path, resume=True))


def test_a_damaged_state(tmp_path: Path) -> None:
    run(small_options(tmp_path, max_batches=3, iterations=1))
    path = tmp_path / "backup" / "small_last.state"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(WeightsError, match="small_last.state: is no state of a training"):
        run(small_options(tmp_path, resume=True))


def test_a_state_of_another_network(tmp_path: Path) -> None:
    options = small_options(tmp_path, max_batches=3, iterations=1)
    run(options)
    text = Path(options.cfg).read_text()
    Path(options.cfg).write_text(text.replace("filters=8\n", "filters=6\n"))
    with pytest.raises(WeightsError, match=r"has shape \(8,.*expected \(6,.*is it of another cfg"):
        run(replace(options, resume=True))
    Path(options.cfg).write_text(text.replace("batch=8", "batch=4"))
    with pytest.raises(WeightsError, match="8 images a step, this one has 4"):
        run(replace(options, resume=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("train=", "untrain="), "small.data: has no train="),
        (("train.txt", "nothing.txt"), "nothing.txt: no such file"),
        (("names=", "names=no"), "no such file"),
    ],
)
def test_a_data_file_that_does_not_fit(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    options = small_options(tmp_path, evaluates=True)
    Path(options.data).write_text(Path(options.data).read_text().replace(*change, 1))
    with pytest.raises(DataError, match=message):
        run(options)


def test_no_max_batches(tmp_path: Path) -> None:
    with pytest.raises(DarknetError, match="max_batches: is 0, expected how many updates"):
        run(small_options(tmp_path, max_batches=0))


def test_options_that_this_training_does_not_do_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(small_options(tmp_path, max_batches=1, net="adversarial_lr=1\nbatch=4"))
    printed = capsys.readouterr().out
    assert "adversarial_lr: no effect: self-adversarial training is not done here" in printed


def test_a_loss_that_is_not_finite_names_its_images(tmp_path: Path) -> None:
    options = small_options(tmp_path)
    text = Path(options.cfg).read_text().replace("learning_rate=0.002", "learning_rate=1e30")
    Path(options.cfg).write_text(text.replace("burn_in=5", "burn_in=0"))
    pattern = r"iteration \d+: the loss is (nan|inf), the largest delta .* in layer 3; lower .*"
    with pytest.raises(LossError, match=pattern + r"the images of the batch: .*\.jpg"):
        run(options)


def test_an_image_that_cannot_be_read_is_named_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = small_options(tmp_path, max_batches=5)
    images = Path(options.data).read_text().split("train=")[1].split("\n")[0]
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"nothing")
    (tmp_path / "list.txt").write_text(Path(images).read_text() + f"{bad}\n")
    Path(options.data).write_text(
        Path(options.data).read_text().replace(images, str(tmp_path / "list.txt"))
    )
    assert run(options) == 0
    assert capsys.readouterr().out.count("left out, another image is drawn") == 1


def test_a_signal_saves_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = Trainer.step

    def interrupted(self: Trainer, *batch: Any) -> float:
        loss = step(self, *batch)
        if self.batch == 4:
            os.kill(os.getpid(), signal.SIGTERM)
        return loss

    monkeypatch.setattr(Trainer, "step", interrupted)
    before = signal.getsignal(signal.SIGTERM)
    assert run(small_options(tmp_path)) == 128 + signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) is before
    net = Network.from_cfg(tmp_path / "small.cfg")
    assert net.load_weights(tmp_path / "backup" / "small_last.weights").seen == 4 * 8


def test_a_worker_that_is_killed_ends_the_training_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Trainer.step

    def killing(self: Trainer, *batch: Any) -> float:
        if self.batch == 2:
            for child in multiprocessing.active_children():
                child.kill()
        return step(self, *batch)

    monkeypatch.setattr(Trainer, "step", killing)
    with pytest.raises(DarknetError, match="making samples ahead failed: .*try fewer --workers"):
        run(small_options(tmp_path, max_batches=1000, workers=1))


def test_memory_that_is_too_small_halves_the_sub_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch

    learn = Trainer._learn

    def greedy(self: Trainer, images: Any, *rest: Any) -> float:
        if len(images) > 2:
            raise torch.OutOfMemoryError("too much")
        return learn(self, images, *rest)

    monkeypatch.setattr(Trainer, "_learn", greedy)
    assert run(small_options(tmp_path, max_batches=2)) == 0
    assert "out of memory: subdivisions=4 now (8=4 x 2)" in capsys.readouterr().out


def _train(options: DetectorTrainOptions) -> None:
    import torch

    torch.set_num_threads(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    run(options)


@pytest.mark.parametrize("kills", [5, pytest.param(50, marks=pytest.mark.slow)])
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
    left = {path.name for path in (tmp_path / "backup").iterdir()}
    assert left == {"small_last.weights", "small_last.state"}


def wait_for(path: Path, newer_than: int) -> None:
    end = time.monotonic() + 60
    while not path.exists() or path.stat().st_mtime_ns <= newer_than:
        assert time.monotonic() < end, "the training has written nothing"
        time.sleep(0.002)


def test_more_unreadable_lines_are_cut(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(loop, "MOST_NAMED", 1)
    options = small_options(tmp_path)
    text = Path(options.cfg).read_text().replace("learning_rate=0.002", "learning_rate=1e30")
    Path(options.cfg).write_text(text.replace("burn_in=5", "burn_in=0"))
    with pytest.raises(LossError, match=r"and \d+ more$"):
        run(options)
