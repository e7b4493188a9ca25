"""Head outputs to boxes above a threshold: which of its boxes each kind of head lets pass.

The formulas are the heads' own; here they are worked out for few boxes only. Boxes come out
relative to the network's input, in the order the C programs visit them: cells row by row, anchors
within a cell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from darknet_py.detect.candidates import Candidates
from darknet_py.forks import Fork
from darknet_py.layers.base import Layer
from darknet_py.layers.detection import Detection
from darknet_py.layers.head import Head, RawBoxes
from darknet_py.layers.head import Suppression as Suppression
from darknet_py.layers.region import Region
from darknet_py.layers.shape import Shape
from darknet_py.layers.tree import Tree
from darknet_py.layers.yolo import GaussianYolo, Yolo
from darknet_py.network.graph import Graph

TREE_CUT = 0.5
"""AlexeyAB's program keeps the last class of a tree with a product above this, -hier or not."""


@dataclass(frozen=True)
class DecodeOptions:
    """What the caller asks of a decoder; all thresholds are strict.

    hier: least running product when a class tree is descended. class_map: names a smaller set of
    classes by their numbers in the tree (YOLO9000's `map`); `detect` leaves it out, as in Darknet.
    """

    thresh: float
    hier: float
    net_width: int
    net_height: int
    fork: Fork
    class_map: tuple[int, ...] | None = None


def decode(graph: Graph, heads: Sequence[Tensor], options: DecodeOptions) -> Candidates:
    """All boxes above the threshold; heads are those `net(x)` returns, in its order.

    graph: one that ends in detection heads, see `Graph.head_classes`.
    """
    parts = []
    for index, output in zip(graph.heads, heads, strict=True):
        layer = graph.nodes[index].layer
        parts.append(DECODERS[type(layer)](layer, output.float(), options))
    return Candidates.join(parts)


def _above(scores: Tensor, thresh: float) -> Tensor:
    """Scores, 0 where they are not above the threshold."""
    return torch.where(scores > thresh, scores, 0.0)


def _by_cell(head: Head, output: Tensor) -> Tensor:
    """(N, H, W, A, E)."""
    return head.by_cell(output, *head.grid(Shape(*output.shape[1:])))


def _kept(
    head: Head, cells: Tensor, keep: Tensor, options: DecodeOptions
) -> tuple[Tensor, RawBoxes]:
    """Image (K,) and raw boxes (K) of cells (N, H, W, A, E) where keep (N, H, W, A) holds."""
    image, y, x, anchor = torch.nonzero(keep, as_tuple=True)
    corner = torch.stack([x, y], dim=1).to(cells.dtype)
    sizes = cells.new_tensor(head.sizes)[anchor]
    grid = cells.new_tensor([cells.shape[2], cells.shape[1]])
    pixels = cells.new_tensor([options.net_width, options.net_height])
    return image, RawBoxes(cells[image, y, x, anchor], corner, sizes, grid, pixels)


def _by_objectness(head: Head, output: Tensor, options: DecodeOptions) -> Candidates:
    """Boxes whose objectness is above the threshold, whatever their classes."""
    cells, fork = _by_cell(head, output), options.fork
    keep = head.objectness(cells, fork) > options.thresh
    image, raw = _kept(head, cells, keep, options)
    scores = _above(head.scores(raw.values, fork), options.thresh)
    return Candidates(image, head.boxes(raw, fork), head.objectness(raw.values, fork), scores)


def _by_class(head: Head, output: Tensor, options: DecodeOptions) -> Candidates:
    """Boxes with a class or an objectness above the threshold: `recall` counts the latter."""
    cells, fork = _by_cell(head, output), options.fork
    scores = _above(head.scores(cells, fork), options.thresh)
    keep = (scores > 0).any(dim=-1) | (head.objectness(cells, fork) > options.thresh)
    image, raw = _kept(head, cells, keep, options)
    return Candidates(image, head.boxes(raw, fork), head.objectness(raw.values, fork), scores[keep])


def _region(layer: Region, output: Tensor, options: DecodeOptions) -> Candidates:
    cells = _by_cell(layer, output)
    objectness, scores = _region_scores(layer, cells.flatten(0, 3), options)
    some = (scores > 0).any(dim=1)
    image, raw = _kept(layer, cells, some.view(cells.shape[:4]), options)
    return Candidates(image, layer.boxes(raw, options.fork), objectness[some], scores[some])


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
        chosen = torch.tensor(options.class_map, device=classes.device)
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


DECODERS: dict[type[Layer], Callable[[Any, Tensor, DecodeOptions], Candidates]] = {
    Yolo: _by_objectness,
    GaussianYolo: _by_objectness,
    Region: _region,
    Detection: _by_class,
}
"""Which boxes of each kind of head are kept."""


def suppression_of(graph: Graph) -> Suppression:
    """AlexeyAB's program asks the last head that has a say; pjreddie's has one kind."""
    rules = graph.fork.detect
    asked = [head.suppression for head in graph.detection_heads if rules.nms_kinds]
    wish = next((wish for wish in reversed(asked) if wish), Suppression())
    return wish._replace(sorts=not rules.cell_order)
