"""Head outputs to boxes and scores of every anchor and cell, with neither threshold nor branch.

Formulas and order are those of detect.decode, which keeps only the rows over a threshold: cells row
by row, anchors within a cell, head after head.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from darknet_py.forks import Fork
from darknet_py.graph import Graph
from darknet_py.layers.base import Layer
from darknet_py.layers.detection import Detection
from darknet_py.layers.region import Region
from darknet_py.layers.shape import Shape
from darknet_py.layers.yolo import YOLO_POINTS, GaussianYolo, Yolo


@dataclass(frozen=True)
class Input:
    """Pixels of the network's input; dynamic: it may differ from call to call."""

    width: int
    height: int
    dynamic: bool = False


@dataclass(frozen=True)
class _Rows:
    """The values (N, K, E) of a head's anchors and cells, and where they stand.

    corner: (K, 2) x and y of the cell. anchor: (K, 2) width and height in its own unit.
    """

    values: Tensor
    corner: Tensor
    anchor: Tensor


def decode(graph: Graph, heads: Sequence[Tensor], into: Input) -> tuple[Tensor, Tensor]:
    """boxes (N, K, 4), centre x, y, width, height relative to the input, and scores (N, K, C)."""
    parts = []
    for index, output in zip(graph.heads, heads, strict=True):
        node = graph.nodes[index]
        head = _Head(output, _grid(graph, node.out, into), into, graph.fork)
        parts.append(DECODERS[type(node.layer)](node.layer, head))
    if len(parts) == 1:
        return parts[0]
    boxes, scores = (torch.cat(columns, dim=1) for columns in zip(*parts, strict=True))
    return boxes, scores


def _grid(graph: Graph, out: Shape, into: Input) -> Shape:
    """A head's shape; of what an exporter records only the input's own size is to be trusted."""
    if not into.dynamic:
        return out
    down, right = graph.net.height // out.h, graph.net.width // out.w
    return Shape(out.c, into.height // down, into.width // right)


@dataclass(frozen=True)
class _Head:
    """A head's output (N, C, H, W) and what its decoding depends on."""

    output: Tensor
    shape: Shape
    input: Input
    fork: Fork

    def rows(self, anchors: Sequence[tuple[float, float]]) -> _Rows:
        count, (_, h, w) = len(anchors), self.shape
        values = self.output.reshape(-1, count, self.shape.c // count, h * w)
        values = values.permute(0, 3, 1, 2).reshape(-1, h * w * count, self.shape.c // count)
        y, x = (torch.arange(side).to(self.output) for side in (h, w))
        corner = torch.stack([x[None, :].expand(h, w), y[:, None].expand(h, w)], dim=2)
        corner = corner.reshape(h * w, 1, 2).expand(h * w, count, 2).reshape(h * w * count, 2)
        sizes = self.output.new_tensor(anchors).reshape(1, count, 2)
        sizes = sizes.expand(h * w, count, 2).reshape(h * w * count, 2)
        return _Rows(values, corner, sizes)

    def of_grid(self, values: Tensor) -> Tensor:
        """Values (..., 2) in cells as shares of the input."""
        return self._shares(values, self.shape.w, self.shape.h)

    def of_pixels(self, values: Tensor) -> Tensor:
        """Values (..., 2) in pixels as shares of the input."""
        return self._shares(values, self.input.width, self.input.height)

    def _shares(self, values: Tensor, width: int, height: int) -> Tensor:
        if not self.input.dynamic:
            return values / values.new_tensor([width, height])
        return torch.cat([values[..., :1] / width, values[..., 1:] / height], dim=-1)


def _yolo(layer: Layer, head: _Head) -> tuple[Tensor, Tensor]:
    assert isinstance(layer, Yolo)
    rows = head.rows(layer.sizes)
    offset, extent, objectness, classes = rows.values.split([2, 2, 1, layer.classes], dim=2)
    growth = (2 * extent) ** 2 if layer.new_coords else torch.exp(extent)
    sizes = growth * head.of_pixels(rows.anchor)
    return torch.cat([head.of_grid(rows.corner + offset), sizes], dim=2), objectness * classes


def _gaussian(layer: Layer, head: _Head) -> tuple[Tensor, Tensor]:
    assert isinstance(layer, GaussianYolo)
    rows = head.rows(layer.sizes)
    coordinates, objectness, classes = rows.values.split([8, 1, layer.classes], dim=2)
    means, deviations = coordinates[..., 0::2], coordinates[..., 1::2]
    sizes = torch.exp(means[..., 2:]) * head.of_pixels(rows.anchor)
    middle = head.of_grid(rows.corner + means[..., :2]) + YOLO_POINTS[layer.yolo_point] * sizes
    certainty = 1 - deviations.mean(dim=2, keepdim=True)
    return torch.cat([middle, sizes], dim=2), objectness * classes * certainty


def _region(layer: Layer, head: _Head) -> tuple[Tensor, Tensor]:
    assert isinstance(layer, Region)
    rows = head.rows(layer.sizes)
    widths = [2, 2, layer.coords - 4, 1, layer.classes]
    offset, extent, _, score, classes = rows.values.split(widths, dim=2)
    if head.fork.region_raw_location:
        offset = torch.sigmoid(offset)
    if head.fork.region_objectness_gates and layer.background:
        score = torch.ones_like(score)
    elif not head.fork.region_objectness_gates and layer.classfix == -1:
        score = torch.where(score < 0.5, 0.0, score)
    sizes = torch.exp(extent) * head.of_grid(rows.anchor)
    return torch.cat([head.of_grid(rows.corner + offset), sizes], dim=2), score * classes


def _detection(layer: Layer, head: _Head) -> tuple[Tensor, Tensor]:
    assert isinstance(layer, Detection)
    cells, num, side = layer.cells, layer.num, layer.side
    widths = [cells * layer.classes, cells * num, cells * num * layer.coords]
    classes, confidence, boxes = head.output.flatten(1).split(widths, dim=1)
    boxes = boxes.reshape(-1, cells, num, layer.coords)
    number = torch.arange(cells)
    corner = torch.stack([number % side, number // side], dim=1).to(boxes)[:, None]
    sizes = boxes[..., 2:4] ** 2 if layer.sqrt else boxes[..., 2:4]
    boxes = torch.cat([(boxes[..., :2] + corner) / side, sizes], dim=3)
    scores = confidence.reshape(-1, cells, num, 1) * classes.reshape(-1, cells, 1, layer.classes)
    return boxes.reshape(-1, cells * num, 4), scores.reshape(-1, cells * num, layer.classes)


DECODERS: dict[type[Layer], Callable[[Layer, _Head], tuple[Tensor, Tensor]]] = {
    Yolo: _yolo,
    GaussianYolo: _gaussian,
    Region: _region,
    Detection: _detection,
}
