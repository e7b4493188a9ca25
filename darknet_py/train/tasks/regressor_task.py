"""Training of pjreddie's regressors: the numbers beside an image."""

from __future__ import annotations

from itertools import chain

import torch

from darknet_py.augment.piece_config import PieceConfig
from darknet_py.cfg.datafile import DataFile, read_data_file
from darknet_py.data.label_paths import number_path
from darknet_py.data.listing import images_of, left_out_without
from darknet_py.data.regression_samples import RegressionSet
from darknet_py.data.truth_sheet import number_tile
from darknet_py.distributed.context import DistributedContext
from darknet_py.errors import DataError
from darknet_py.network.graph import Graph
from darknet_py.options.training import RegressorTrainOptions
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
    numbers = "1 number" if count == 1 else f"{count} numbers"
    return open_plain(
        options,
        data,
        graph,
        source,
        describe=lambda: number_tile,
        facts=f"{numbers} each",
        warnings=chain(without_effect(graph, WITHOUT_EFFECT, "regressors"), left_out),
        distributed=distributed,
        device=device,
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
