"""Head outputs to boxes: one decoder per head kind, over all images, anchors and cells at once.

Boxes come out relative to the network's input, in the order the C programs visit them: cells row by
row, anchors within a cell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from darknet_py.detect.candidates import Candidates
from darknet_py.forks import Fork
from darknet_py.graph import Graph
from darknet_py.layers.base import Layer
from darknet_py.layers.detection import Detection
from darknet_py.layers.region import Region
from darknet_py.layers.tree import Tree
from darknet_py.layers.yolo import YOLO_POINTS, AnchorHead, GaussianYolo, Yolo

TREE_CUT = 0.5
"""AlexeyAB's program keeps the last class of a tree with a product over this, -hier or not."""


@dataclass(frozen=True)
class Request:
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


def decode(graph: Graph, heads: Sequence[Tensor], request: Request) -> Candidates:
    """All boxes over the threshold; heads are those `net(x)` returns, in its order."""
    parts = []
    for index, output in zip(graph.heads, heads, strict=True):
        layer = graph.nodes[index].layer
        parts.append(DECODERS[type(layer)](layer, output.float(), request))
    return Candidates.join(parts)


def _cells(output: Tensor, anchors: int) -> Tensor:
    """(N, A * E, H, W) -> (N, H, W, A, E)."""
    return output.unflatten(1, (anchors, -1)).permute(0, 3, 4, 1, 2)


def _over(scores: Tensor, thresh: float) -> Tensor:
    """Scores, 0 where they are not over the threshold."""
    return torch.where(scores > thresh, scores, 0.0)


@dataclass(frozen=True)
class _Kept:
    """The rows (K, E) over the threshold and where they stand."""

    image: Tensor
    rows: Tensor
    corner: Tensor
    grid: Tensor
    anchor: Tensor

    @property
    def location(self) -> Tensor:
        return (self.corner + self.rows[:, :2]) / self.grid

    def sizes(self, anchors: Sequence[tuple[float, float]], unit: Tensor) -> Tensor:
        """Each row's anchor (K, 2), relative when anchors are measured in `unit`."""
        return self.rows.new_tensor(anchors)[self.anchor] / unit


def _kept(cells: Tensor, keep: Tensor) -> _Kept:
    """The rows of cells (N, H, W, A, E) where keep (N, H, W, A) holds."""
    image, y, x, anchor = torch.nonzero(keep, as_tuple=True)
    corner = torch.stack([x, y], dim=1).to(cells.dtype)
    grid = cells.new_tensor([cells.shape[2], cells.shape[1]])
    return _Kept(image, cells[image, y, x, anchor], corner, grid, anchor)


def _net_size(like: Tensor, request: Request) -> Tensor:
    return like.new_tensor([request.net_width, request.net_height])


def _decode_yolo(layer: Layer, output: Tensor, request: Request) -> Candidates:
    assert isinstance(layer, Yolo)
    cells = _cells(output, len(layer.masks))
    kept = _kept(cells, cells[..., 4] > request.thresh)
    rows = kept.rows
    growth = (2 * rows[:, 2:4]) ** 2 if layer.new_coords else torch.exp(rows[:, 2:4])
    sizes = growth * kept.sizes(layer.sizes, _net_size(rows, request))
    scores = _over(rows[:, 4:5] * rows[:, 5:], request.thresh)
    return Candidates(kept.image, torch.cat([kept.location, sizes], dim=1), rows[:, 4], scores)


def _decode_gaussian(layer: Layer, output: Tensor, request: Request) -> Candidates:
    assert isinstance(layer, GaussianYolo)
    cells = _cells(output, len(layer.masks))
    # Means of x, y, w, h and then their deviations, as the other heads have their coordinates.
    cells = torch.cat([cells[..., 0:8:2], cells[..., 8:], cells[..., 1:8:2]], dim=-1)
    kept = _kept(cells, cells[..., 4] > request.thresh)
    rows, classes = kept.rows[:, :-4], kept.rows[:, 5:-4]
    sizes = torch.exp(rows[:, 2:4]) * kept.sizes(layer.sizes, _net_size(rows, request))
    middle = kept.location + YOLO_POINTS[layer.yolo_point] * sizes
    certainty = 1 - kept.rows[:, -4:].mean(dim=1, keepdim=True)
    scores = _over(rows[:, 4:5] * classes * certainty, request.thresh)
    return Candidates(kept.image, torch.cat([middle, sizes], dim=1), rows[:, 4], scores)


def _decode_region(layer: Layer, output: Tensor, request: Request) -> Candidates:
    assert isinstance(layer, Region)
    cells = _cells(output, layer.num)
    if request.fork.region_raw_location:
        cells = torch.cat([torch.sigmoid(cells[..., :2]), cells[..., 2:]], dim=-1)
    kept = _kept(cells, torch.ones_like(cells[..., 0], dtype=torch.bool))
    objectness, scores = _region_scores(layer, kept.rows, request)
    sizes = torch.exp(kept.rows[:, 2:4]) * kept.sizes(layer.sizes, kept.grid)
    boxes = torch.cat([kept.location, sizes], dim=1)
    found = Candidates(kept.image, boxes, objectness, scores)
    return found.select((scores > 0).any(dim=1))


def _region_scores(layer: Region, rows: Tensor, request: Request) -> tuple[Tensor, Tensor]:
    """Objectness (K,) and thresholded class scores (K, C) by the fork's rules."""
    score, classes = rows[:, layer.coords], rows[:, layer.coords + 1 :]
    gates = request.fork.region_objectness_gates
    if gates and layer.background:
        score = torch.ones_like(score)
    elif not gates and layer.classfix == -1:
        score = torch.where(score < 0.5, 0.0, score)
    tree = layer.hierarchy
    if tree:
        scores = _tree_scores(tree, score, classes, request)
    else:
        scores = _over(score[:, None] * classes, request.thresh)
    if not gates:
        return torch.ones_like(score), scores
    over = score > request.thresh
    if not tree:
        scores = torch.where(over[:, None], scores, 0.0)
    return torch.where(over, score, 0.0), scores


def _tree_scores(tree: Tree, score: Tensor, classes: Tensor, request: Request) -> Tensor:
    products = tree.products(classes)
    if request.class_map is not None:
        chosen = torch.tensor(request.class_map, device=classes.device)
        return _over(score[:, None] * products[:, chosen], request.thresh)
    over = score > request.thresh
    answer = torch.zeros_like(products)
    if request.fork.region_hier_thresh:
        # One class a box, with the objectness itself as its score.
        top = tree.top(products, request.hier)
        return answer.scatter(1, top[:, None], torch.where(over, score, 0.0)[:, None])
    # One class a box: the last in file order whose product is over one half.
    enough = products > TREE_CUT
    last = products.shape[1] - 1 - enough.flip(1).to(torch.uint8).argmax(dim=1)
    value = products.gather(1, last[:, None])[:, 0]
    value = torch.where(over & enough.any(dim=1), value, 0.0)
    return answer.scatter(1, last[:, None], value[:, None])


def _decode_detection(layer: Layer, output: Tensor, request: Request) -> Candidates:
    """YOLOv1. Boxes are relative in both forks here; AlexeyAB's `detector test` mixes in pixels."""
    assert isinstance(layer, Detection)
    flat = output.flatten(1)
    cells, num, side = layer.cells, layer.num, layer.side
    classes, confidence, boxes = flat.split(
        [cells * layer.classes, cells * num, cells * num * layer.coords], dim=1
    )
    classes = classes.reshape(-1, cells, 1, layer.classes)
    confidence = confidence.reshape(-1, cells, num)
    boxes = boxes.reshape(-1, cells, num, layer.coords)[..., :4]
    scores = _over(confidence[..., None] * classes, request.thresh)
    index = torch.nonzero((scores > 0).any(dim=3), as_tuple=True)
    image, cell, _ = index
    rows = boxes[index]
    corner = torch.stack([cell % side, cell // side], dim=1)
    sizes = rows[:, 2:] ** 2 if layer.sqrt else rows[:, 2:]
    boxes = torch.cat([(rows[:, :2] + corner) / side, sizes], dim=1)
    return Candidates(image, boxes, confidence[index], scores[index])


DECODERS: dict[type[Layer], Callable[[Layer, Tensor, Request], Candidates]] = {
    Yolo: _decode_yolo,
    GaussianYolo: _decode_gaussian,
    Region: _decode_region,
    Detection: _decode_detection,
}


@dataclass(frozen=True)
class Suppression:
    """The kind of NMS a network's cfg asks for, and its beta."""

    kind: str = "default"
    beta: float = 0.6


def suppression_of(graph: Graph) -> Suppression:
    """AlexeyAB's program asks the last [yolo], [Gaussian_yolo] or [region]; pjreddie's has one."""
    chosen = Suppression()
    for index in graph.heads if graph.fork.nms_kinds else ():
        layer = graph.nodes[index].layer
        if isinstance(layer, AnchorHead):
            chosen = Suppression(layer.nms_kind, layer.beta_nms)
        elif isinstance(layer, Region):
            chosen = Suppression()
    return chosen
