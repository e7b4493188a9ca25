"""Training of pjreddie's regressors: the numbers beside an image."""

from __future__ import annotations

import torch

from darknet_py.augment.piece_config import PieceConfig
from darknet_py.cfg.datafile import DataFile, read_data_file
from darknet_py.data.label_paths import number_path
from darknet_py.data.listing import images_of, left_out_without
from darknet_py.data.regression_samples import RegressionSet
from darknet_py.data.truth_sheet import number_tile
from darknet_py.errors import DataError
from darknet_py.network.graph import Graph
from darknet_py.options.training import RegressorTrainOptions
from darknet_py.train.distributed import DistributedContext
from darknet_py.train.startup import (
    ReadyTraining,
    begin,
    graph_of,
    require_endless,
    require_kind,
)
from darknet_py.train.tasks.image_task import ImageTask, image_facts, small_batch
from darknet_py.train.tasks.plain_task import (
    WITHOUT_EFFECT,
    plain_files,
    plain_saving,
    show_samples,
    without_effect,
)


def open_regressor(
    options: RegressorTrainOptions, distributed: DistributedContext, device: torch.device
) -> ReadyTraining:
    """A training on the images with numbers that a .data file names."""
    data = read_data_file(options.data)
    graph = graph_of(options)
    require_kind(graph, "classifier")
    require_endless(graph)
    count, images = _count(graph, data), images_of(data, "train")
    source = RegressionSet(images, PieceConfig.of(graph, ratios=True), count)
    left_out = left_out_without(images, number_path, "file of numbers")
    start = begin(options, graph, plain_files(data, options), distributed, device)
    size = (graph.net.width, graph.net.height)
    if options.show_imgs and distributed.first:
        show_samples(source, number_tile, start)
    numbers = "1 number" if count == 1 else f"{count} numbers"
    unread = without_effect(graph, WITHOUT_EFFECT, "regressors")
    return ReadyTraining(
        start=start,
        task=ImageTask.of(options, source, start.trainer, lambda step: size, device),
        save_policy=plain_saving(start.trainer, len(images)).every(options.saveweights),
        count=len(images),
        facts=(*image_facts(graph, len(images)), f"{numbers} each"),
        warnings=(*small_batch(graph), *unread, *left_out),
        data_options=data.options,
    )


def _count(graph: Graph, data: DataFile) -> int:
    """classes= of the .data file, 1 without it; raises DataError where the network gives another
    number of values."""
    count, outputs = data.integer("classes", 1), graph.nodes[graph.last].out.size
    if count != outputs:
        message = f"read {count}, the last layer of {graph.path} gives {outputs} values"
        cure = f"set classes={outputs} (1 where there is none) or the layer's filters"
        raise DataError(f"{message}; {cure}", data.location("classes"))
    return count
