"""Training of pjreddie's segmenters: the classes of pixels, and instances with [iseg]."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import torch

from darknet_py.augment.piece_config import PieceConfig
from darknet_py.cfg.datafile import DataFile, read_data_file
from darknet_py.cfg.names import names_of_data
from darknet_py.data.label_paths import mask_path
from darknet_py.data.listing import images_of, left_out_without
from darknet_py.data.segmentation_samples import InstanceSet, MaskedSet, SegmenterSet
from darknet_py.data.truth_sheet import Describe, class_tiles, instance_tiles
from darknet_py.distributed.context import DistributedContext
from darknet_py.network.graph import Graph
from darknet_py.network.output_map import (
    OutputMap,
    output_map,
    require_classes_alone,
    require_instances,
)
from darknet_py.options.training import InstanceTrainOptions, SegmenterTrainOptions
from darknet_py.train.startup import (
    ReadyTraining,
    graph_of,
    require_endless,
    require_kind,
)
from darknet_py.train.tasks.plain_task import (
    WITHOUT_EFFECT,
    open_plain,
    without_effect,
)

RATIOS = ("min_ratio", "max_ratio")
"""What regressors read instead of min_crop and max_crop."""


class MaskKind(NamedTuple):
    """require: raises for a network of the other kind. samples: what it learns from. tiles: how
    they are shown."""

    require: Callable[[Graph], None]
    samples: type[MaskedSet]
    tiles: Callable[[Any, Sequence[str]], Describe]


CLASSES = MaskKind(require_classes_alone, SegmenterSet, class_tiles)
INSTANCES = MaskKind(require_instances, InstanceSet, instance_tiles)


def open_segmenter_training(
    options: SegmenterTrainOptions, distributed: DistributedContext, device: torch.device
) -> ReadyTraining:
    """A training on the images with masks that a .data file names."""
    return _open(CLASSES, options, distributed, device)


def open_instance_training(
    options: InstanceTrainOptions, distributed: DistributedContext, device: torch.device
) -> ReadyTraining:
    """The same for a network that tells objects apart."""
    return _open(INSTANCES, options, distributed, device)


def _open(
    kind: MaskKind,
    options: SegmenterTrainOptions | InstanceTrainOptions,
    distributed: DistributedContext,
    device: torch.device,
) -> ReadyTraining:
    data = read_data_file(options.data)
    graph = graph_of(options)
    require_kind(graph, "classifier")
    kind.require(graph)
    require_endless(graph)
    maps, images = output_map(graph), images_of(data, "train")
    config = PieceConfig.of(graph, ratios=False)
    source = kind.samples(images, config, maps.classes, maps.reduction)
    left_out = left_out_without(images, mask_path, "file of masks")
    return open_plain(
        options,
        data,
        graph,
        source,
        describe=lambda: kind.tiles(source, names_of_data(data, maps.classes)),
        facts=f"{maps.classes} classes of {maps.width}x{maps.height} pixels",
        warnings=chain(_warnings(graph, data, maps), left_out),
        distributed=distributed,
        device=device,
    )


def _warnings(graph: Graph, data: DataFile, maps: OutputMap) -> Iterator[str]:
    yield from without_effect(graph, (*WITHOUT_EFFECT, *RATIOS), "segmenters")
    said = data.integer("classes", maps.classes)
    if said != maps.classes:
        # C reads it nowhere: it takes 80 classes for granted.
        location = data.location("classes")
        yield f"warning: {location}: read {said}, {graph.path} has {maps.classes}, which count"
