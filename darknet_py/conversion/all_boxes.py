"""Head outputs to boxes and scores of every anchor and cell, with neither threshold nor branch.

Order is that of detect.decode, which keeps only the rows over a threshold: cells row by row,
anchors within a cell, head after head.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from darknet_py.layers.head import Head
from darknet_py.layers.raw_boxes import RawBoxes
from darknet_py.layers.shape import Shape
from darknet_py.network.graph import Graph


@dataclass(frozen=True)
class Input:
    """Pixels of the network's input; dynamic: it may differ from call to call."""

    width: int
    height: int
    dynamic: bool = False


def decode(graph: Graph, heads: Sequence[Tensor], into: Input) -> tuple[Tensor, Tensor]:
    """boxes (N, K, 4), centre x, y, width, height relative to the input, and scores (N, K, C).

    heads: the outputs of a graph that ends in detection heads, none with a class tree.
    """
    parts = []
    for head, index, output in zip(graph.detection_heads, graph.heads, heads, strict=True):
        columns, rows = head.grid(_shape(graph, graph.nodes[index].out, into))
        raw = _raw(head, output, (columns, rows), into)
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


def _raw(head: Head, output: Tensor, grid: tuple[int, int], into: Input) -> RawBoxes:
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
