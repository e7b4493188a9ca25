"""Training of detection networks on a .data file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from darknet_py.augment.config import AugmentConfig, last_head
from darknet_py.augment.sample_images import Sequences
from darknet_py.cfg.datafile import DataFile
from darknet_py.cfg.names import names_of_data
from darknet_py.data.detection_samples import DetectionSet
from darknet_py.data.image_cache import cache_images, least_size
from darknet_py.data.listing import (
    images_of,
    images_to_evaluate,
    missing_images,
    missing_label_files,
)
from darknet_py.distributed.context import DistributedContext
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import DarknetError, ImageError, OutputError
from darknet_py.images.reduced_images import Image
from darknet_py.network.darknet_lines import Said
from darknet_py.network.graph import Graph
from darknet_py.network.load import head_classes
from darknet_py.options.training import DetectorTrainOptions
from darknet_py.progress import follow, unseen
from darknet_py.train.checkpoint import LAST, PLAIN_LAST, CheckpointFiles, SavePolicy
from darknet_py.train.logs.progress_log import TrainingLog
from darknet_py.train.multi_scale import InputSizes, is_dynamic
from darknet_py.train.startup import (
    ReadyTraining,
    begin,
    graph_of,
    require_end,
    require_kind,
)
from darknet_py.train.tasks.image_task import ImageTask, backup_folder, image_facts, small_batch
from darknet_py.train.tasks.shown_images import ShownDetections, ShownImages
from darknet_py.train.trainer import Trainer, step_images

if TYPE_CHECKING:
    from darknet_py.evaluate.map_result import MapResult

LEAST_BETWEEN = 100
"""Updates at least between two evaluations."""


@dataclass(frozen=True)
class MapMetric:
    """What `-map` measures. every: updates between two evaluations; burn_in: none before it.

    previews: where pages of images with their boxes are drawn, None for nowhere.
    """

    images: list[str]
    names: list[str]
    every: int
    burn_in: int
    thresh: float = 0.25
    iou_thresh: float = 0.5
    previews: CheckpointFiles | None = None
    name: str = "mAP"

    @property
    def label(self) -> str:
        return f"mAP@{self.iou_thresh:0.2f}"

    def next_at(self, last: int) -> int:
        """AlexeyAB's: every so many passes over the list, at least 100 updates apart."""
        return max(last + max(self.every, LEAST_BETWEEN), self.burn_in)

    def is_due(self, update: int, last: int) -> bool:
        return update >= self.next_at(last)

    def evaluate(self, trainer: Trainer, report: TrainingLog) -> float:
        from darknet_py.evaluate.map import evaluate
        from darknet_py.evaluate.readable_images import ReadableImages

        report.remark(f"mAP of {len(self.images)} images ...")
        report.as_darknet(_back_to_size(trainer.network.graph))
        bad: list[ImageError] = []
        net = trainer.network.graph.net
        # Image by image: AlexeyAB's program evaluates with time_steps=1 as well.
        result = evaluate(
            trainer.network.resized(net.width, net.height, time_steps=1),
            self.images,
            self.names,
            thresh=self.thresh,
            iou_thresh=self.iou_thresh,
            config=EngineConfig(
                device=str(next(trainer.network.parameters()).device), exact=trainer.exact
            ),
            fitted=ReadableImages(self.images, trainer.network.graph, bad.append),
            keep=self.previews is not None,
        )
        if bad:
            report.note(f"warning: left out {len(bad)} unreadable images, the first: {bad[0]}")
        report.as_darknet(_table(result))
        report.remark(f"mean average precision ({self.label}) = {100 * result.map:.2f} %")
        if self.previews and result.matched:
            self._draw(self.previews.preview(trainer.batch), result, trainer, report)
        return result.map

    def _draw(self, path: Path, result: MapResult, trainer: Trainer, report: TrainingLog) -> None:
        """A page that cannot be written is no reason to lose what was measured."""
        from darknet_py.evaluate.preview_page import PreviewPage, previewed

        assert result.matched is not None
        fork = trainer.network.graph.fork
        page = PreviewPage(result.matched, self.names, self.thresh, fork.images.upright)
        score = f"boxes above {self.thresh:g}, {self.label} {100 * result.map:.2f} %"
        title = f"iteration {trainer.batch}: {score} of {len(self.images)} images"
        try:
            page.save(path, previewed(len(self.images), trainer.seed), title)
        except OutputError as failure:
            report.note(f"warning: {failure}; training goes on")


def _back_to_size(graph: Graph) -> Iterator[Said]:
    """Where random= had changed the input's size; the line goes on with what comes next."""
    if last_head(graph).random:
        size = f"{graph.net.width} x {graph.net.height} "
        mini_batch = graph.net.mini_batch * graph.net.time_steps
        images = f"\n {size} (batch = {mini_batch}) \n" if is_dynamic(graph) else ""
        yield Said(f"Resizing to initial size: {size}{images}")


def _table(result: MapResult) -> Iterator[Said]:
    """What AlexeyAB's program prints of an evaluation, as `map` does, the time within it."""
    from darknet_py.evaluate.map_result import POINTS_HELP

    metrics, mark, help_lines = result.table(counter=True).partition(POINTS_HELP[0])
    yield Said(metrics)
    yield Said(f"Total Detection Time: {int(result.seconds)} Seconds\n", True)
    yield Said(mark + help_lines)


def open_detection(
    options: DetectorTrainOptions, distributed: DistributedContext, device: torch.device
) -> ReadyTraining:
    """A training on the images with boxes that a .data file names."""
    data = options.data_file
    graph = graph_of(options)
    require_kind(graph, "detector")
    if options.preview and not options.evaluates:
        raise DarknetError("--preview draws what -map finds, and -map is not given: add it")
    config, images = AugmentConfig.of(graph), images_of(data, "train")
    metric = _map_metric(options, data, graph, len(images)) if options.evaluates else None
    unseen = _unseen(metric, data, graph) if metric else []
    require_end(graph)
    last = PLAIN_LAST if graph.fork.saving.detector_backup else LAST
    files = CheckpointFiles.of(backup_folder(data), options.cfg, last)
    if metric and options.preview:
        metric = replace(metric, previews=files)
    start = begin(options, graph, files, distributed, device)
    sizes = InputSizes(graph, start.trainer.seed, start.trainer.updates_per_step)
    cached = _cached(options, images, config, sizes)
    dynamic = is_dynamic(graph)
    sequences = Sequences.of(graph, distributed.world)
    source = DetectionSet(images, config, cached, options.reduced_decode, sequences)
    shown = ShownImages(ShownDetections(source)) if options.show_imgs else None
    return ReadyTraining(
        start=start,
        task=ImageTask.of(
            options, source, start.trainer, sizes.at, device, shown, sizes if dynamic else None
        ),
        save_policy=SavePolicy.of(graph.fork, graph.net.max_batches, data.options).every(
            options.saveweights
        ),
        count=len(images),
        facts=image_facts(graph, len(images)),
        warnings=(*small_batch(graph), *_warnings(graph, images), *unseen),
        metric=metric,
        data_options=data.options,
    )


def _cached(
    options: DetectorTrainOptions, images: list[str], config: AugmentConfig, sizes: InputSizes
) -> dict[str, Image]:
    if not options.cache:
        return {}
    least = least_size(config, sizes.largest) if options.reduced_decode else None
    upright = config.fork.images.upright
    progress = unseen if options.quiet else follow
    return cache_images(images, config.channels, least, progress, upright)


def _map_metric(
    options: DetectorTrainOptions, data: DataFile, graph: Graph, images: int
) -> MapMetric:
    names = names_of_data(data, head_classes(graph))
    every = options.epochs * images // step_images(graph.net)
    evaluated = images_to_evaluate(data)
    burn_in = graph.net.burn_in
    return MapMetric(evaluated, names, every, burn_in, options.thresh, options.iou_thresh)


def _unseen(metric: MapMetric, data: DataFile, graph: Graph) -> list[str]:
    """Warnings of what -map will leave out; an evaluation that must fail is none to train for.

    Raises DataError when no image is there or has a label, or for labels of other classes.
    """
    from darknet_py.evaluate.ground_truth import read_ground_truth

    missing = missing_images(metric.images, data.path)
    unlabelled = read_ground_truth(metric.images, len(metric.names), graph.fork).unlabelled
    lines = [missing] if missing else []
    if unlabelled:
        count = f"{len(unlabelled)} of {len(metric.images)} images to evaluate have no label file"
        lines.append(f"{count} and count as images without objects, the first: {unlabelled[0]}")
    return [f"warning: {line}" for line in lines]


def _warnings(graph: Graph, images: list[str]) -> Iterator[str]:
    """What the cfg asks for and samples of detection networks never have; missing labels."""
    net, unlabelled = graph.net, missing_label_files(images, graph.fork)
    if unlabelled:
        yield f"warning: {unlabelled}"
    if graph.fork.samples.canvas and (net.mosaic or net.mixup):
        yield f"warning: {net.section.location('mosaic')}: no effect: pjreddie's program has none"
    elif net.cutmix:
        yield f"warning: {net.section.location('cutmix')}: no effect: it is for classifiers"
    if net.contrastive and not graph.fork.samples.pairs:
        location = net.section.location("contrastive")
        yield f"warning: {location}: no effect with --fork {graph.fork.name}"
    if net.unsupervised:
        yield f"warning: {net.section.location('unsupervised')}: no effect: it is for classifiers"
