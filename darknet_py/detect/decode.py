"""Head outputs to boxes above a threshold: which of its boxes each kind of head lets pass.

The formulas are the heads' own; here they are worked out for few boxes only. Boxes come out
relative to the network's input, in the order the C programs visit them: cells row by row, anchors
within a cell.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from darknet_py.detect.candidates import Candidates
from darknet_py.detect.pipeline_options import DecodeOptions as DecodeOptions
from darknet_py.detect.pipeline_options import suppression_of as suppression_of
from darknet_py.layers.base import Layer
from darknet_py.layers.detection import Detection
from darknet_py.layers.device_constant import DeviceConstant
from darknet_py.layers.gaussian_yolo import GaussianYolo
from darknet_py.layers.head import Head, RawBoxes
from darknet_py.layers.head import Suppression as Suppression
from darknet_py.layers.region import Region
from darknet_py.layers.shape import Shape
from darknet_py.layers.tree import Tree
from darknet_py.layers.yolo import Yolo
from darknet_py.network.graph import Graph

TREE_CUT = 0.5
"""AlexeyAB's program keeps the last class of a tree with a product above this, -hier or not."""


Location = tuple[Tensor, ...]
"""Image, row, column and anchor (K,) of each of K boxes."""
Scored = Callable[[Location, Tensor], tuple[Tensor, Tensor]]
"""From K boxes and their raw values (K, E) to objectness (K,) and class scores (K, C)."""


@dataclass(frozen=True, eq=False)
class Marked:
    """Which boxes of a head's cells (N, H, W, A, E) pass: keep (N, H, W, A), and their scores."""

    head: Head
    cells: Tensor
    keep: Tensor
    scored: Scored

    def candidates(self, location: Location, options: DecodeOptions) -> Candidates:
        """The boxes there."""
        values = self.cells[location]
        raw = self._raw_boxes(location, values, options)
        return Candidates(
            location[0], self.head.boxes(raw, options.fork), *self.scored(location, values)
        )

    def _raw_boxes(self, location: Location, values: Tensor, options: DecodeOptions) -> RawBoxes:
        _, y, x, anchor = location
        corner = torch.stack([x, y], dim=1).to(values.dtype)
        sizes = self.head.anchor_table.on(values.device, values.dtype)[anchor]
        grid = _sides(values, self.cells.shape[2], self.cells.shape[1])
        pixels = _sides(values, options.net_width, options.net_height)
        return RawBoxes(values, corner, sizes, grid, pixels)


def _sides(like: Tensor, width: int, height: int) -> Tensor | tuple[int, int]:
    """One operation on the CPU; two numbers elsewhere, where a tensor of them would be a copy."""
    return like.new_tensor([width, height]) if like.device.type == "cpu" else (width, height)


def decode(graph: Graph, heads: Sequence[Tensor], options: DecodeOptions) -> Candidates:
    """All boxes above the threshold; heads are those `net(x)` returns, in its order, and behind
    them, of an EmbeddingEngine, as many tensors of embeddings.

    graph: one that ends in detection heads, see `Graph.head_classes`. A device is waited for once:
    for how many boxes each head has.
    """
    count = len(graph.heads)
    marked = [
        _marked(graph.nodes[index].layer, output.float(), options)
        for index, output in zip(graph.heads, heads[:count], strict=True)
    ]
    locations = located([each.keep for each in marked])
    pairs = zip(marked, locations, strict=True)
    found = [each.candidates(location, options) for each, location in pairs]
    if len(heads) > count:
        found = with_embeddings(marked, locations, found, heads[count:])
    return Candidates.join(found)


def with_embeddings(
    marked: Sequence[Marked],
    locations: Sequence[Location],
    found: Sequence[Candidates],
    embeddings: Sequence[Tensor],
) -> list[Candidates]:
    """The boxes of each head with the embeddings there, of its tensor (N, C, H, W); of a tensor
    without channels they are all 0."""
    sizes = [e.shape[1] // len(m.head.masks) for m, e in zip(marked, embeddings, strict=True)]
    size, made = max(sizes), []
    for one, location, boxes, layer, own in zip(
        marked, locations, found, embeddings, sizes, strict=True
    ):
        rows = boxes.boxes.new_zeros(len(boxes), size)
        if own:
            anchors = len(one.head.masks)
            image, y, x, anchor = location
            cells = layer[:, : anchors * own].unflatten(1, (anchors, own)).to(rows.dtype)
            rows[:, :own] = cells[image, anchor, :, y, x]
        made.append(replace(boxes, embeddings=rows))
    return made


def _marked(layer: Any, output: Tensor, options: DecodeOptions) -> Marked:
    cells = layer.by_cell(output, *layer.grid(Shape(*output.shape[1:])))
    return Marked(layer, cells, *DECODERS[type(layer)](layer, cells, options))


def located(keeps: Sequence[Tensor]) -> list[Location]:
    """Where each of the masks (N, H, W, A), all on one device, holds, in order."""
    if keeps[0].device.type == "cpu":
        return [torch.nonzero(keep, as_tuple=True) for keep in keeps]
    before = [keep.flatten().cumsum(0) for keep in keeps]
    counts: list[int] = torch.stack([count[-1] for count in before]).tolist()
    return [
        _unraveled(torch.searchsorted(count, _ordinals(total, count)), keep.shape)
        for count, total, keep in zip(before, counts, keeps, strict=True)
    ]


def _ordinals(total: int, like: Tensor) -> Tensor:
    """1 to total: the i-th element of a mask that holds is the first with i up to there."""
    return torch.arange(1, total + 1, device=like.device)


def _unraveled(flat: Tensor, shape: Sequence[int]) -> Location:
    _, height, width, anchors = shape
    cell = flat // anchors
    row = cell // width
    return row // height, row % height, cell % width, flat % anchors


def _above(scores: Tensor, thresh: float) -> Tensor:
    """Scores, 0 where they are not above the threshold."""
    return torch.where(scores > thresh, scores, 0.0)


def _by_objectness(head: Head, cells: Tensor, options: DecodeOptions) -> tuple[Tensor, Scored]:
    """Boxes whose objectness is above the threshold, whatever their classes."""
    fork = options.fork

    def scored(location: Location, values: Tensor) -> tuple[Tensor, Tensor]:
        scores = _above(head.scores(values, fork), options.thresh)
        return head.objectness(values, fork), scores

    return head.objectness(cells, fork) > options.thresh, scored


def _by_class(head: Head, cells: Tensor, options: DecodeOptions) -> tuple[Tensor, Scored]:
    """Boxes with a class or an objectness above the threshold: `recall` counts the latter."""
    scores = _above(head.scores(cells, options.fork), options.thresh)
    objectness = head.objectness(cells, options.fork)
    keep = (scores > 0).any(dim=-1) | (objectness > options.thresh)
    return keep, lambda location, values: (objectness[location], scores[location])


def _region(layer: Region, cells: Tensor, options: DecodeOptions) -> tuple[Tensor, Scored]:
    shape = cells.shape[:4]
    flat = _region_scores(layer, cells.flatten(0, 3), options)
    objectness, scores = flat[0].view(shape), flat[1].view(*shape, -1)
    keep = (scores > 0).any(dim=-1)
    return keep, lambda location, values: (objectness[location], scores[location])


def _region_scores(layer: Region, rows: Tensor, options: DecodeOptions) -> tuple[Tensor, Tensor]:
    """Objectness (K,) and thresholded class scores (K, C) by the fork's rules."""
    fork, tree, score = options.fork, layer.hierarchy, layer.objectness(rows, options.fork)
    if tree:
        scores = _tree_scores(tree, score, layer.class_values(rows), options)
    else:
        scores = _above(layer.scores(rows, fork), options.thresh)
    if not fork.detect.region_needs_objectness:
        return torch.ones_like(score), scores
    above = score > options.thresh
    if not tree:
        scores = torch.where(above[:, None], scores, 0.0)
    return torch.where(above, score, 0.0), scores


def _tree_scores(tree: Tree, score: Tensor, classes: Tensor, options: DecodeOptions) -> Tensor:
    products = tree.products(classes)
    if options.class_map is not None:
        chosen = _class_numbers(options.class_map).on(classes.device)
        return _above(score[:, None] * products[:, chosen], options.thresh)
    above = score > options.thresh
    answer = torch.zeros_like(products)
    if options.fork.detect.region_hier_thresh:
        # One class a box, with the objectness itself as its score.
        top = tree.top(products, options.hier)
        return answer.scatter(1, top[:, None], torch.where(above, score, 0.0)[:, None])
    # One class a box: the last in file order whose product is above one half.
    enough = products > TREE_CUT
    last = products.shape[1] - 1 - enough.flip(1).to(torch.uint8).argmax(dim=1)
    value = products.gather(1, last[:, None])[:, 0]
    value = torch.where(above & enough.any(dim=1), value, 0.0)
    return answer.scatter(1, last[:, None], value[:, None])


@functools.lru_cache(maxsize=4)
def _class_numbers(class_map: tuple[int, ...]) -> DeviceConstant:
    return DeviceConstant(class_map)


DECODERS: dict[type[Layer], Callable[[Any, Tensor, DecodeOptions], tuple[Tensor, Scored]]] = {
    Yolo: _by_objectness,
    GaussianYolo: _by_objectness,
    Region: _region,
    Detection: _by_class,
}
"""Which boxes of each kind of head are kept, of its cells (N, H, W, A, E)."""
