"""Batches of images: who makes how many at once, and which images a step was made of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.layer_check import network, read
from support.small_step import CONV, HEAD, NET

import darknet_py.train.tasks.image_task as task
from darknet_py.cfg.datafile import DataFile
from darknet_py.errors import ImageError
from darknet_py.options.training import DetectorTrainOptions
from darknet_py.train import Trainer

CPU = torch.device("cpu")
OPTIONS = DetectorTrainOptions(data="a.data", cfg="a.cfg", workers=0)


@dataclass(frozen=True)
class Numbers:
    """Samples that are their own number; number 5 cannot be read the first time."""

    def sample(self, number: int, width: int, height: int, seed: int) -> tuple[Any, Any]:
        return np.full((1, height, width), number, np.uint8), np.float32([number])

    def drawn(self, number: int, width: int, height: int, seed: int) -> list[str]:
        if number == 5:
            raise ImageError("5.jpg: cannot be read")
        return [f"{number}.jpg"]


def task_of(batch: int) -> task.ImageTask:
    trainer = Trainer(network(NET.replace("batch=4", f"batch={batch}") + CONV + HEAD), seed=3)
    return task.ImageTask.of(OPTIONS, Numbers(), trainer, lambda step: (8, 4 * step), CPU)


@pytest.mark.parametrize(("batch", "part"), [(4, 4), (16, 16), (64, 16), (34, 2)])
def test_parts_divide_the_batch(batch: int, part: int) -> None:
    assert task_of(batch).plan.part == part


def test_batches_go_on_where_they_are_asked_to() -> None:
    made = task_of(4)
    batches = made.batches(first=2)
    images, truth, unreadable, faults = next(batches)
    batches.close()
    assert images.shape == (4, 1, 8, 8) and made.size_at(2) == (8, 8)
    assert truth[:, 0].tolist() == [4, 5, 6, 7] and unreadable == faults == ()
    assert made.seed == 3


def test_the_images_of_a_step_without_those_that_cannot_be_read() -> None:
    names = task_of(4).drawn(2)
    assert names[0] == "4.jpg" and names[2:] == ["6.jpg", "7.jpg"]
    assert names[1] == f"{5 + 2**40}.jpg"


@pytest.mark.parametrize(
    ("device", "there", "workers"),
    [("cpu", 6, 3), ("cuda", 6, 6), ("cpu", 1, 1), ("cuda", 1, 1), ("cpu", 20, 8), ("cuda", 9, 8)],
)
def test_workers_leave_processors_to_the_network(
    device: str, there: int, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task, "processors", lambda: there)
    usual = DetectorTrainOptions(data="a.data", cfg="a.cfg")
    assert task._workers(usual, torch.device(device)) == workers
    assert task._workers(OPTIONS, torch.device(device)) == 0


def test_small_batches_are_warned_of() -> None:
    few, enough = (read(NET.replace("batch=4", f"batch={n}") + CONV + HEAD) for n in (7, 8))
    line, uneven = task.small_batch(few)
    assert line.endswith("[net] batch: 7 images an update; Darknet recommends 64")
    wrong = "batch=7 is no multiple of subdivisions=2: 6 images an update are trained on"
    assert uneven.endswith(f"[net] batch: {wrong}")
    assert task.small_batch(enough) == []
    assert task.image_facts(few, 12) == ("12 images", "8x8")
    assert task.backup_folder(DataFile("a.data", {})) == Path("backup")
