"""What trainings of pjreddie's segmenters and regressors have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import torch

from darknet_py.cfg.datafile import DataFile
from darknet_py.data.loader import SampleKey, SampleSource
from darknet_py.data.regression_samples import RegressionSet
from darknet_py.data.segmentation_samples import MaskedSet
from darknet_py.data.truth_sheet import STYLE, Describe, truth_tiles
from darknet_py.distributed.context import DistributedContext
from darknet_py.images.contact_sheet import contact_sheet
from darknet_py.images.draw import save_image
from darknet_py.network.graph import Graph
from darknet_py.options.training import (
    ImageTrainOptions,
    InstanceTrainOptions,
    RegressorTrainOptions,
    SegmenterTrainOptions,
)
from darknet_py.train.checkpoint import PLAIN_FINAL, PLAIN_LAST, CheckpointFiles, SavePolicy
from darknet_py.train.startup import ReadyTraining, TrainingStart, begin
from darknet_py.train.tasks.classifier_task import FOR_DETECTION
from darknet_py.train.tasks.image_task import ImageTask, backup_folder, image_facts, small_batch
from darknet_py.train.trainer import Trainer

PlainSource = MaskedSet | RegressionSet
SAVED_EVERY = 100
"""Updates between two writings of the last weights."""
MOST_SHOWN = 16
"""Most samples on the page of -show_imgs."""
WITHOUT_EFFECT = (
    "mixup",
    "cutmix",
    "mosaic",
    "blur",
    "label_smooth_eps",
    "center",
    "random",
    *FOR_DETECTION,
)
"""Options of [net] that these samples never have."""


def open_plain(
    options: SegmenterTrainOptions | InstanceTrainOptions | RegressorTrainOptions,
    data: DataFile,
    graph: Graph,
    source: PlainSource,
    *,
    describe: Callable[[], Describe],
    facts: str,
    warnings: Iterable[str],
    distributed: DistributedContext,
    device: torch.device,
) -> ReadyTraining:
    """A training on samples that have been read and checked. describe: gives what makes the
    tiles of -show_imgs, asked for only where they are."""
    count = len(source.images)
    start = begin(options, graph, plain_files(data, options), distributed, device)
    size = (graph.net.width, graph.net.height)
    if options.show_imgs and distributed.first:
        show_samples(source, describe(), start)
    return ReadyTraining(
        start=start,
        task=ImageTask.of(options, source, start.trainer, lambda step: size, device),
        save_policy=plain_saving(start.trainer, count).every(options.saveweights),
        count=count,
        facts=(*image_facts(graph, count), facts),
        warnings=(*small_batch(graph), *warnings),
        data_options=data.options,
    )


def plain_files(data: DataFile, options: ImageTrainOptions) -> CheckpointFiles:
    """NAME.backup and NAME.weights, whatever the fork: both kinds are pjreddie's alone."""
    return CheckpointFiles.of(backup_folder(data), options.cfg, PLAIN_LAST, PLAIN_FINAL)


def plain_saving(trainer: Trainer, images: int) -> SavePolicy:
    """Numbered weights at every pass over the list."""
    return SavePolicy(SAVED_EVERY, SAVED_EVERY, epoch=images, images=trainer.images)


def without_effect(graph: Graph, keys: Iterable[str], samples: str) -> Iterator[str]:
    """Warnings of options of [net] that are set and change no sample."""
    for key in keys:
        if getattr(graph.net, key):
            location = graph.net.section.location(key)
            yield f"warning: {location}: no effect on samples of {samples}"


def show_samples(source: SampleSource, describe: Describe, start: TrainingStart) -> None:
    """-show_imgs: a page of the samples of the next update."""
    trainer, net = start.trainer, start.trainer.network.graph.net
    first = trainer.batch // trainer.updates_per_step * trainer.images
    numbers = range(first, first + min(trainer.images, MOST_SHOWN))
    keys = [SampleKey(number, net.width, net.height) for number in numbers]
    tiles = truth_tiles(source, describe, keys, trainer.seed)
    path = Path(f"aug_{start.files.base}.jpg")
    title = f"samples {keys[0].number} to {keys[-1].number}, seed {trainer.seed}"
    save_image(path, contact_sheet(tiles, title, STYLE), 90)
    start.notes.append(f"{path}: the first {len(keys)} samples as they are trained on")
