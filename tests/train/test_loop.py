"""The training loop: what it says of bad batches, and how it stops."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from support.small_detector import small_options

import darknet_py.train.loop as loop
from darknet_py.distributed.context import DistributedContext
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network
from darknet_py.train.command import run
from darknet_py.train.logs.progress_log import KEPT
from darknet_py.train.tasks.image_task import ImageTask
from darknet_py.train.trainer import LossError, Trainer


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


def test_the_images_named_are_those_of_the_bad_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the third update, whose samples are drawn as those of step 3."""
    step = Trainer.step

    def third_is_bad(self: Trainer, *batch: Any) -> float:
        if self.batch == 2:
            raise LossError("iteration 3: the loss is nan")
        return step(self, *batch)

    monkeypatch.setattr(Trainer, "step", third_is_bad)
    monkeypatch.setattr(ImageTask, "drawn", lambda self, number: [f"of step {number}"] * 8)
    with pytest.raises(LossError, match="nan; the images of the batch: of step 3$"):
        run(small_options(tmp_path))


def test_what_an_update_says_of_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every batch takes a second to wait for and two to learn from."""
    now, updates = [0.0], list[Any]()
    step, drawn = Trainer.step, loop.Loop._update

    def slow(self: Trainer, *batch: Any) -> float:
        now[0] += 2
        return step(self, *batch)

    def kept(self: loop.Loop, batch: Any, waited: float) -> Any:
        updates.append(drawn(self, batch, 1.0))
        return updates[-1]

    monkeypatch.setattr(loop.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(Trainer, "step", slow)
    monkeypatch.setattr(loop.Loop, "_update", kept)
    run(small_options(tmp_path, max_batches=3))
    first, second, last = updates
    for before, after in ((first, second), (second, last)):
        expected = KEPT * before.average + (1 - KEPT) * after.loss
        assert after.average == pytest.approx(expected)
    assert (first.number, first.of, first.images, first.size) == (1, 3, 8, (32, 32))
    assert (first.seconds, first.waited) == (2, 1)
    assert first.hours_left == pytest.approx(2 * 3 / 3600) and last.hours_left == 0
    assert first.speed == pytest.approx(8 / 3) and first.wait_share == pytest.approx(1 / 3)
    assert first.average == first.loss != last.average
    assert (first.metric, first.map, first.best_map) == ("mAP", -1, -1)


def test_a_signal_of_any_process_ends_all(tmp_path: Path) -> None:
    asked: list[tuple[bool, torch.device]] = []

    class Both(DistributedContext):
        def any(self, flag: bool, device: torch.device) -> bool:
            asked.append((flag, device))
            return True

    trainer = SimpleNamespace(distributed=Both(0, 2), network=torch.nn.Linear(1, 1))
    one = SimpleNamespace(trainer=trainer, _device=torch.device("cpu"))
    assert loop.Loop._received(one, SimpleNamespace(received=0)) == 15
    assert loop.Loop._received(one, SimpleNamespace(received=2)) == 2
    assert asked == [(False, torch.device("cpu")), (True, torch.device("cpu"))]
    assert loop.Loop._device.fget(one) == torch.device("cpu")
