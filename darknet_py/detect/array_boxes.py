"""From heads to boxes in numpy, where a network runs without torch: the steps of pipeline.py.

The formulas are the heads' own, and the suppression is the same code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darknet_py.detect import greedy_suppression
from darknet_py.detect.finite_rows import finite_rows
from darknet_py.detect.pipeline_options import DecodeOptions, PipelineOptions
from darknet_py.engines.native.suppression import BoxTable
from darknet_py.images.letterbox import Placement, to_image
from darknet_py.layers.base import Layer
from darknet_py.layers.head import RawBoxes
from darknet_py.layers.yolo import Yolo
from darknet_py.network.graph import Graph

Floats = NDArray[np.float32]


def boxes_of(
    graph: Graph, heads: Sequence[Floats], placement: Placement, options: PipelineOptions
) -> tuple[BoxTable, int]:
    """The boxes of one image in the C programs' order, suppressed ones with a score of 0; how many
    were left out because their numbers are not finite.

    graph: see `decodable`. heads: (1, C, H, W) each. placement: of the image.
    """
    layers = [graph.nodes[index].layer for index in graph.heads]
    decoding = options.decoding(graph)
    with np.errstate(over="ignore", invalid="ignore"):
        pairs = zip(layers, heads, strict=True)
        parts = [ARRAY_DECODERS[type(layer)](layer, output, decoding) for layer, output in pairs]
        found = _placed(parts, placement)
    sides = np.array([[placement.image_width, placement.image_height]], np.float32)
    sides = sides.repeat(len(found.image), axis=0)
    kept = finite_rows(found.boxes, found.objectness, found.scores, sides)
    found = _rows(replace(found, sides=sides if options.nms_in_pixels else None), kept)
    order, gone = greedy_suppression.in_order(found, options.suppression_for(graph), options.nms)
    return _without(_rows(found, order), *gone), int((~kept).sum())


def _by_objectness(head: Any, output: Floats, options: DecodeOptions) -> BoxTable:
    """Boxes whose objectness is above the threshold, whatever their classes.

    head: whose formulas take arrays as they take tensors.
    """
    fork, (rows, columns) = options.fork, output.shape[2:]
    cells = head.by_cell(output, columns, rows)
    image, y, x, anchor = np.nonzero(head.objectness(cells, fork) > options.thresh)
    values = cells[image, y, x, anchor]
    scores = head.scores(values, fork)
    parts: dict[str, Any] = {
        "values": values,
        "corner": np.stack([x, y], axis=1).astype(np.float32),
        "anchor": np.array(head.sizes, np.float32)[anchor],
        "grid": np.array([columns, rows], np.float32),
        "pixels": np.array([options.net_width, options.net_height], np.float32),
    }
    return BoxTable(
        head.boxes(RawBoxes(**parts), fork),
        head.objectness(values, fork),
        np.where(scores > options.thresh, scores, np.float32(0)),
        image,
    )


ARRAY_DECODERS: dict[type[Layer], Callable[[Any, Floats, DecodeOptions], BoxTable]] = {
    Yolo: _by_objectness
}
"""Of the heads whose formulas take arrays."""


def decodable(graph: Graph) -> bool:
    """Whether all heads are in ARRAY_DECODERS."""
    return all(type(graph.nodes[index].layer) in ARRAY_DECODERS for index in graph.heads)


def _placed(parts: Sequence[BoxTable], placement: Placement) -> BoxTable:
    """The rows of all heads, relative to the image."""
    boxes: Any = np.concatenate([part.boxes for part in parts])
    scaled: Any = placement.scaled
    return BoxTable(
        np.asarray(to_image(boxes, scaled, (placement.net_width, placement.net_height))),
        np.concatenate([part.objectness for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.image for part in parts]),
    )


def _rows(table: BoxTable, rows: NDArray[Any]) -> BoxTable:
    """Those of a mask or an index."""
    return BoxTable(
        table.boxes[rows],
        table.objectness[rows],
        table.scores[rows],
        table.image[rows],
        None if table.sides is None else table.sides[rows],
    )


def _without(
    table: BoxTable, rows: NDArray[np.int64], columns: NDArray[np.int64] | None
) -> BoxTable:
    """The same with scores of 0 there; without columns in the whole rows."""
    scores = table.scores.copy()
    scores[rows if columns is None else (rows, columns)] = 0
    return replace(table, scores=scores)
