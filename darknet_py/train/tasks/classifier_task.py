"""Training of classifiers on the images of a .data file, their classes told by their paths."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import torch

from darknet_py.augment.effects import NOT_FOR_CLASSIFIERS
from darknet_py.cfg.datafile import DataFile
from darknet_py.classify.accuracy import RunningAccuracy, measure
from darknet_py.classify.load_classifier import read_leaves
from darknet_py.data.class_labels import ClassLabels, read_class_labels
from darknet_py.data.classifier_samples import ClassifierSet, size_at, tree_of
from darknet_py.data.label_kinds import NumberedPaths
from darknet_py.data.listing import images_of, images_to_evaluate, missing_images
from darknet_py.distributed.context import DistributedContext
from darknet_py.errors import DataError, ImageError, Location
from darknet_py.network.darknet_lines import Said
from darknet_py.network.graph import Graph
from darknet_py.options.training import ClassifierTrainOptions
from darknet_py.train.checkpoint import PLAIN_FINAL, PLAIN_LAST, CheckpointFiles, SavePolicy
from darknet_py.train.logs.progress_log import TrainingLog
from darknet_py.train.startup import (
    ReadyTraining,
    begin,
    graph_of,
    require_endless,
    require_kind,
)
from darknet_py.train.tasks.contrast_metric import ContrastMetric, embeddings_layer
from darknet_py.train.tasks.image_task import ImageTask, backup_folder, image_facts, small_batch
from darknet_py.train.tasks.shown_images import ShownClasses, ShownImages
from darknet_py.train.trainer import Trainer, step_images

NUMBERED = 1000
"""AlexeyAB's updates between numbered weights, and pjreddie's between the last ones."""
PASSES, EARLIEST = 2, 100
"""-topk: passes over the list between two evaluations, and the first update for one."""
TOP = 5
"""AlexeyAB's guesses that count where the .data file has no top=."""
LOOKS = 50_000_000
"""Comparisons of a path with a label at the start: a few seconds."""
SHOWN = 3
OTHERS = {
    True: (
        "mixup",
        "cutmix",
        "mosaic",
        "blur",
        "label_smooth_eps",
        "contrastive",
        "unsupervised",
    ),
    False: ("center", "random", "min_ratio", "max_ratio"),
}
"""Options of [net] that only the other program reads: of pjreddie's, and of AlexeyAB's."""
FOR_DETECTION = (
    "letter_box",
    "mosaic_bound",
    "track",
    "contrastive_jit_flip",
    "contrastive_color",
    *NOT_FOR_CLASSIFIERS,
)


@dataclass(frozen=True)
class TopkMetric:
    """What `-topk` measures: how often the right class is among the `top` best.

    every: updates between two evaluations; burn_in: none before it. leaves: which classes of a tree
    can be answered, None: those without children.
    """

    images: list[str]
    labels: ClassLabels
    top: int
    every: int
    burn_in: int
    leaves: Sequence[str] | None = None

    @property
    def name(self) -> str:
        return f"top{self.top}"

    @property
    def label(self) -> str:
        return f"TOP{self.top}"

    def next_at(self, last: int) -> int:
        return max(last + self.every, EARLIEST, self.burn_in)

    def is_due(self, update: int, last: int) -> bool:
        return update >= self.next_at(last)

    def evaluate(self, trainer: Trainer, report: TrainingLog) -> float:
        """Raises DataError where none of the images can be read."""
        report.remark(f"accuracy on {len(self.images)} images ...")
        report.as_darknet([Said(" TOP calculation...\n")])
        bad: list[ImageError] = []
        device = next(trainer.network.parameters()).device
        last = measure(
            trainer.network,
            self.images,
            self.labels,
            self.top,
            device=device,
            leaves=self.leaves,
            on_error=bad.append,
            each=lambda so_far: report.as_darknet([_counted(so_far, self.top)]),
        )
        if bad:
            report.note(f"warning: left out {len(bad)} unreadable images, the first: {bad[0]}")
        if last is None:
            raise DataError(f"none of {len(self.images)} images can be read")
        report.as_darknet([Said(f"\n accuracy {self.name} = {last.topk:f} \n")])
        if self.top > 1:
            report.remark(f"accuracy top1 = {last.top1:f}")
        report.remark(f"accuracy {self.name} = {last.topk:f}")
        return last.topk


def _counted(so_far: RunningAccuracy, top: int) -> Said:
    """The line that AlexeyAB's program writes over and over."""
    shares = f"top 1: {so_far.top1:f}, top {top}: {so_far.topk:f}"
    return Said(f"\r{so_far.count - 1}: {shares}")


def open_classifier(
    options: ClassifierTrainOptions, distributed: DistributedContext, device: torch.device
) -> ReadyTraining:
    """A training on the images with classes that a .data file names."""
    data = options.data_file
    graph = graph_of(options)
    _require_classifier(graph)
    images = images_of(data, "train")
    source = ClassifierSet.of(graph, images, data)
    metric = _metric(data, graph, source) if options.evaluates else None
    unclear = _unclear(source.images, source.labels, data, "train") if distributed.first else []
    if isinstance(metric, TopkMetric) and distributed.first:
        unclear += _unseen(metric, data)
    start = begin(options, graph, _files(options, data, graph), distributed, device)
    size = partial(size_at, graph, seed=start.trainer.seed)
    shown = ShownImages(ShownClasses(source, start.trainer.seed)) if options.show_imgs else None
    return ReadyTraining(
        start=start,
        task=ImageTask.of(options, source, start.trainer, size, device, shown),
        save_policy=_save_policy(data, start.trainer, len(images)).every(options.saveweights),
        count=len(images),
        facts=(*image_facts(graph, len(images)), f"{len(source.labels.words)} classes"),
        warnings=(*small_batch(graph), *_warnings(graph), *_always(data, metric), *unclear),
        metric=metric,
        data_options=data.options,
    )


def _require_classifier(graph: Graph) -> None:
    require_kind(graph, "classifier")
    require_endless(graph)


def _files(options: ClassifierTrainOptions, data: DataFile, graph: Graph) -> CheckpointFiles:
    endings = (PLAIN_LAST, PLAIN_FINAL) if graph.fork.saving.classifier_epochs else ()
    return CheckpointFiles.of(backup_folder(data), options.cfg, *endings)


def _save_policy(data: DataFile, trainer: Trainer, images: int) -> SavePolicy:
    if not trainer.network.graph.fork.saving.classifier_epochs:
        return SavePolicy.written(data.options, NUMBERED)
    return SavePolicy(NUMBERED, NUMBERED, epoch=images, images=trainer.images)


def _metric(data: DataFile, graph: Graph, source: ClassifierSet) -> TopkMetric | ContrastMetric:
    every = PASSES * len(source.images) // step_images(graph.net)
    index = embeddings_layer(graph)
    if index is not None:
        return ContrastMetric(index, every, graph.net.burn_in, EARLIEST)
    labels = source.labels
    if isinstance(labels, NumberedPaths):
        # Guesses are compared with true classes also where these teach nothing.
        labels = read_class_labels(data, tree_of(graph))
    return _topk_metric(data, graph, labels, every)


def _topk_metric(data: DataFile, graph: Graph, labels: ClassLabels, every: int) -> TopkMetric:
    classes = len(labels.words)
    # With few classes AlexeyAB's 5 guesses are right whatever the network says.
    usual = TOP if classes > TOP else 1
    top = max(1, min(data.integer("top", usual), classes))
    leaves = read_leaves(data, tree_of(graph))
    return TopkMetric(images_to_evaluate(data), labels, top, every, graph.net.burn_in, leaves)


def _always(data: DataFile, metric: TopkMetric | ContrastMetric | None) -> Iterator[str]:
    if isinstance(metric, TopkMetric) and metric.top >= len(metric.labels.words):
        location, classes = Location(data.path, key="top"), len(metric.labels.words)
        yield f"warning: {location}: the best {metric.top} of {classes} classes are always right"


def _warnings(graph: Graph) -> Iterator[str]:
    """What the cfg asks for and the samples of this fork's classifiers never have."""
    net, fork = graph.net, graph.fork
    reasons = dict.fromkeys(OTHERS[fork.samples.crop_ratios], f"with --fork {fork.name}")
    reasons |= dict.fromkeys(FOR_DETECTION, "on classifiers")
    for key, reason in reasons.items():
        if getattr(net, key):
            yield f"warning: {net.section.location(key)}: no effect {reason}"


def _unseen(metric: TopkMetric, data: DataFile) -> list[str]:
    """Warnings of what -topk will leave out, or have no class for; raises DataError as _unclear."""
    missing = missing_images(metric.images, data.path)
    lines = [f"warning: {missing}"] if missing else []
    # Without valid= they are those of train=.
    valid = "valid" in data.options
    return lines + (_unclear(metric.images, metric.labels, data, "valid") if valid else [])


def _unclear(images: Sequence[str], labels: ClassLabels, data: DataFile, key: str) -> list[str]:
    """How many images have not just one label, and the first of them.

    Of very many images some are looked at, all over the list. Raises DataError where no label is
    a part of any path: nothing can be learnt then.
    """
    many = len(images)
    # At random: every Nth image might be of one class only.
    indices = random.Random(0).sample(range(many), min(many, LOOKS // len(labels.words)))
    looked = [images[index] for index in sorted(indices)]
    unclear = [line for line in map(labels.unclear, looked) if line]
    if len(unclear) == len(looked) and not any(map(labels.matches, looked)):
        raise DataError(labels.hopeless(key, looked[0]), Location(data.path))
    if not unclear:
        return []
    what = "images" if key == "train" else f"images of {key}="
    of = f"{len(unclear)} of {len(looked)} {what}{' looked at' if len(looked) < many else ''}"
    more = f" and {len(unclear) - SHOWN} more" if len(unclear) > SHOWN else ""
    return [f"warning: {of} {labels.UNCLEAR}: {'; '.join(unclear[:SHOWN])}{more}"]
