"""`cifar train` and `cifar distill`: classifiers on the binary files of CIFAR-10."""

from __future__ import annotations

from pathlib import Path

import torch

from darknet_py.augment.classifier_config import ClassifierAugmentConfig
from darknet_py.data.cifar_batches import (
    TRAIN,
    CifarSet,
    read_cifar,
    read_predictions,
    require_cifar,
    smoothed_labels,
)
from darknet_py.data.loader import BatchPlan
from darknet_py.distributed.context import DistributedContext
from darknet_py.network.graph import Graph
from darknet_py.options.cifar_words import CifarTrainOptions
from darknet_py.train.checkpoint import PLAIN_LAST, CheckpointFiles, SavePolicy
from darknet_py.train.startup import ReadyTraining, begin, graph_of, require_endless, require_kind
from darknet_py.train.tasks.image_task import ImageTask, image_facts
from darknet_py.train.trainer import Trainer

FINAL = ".weights"
LAST = 100
"""Updates between the last weights."""


def open_cifar(
    options: CifarTrainOptions, distributed: DistributedContext, device: torch.device
) -> ReadyTraining:
    """A training on all of data_batch_1.bin to data_batch_5.bin."""
    graph = graph_of(options)
    require_kind(graph, "classifier")
    require_cifar(graph)
    require_endless(graph)
    source = _source(options, graph)
    files = CheckpointFiles.of(
        Path(options.backup), options.cfg, PLAIN_LAST, FINAL, cure="give another --backup"
    )
    start = begin(options, graph, files, distributed, device)
    count, images = len(source.images), start.trainer.images
    return ReadyTraining(
        start=start,
        task=_task(source, start.trainer, device),
        save_policy=SavePolicy(LAST, LAST, epoch=count, images=images),
        count=count,
        facts=image_facts(graph, count),
    )


def _source(options: CifarTrainOptions, graph: Graph) -> CifarSet:
    images = read_cifar(options.batches, TRAIN)
    soft = None if options.ensemble is None else read_predictions(options.ensemble, len(images))
    truth = smoothed_labels(images.classes, soft)
    return CifarSet(images, truth, ClassifierAugmentConfig.of(graph))


def _task(source: CifarSet, trainer: Trainer, device: torch.device) -> ImageTask:
    """Without worker processes: a sample is a copy, which costs less than to hand it over."""
    net, distributed = trainer.network.graph.net, trainer.distributed
    plan = BatchPlan(
        trainer.images,
        trainer.images,
        lambda step: (net.width, net.height),
        distributed.rank,
        distributed.world,
    )
    return ImageTask(source, plan, trainer.seed, workers=0, pin=device.type == "cuda")
