"""What trainings of pjreddie's segmenters and regressors have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from darknet_py.cfg.datafile import DataFile
from darknet_py.data.contact_sheet import contact_sheet
from darknet_py.data.loader import SampleKey, SampleSource
from darknet_py.data.truth_sheet import STYLE, Describe, truth_tiles
from darknet_py.images.draw import save_image
from darknet_py.network.graph import Graph
from darknet_py.options.training import ImageTrainOptions
from darknet_py.train.checkpoint import PLAIN_FINAL, PLAIN_LAST, CheckpointFiles, SavePolicy
from darknet_py.train.startup import TrainingStart
from darknet_py.train.tasks.classifier_task import FOR_DETECTION
from darknet_py.train.tasks.image_task import backup_folder
from darknet_py.train.trainer import Trainer

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
