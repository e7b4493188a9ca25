"""Training on the images of a .data file, whatever is learnt from them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch

from darknet_py.cfg.datafile import DataFile
from darknet_py.data.loader import (
    Batch,
    BatchPlan,
    SampleKey,
    SampleSource,
    batches,
    first_readable,
)
from darknet_py.network.graph import Graph
from darknet_py.options.training import ImageTrainOptions
from darknet_py.system import processors
from darknet_py.train.logs.progress_log import IMAGES, Units
from darknet_py.train.multi_scale import InputSizes
from darknet_py.train.tasks.shown_images import ShownImages
from darknet_py.train.trainer import Trainer, step_images

SMALL_BATCH = 8
MOST_WORKERS = 8
PART = 16
"""Most images a worker process makes before it hands them over."""
Size = tuple[int, int]


class ImageSource(SampleSource, Protocol):
    """Samples, and which images each of them is made of."""

    def drawn(self, number: int, width: int, height: int, seed: int) -> list[str]: ...


@dataclass(frozen=True)
class ImageTask:
    """Samples made of images; see `darknet_py.train.loop.Task`."""

    source: ImageSource
    plan: BatchPlan
    seed: int
    workers: int
    pin: bool
    units: Units = IMAGES
    shown: ShownImages | None = None

    @staticmethod
    def of(
        options: ImageTrainOptions,
        source: ImageSource,
        trainer: Trainer,
        size_at: Callable[[int], Size],
        device: torch.device,
        shown: ShownImages | None = None,
        sizes: InputSizes | None = None,
    ) -> ImageTask:
        """size_at: width and height of the input at a step, counted from 1. shown: by
        -show_imgs. sizes: how many images a step has, where they are not always as many."""
        part = max(n for n in range(1, PART + 1) if trainer.images % n == 0)
        plan = BatchPlan(
            sizes.most_images if sizes else trainer.images,
            part,
            size_at,
            trainer.distributed.rank,
            trainer.distributed.world,
            sizes.images_at if sizes else None,
        )
        pin = device.type == "cuda"
        return ImageTask(
            source,
            plan,
            trainer.seed,
            _workers(options, device),
            pin,
            shown=shown,
        )

    def batches(self, first: int) -> Generator[Batch, None, None]:
        made = batches(
            self.source, self.plan, seed=self.seed, first=first, workers=self.workers, pin=self.pin
        )
        with contextlib.closing(made):
            for step, batch in enumerate(made, start=first):
                if self.shown:
                    self.shown.add(step, self._keys(step), batch)
                yield batch

    def size_at(self, step: int) -> Size:
        return self.plan.size_at(step)

    def drawn(self, step: int) -> list[str]:
        drawn = [first_readable(key, self._drawn)[0] for key in self._keys(step)]
        return [path for paths in drawn for path in paths]

    def _keys(self, step: int) -> list[SampleKey]:
        return [key for part in self.plan.keys(step) for key in part]

    def _drawn(self, key: SampleKey) -> list[str]:
        return self.source.drawn(*key, self.seed)


def _workers(options: ImageTrainOptions, device: torch.device) -> int:
    """Processes that make samples: half of the processors when the network needs the others."""
    if options.workers is not None:
        return options.workers
    share = processors() if device.type == "cuda" else processors() // 2
    return max(1, min(MOST_WORKERS, share))


def backup_folder(data: DataFile) -> Path:
    return Path(data.options.get("backup", "backup"))


def image_facts(graph: Graph, count: int) -> tuple[str, ...]:
    return (f"{count} images", f"{graph.net.width}x{graph.net.height}")


def small_batch(graph: Graph) -> list[str]:
    """Warnings for batches that rarely end well, or are none that can be trained on."""
    net, lines = graph.net, []
    location = net.section.location("batch")
    if net.batch < SMALL_BATCH:
        lines.append(f"{net.batch} images an update; Darknet recommends 64")
    if net.batch % net.subdivisions:
        used = step_images(net) // net.time_steps
        parts = f"batch={net.batch} is no multiple of subdivisions={net.subdivisions}"
        lines.append(f"{parts}: {used} images an update are trained on")
    return [f"warning: {location}: {line}" for line in lines]
