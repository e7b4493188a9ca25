"""Trains the nets through the public API, on drawn shapes: a process a training."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import torch

import darknet_py
from convergence.figures import HOME, RunFigures
from darknet_py.synthetic.shape_dataset import write_dataset

SIDE, SMALLEST = 224, 12
"""Pixels: of the images, and the least radius of a shape."""


def draw_data(folder: Path) -> None:
    """The images that the C program was trained on and judged by: train and fresh."""
    for name, images, seed, valid_every in (("train", 1200, 5, 10), ("fresh", 200, 6, 1)):
        write_dataset(
            folder / name, images, seed, SIDE, SIDE, smallest=SMALLEST, valid_every=valid_every
        )


@dataclass(frozen=True)
class Training:
    """One run. points: iterations at which the mAP is measured, the end the last of them."""

    net: str
    seed: int
    points: tuple[int, ...]
    folder: Path

    @property
    def cfg(self) -> Path:
        return HOME / f"{self.net}.cfg"

    @property
    def backup(self) -> Path:
        return self.folder / f"{self.net}-{self.seed}"

    @property
    def data(self) -> dict[str, str]:
        files = {"train": "train/train.txt", "valid": "fresh/valid.txt"}
        files["names"] = "fresh/shapes.names"
        lists = {key: str(self.folder / path) for key, path in files.items()}
        return lists | {"backup": str(self.backup)}

    def figures(self) -> RunFigures:
        """Of an earlier run, where there was one. Weights and figures stay in `backup`."""
        kept = self.backup / "figures.json"
        if not kept.exists():
            self._run().write(kept)
        return RunFigures.read(json.loads(kept.read_text()))

    def _run(self) -> RunFigures:
        """On one thread, as the C program ran."""
        trained = darknet_py.train(
            self.data,
            self.cfg,
            seed=self.seed,
            saveweights=self.points[0],
            workers=0,
            device="cpu",
        )
        maps = {number: self._map(number) for number in self.points}
        return RunFigures.of(trained.losses.tolist(), maps)

    def _map(self, number: int) -> float:
        """mAP at IoU .5 of the weights after so many iterations, 0 to 1."""
        name = "final" if number == self.points[-1] else str(number)
        weights = self.backup / f"{self.net}_{name}.weights"
        return darknet_py.evaluate((self.cfg, weights), self.data, device="cpu").map


def run_all(trainings: Iterable[Training], jobs: int) -> Iterator[tuple[Training, RunFigures]]:
    """So many at a time; each as it is done."""
    os.environ["OMP_NUM_THREADS"] = "1"  # read when torch is imported, in the processes below
    with ProcessPoolExecutor(jobs, get_context("spawn"), torch.set_num_threads, (1,)) as pool:
        pending = {pool.submit(Training.figures, training): training for training in trainings}
        for future in as_completed(pending):
            yield pending[future], future.result()
