"""Boxes inside an exported program: those of every anchor and cell, and their suppression.

Decoding has neither threshold nor branch; suppression is ONNX's operator, or its rule in torch.
The order is that of detect.decode, which keeps only the rows above a threshold: cells row by row,
anchors within a cell, head after head.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from darknet_py.boxes import iou
from darknet_py.layers.head import Head, RawBoxes
from darknet_py.layers.shape import Shape
from darknet_py.network.graph import Graph


@dataclass(frozen=True)
class Input:
    """Pixels of the network's input; dynamic: it may differ from call to call."""

    width: int
    height: int
    dynamic: bool = False


def decode_all(graph: Graph, heads: Sequence[Tensor], into: Input) -> tuple[Tensor, Tensor]:
    """boxes (N, K, 4), centre x, y, width, height relative to the input, and scores (N, K, C).

    heads: the outputs of a graph that ends in detection heads, none with a class tree.
    """
    parts = []
    for head, index, output in zip(graph.detection_heads, graph.heads, heads, strict=True):
        columns, rows = head.grid(_shape(graph, graph.nodes[index].out, into))
        raw = every_box(head, output, (columns, rows), into)
        parts.append((head.boxes(raw, graph.fork), head.scores(raw.values, graph.fork)))
    if len(parts) == 1:
        return parts[0]
    boxes, scores = (torch.cat(columns, dim=1) for columns in zip(*parts, strict=True))
    return boxes, scores


def _shape(graph: Graph, out: Shape, into: Input) -> Shape:
    """A head's shape; of what an exporter records only the input's own size is to be trusted."""
    if not into.dynamic:
        return out
    down, right = graph.net.height // out.h, graph.net.width // out.w
    return Shape(out.c, into.height // down, into.width // right)


def every_box(head: Head, output: Tensor, grid: tuple[int, int], into: Input) -> RawBoxes:
    """All K boxes of a head's output (N, C, H, W)."""
    (w, h), count = grid, len(head.masks)
    values = head.by_cell(output, w, h).reshape(-1, h * w * count, head.entries)
    y, x = (torch.arange(side).to(output) for side in (h, w))
    corner = torch.stack([x[None, :].expand(h, w), y[:, None].expand(h, w)], dim=2)
    corner = corner.reshape(h * w, 1, 2).expand(h * w, count, 2).reshape(h * w * count, 2)
    anchor = output.new_tensor(head.sizes).reshape(1, count, 2)
    anchor = anchor.expand(h * w, count, 2).reshape(h * w * count, 2)
    pixels = (into.width, into.height)
    if into.dynamic:
        return RawBoxes(values, corner, anchor, grid, pixels)
    return RawBoxes(values, corner, anchor, output.new_tensor(grid), output.new_tensor(pixels))


def suppressed(boxes: Tensor, scores: Tensor, thresh: float, nms: float) -> Tensor:
    """(D, 7): image, class, score, centre x, y, width, height of the boxes that are left.

    boxes: (N, K, 4), centre x, y, width, height; scores: (N, K, C). Within each image and class,
    boxes with a score above `thresh` go by falling score, and one goes when an earlier one that
    stays overlaps it by an IoU above `nms`. This is do_nms_sort of both Darknet programs. Boxes
    that are not finite are left out, as `detect` leaves them out.
    """
    finite = boxes.abs().sum(dim=2, keepdim=True) <= torch.finfo(boxes.dtype).max
    scores = torch.where(finite, scores, torch.zeros_like(scores))
    chosen: Tensor = _Suppression.apply(  # type: ignore[no-untyped-call]
        boxes, scores.transpose(1, 2), thresh, nms
    )
    image, number, row = chosen[:, 0], chosen[:, 1], chosen[:, 2]
    score = scores[image, row, number]
    head = torch.stack([image.to(scores), number.to(scores), score], dim=1)
    return torch.cat([head, boxes[image, row]], dim=1)


class _Suppression(torch.autograd.Function):
    """(D, 3) int64: image, class and row, as ONNX's NonMaxSuppression gives them."""

    @staticmethod
    def forward(ctx: Any, boxes: Tensor, scores: Tensor, thresh: float, nms: float) -> Tensor:
        if torch.onnx.is_in_onnx_export():
            # Only the operator is recorded; an untrained example would keep thousands of boxes.
            return torch.zeros(1, 3, dtype=torch.int64)
        chosen = [
            torch.stack([torch.full_like(rows, image), torch.full_like(rows, number), rows], dim=1)
            for image in range(len(boxes))
            for number in range(scores.shape[1])
            for rows in [_greedy(boxes[image], scores[image, number], thresh, nms)]
        ]
        return torch.cat(chosen)

    @staticmethod
    def symbolic(g: Any, boxes: Any, scores: Any, thresh: float, nms: float) -> Any:
        every = torch.tensor([torch.iinfo(torch.int64).max])
        constants = (every, torch.tensor([nms]), torch.tensor([thresh]))
        limits = [g.op("Constant", value_t=value) for value in constants]
        return g.op("NonMaxSuppression", boxes, scores, *limits, center_point_box_i=1)


def _greedy(boxes: Tensor, scores: Tensor, thresh: float, nms: float) -> Tensor:
    """Rows of one image and class that stay, by falling score."""
    rows = (scores > thresh).nonzero()[:, 0]
    rows = rows[scores[rows].argsort(descending=True, stable=True)]
    kept = list[int]()
    for row in rows.tolist():
        if not kept or bool((iou(boxes[kept], boxes[row]) <= nms).all()):
            kept.append(row)
    return torch.tensor(kept, dtype=torch.int64)
