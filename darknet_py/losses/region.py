"""[region]: one anchor answers for a label, by the shape it predicts; also with a class tree."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from darknet_py.boxes import iou
from darknet_py.forks import Fork
from darknet_py.layers.region import Region
from darknet_py.layers.tree import Tree
from darknet_py.losses.assignment import best_labels, first_and_last, predicted_boxes
from darknet_py.losses.registry import Pass, loss_of
from darknet_py.losses.truth import HeadLoss, Truth
from darknet_py.losses.yolo import FOCAL_ALPHA

WARM_UP = 12800
"""While fewer images were seen, every box is pulled to its cell's middle and its anchor's size."""
WARM_UP_SCALE = 0.01
FAR = 100000
"""A label whose x and y are beyond has no box: it only tells a class of the tree."""


@dataclass(frozen=True)
class _Scene:
    """A head at work; out: (N, A, H, W, E), located: x and y after the logistic (N, A, H, W, 2).

    boxes: (N, A, H, W, 4). truth: the labels with a box. lone: (N,) the images with a class-only
    label; only they have a place in `lone_class`.
    """

    layer: Region
    fork: Fork
    tree: Tree | None
    out: Tensor
    located: Tensor
    boxes: Tensor
    truth: Truth
    lone: Tensor
    lone_class: Tensor

    @property
    def rows(self) -> Tensor:
        """(N*A*H*W, E): one row per box."""
        return self.out.flatten(0, 3)

    @property
    def score(self) -> Tensor:
        return self.out[..., self.layer.coords]

    @property
    def classes_at(self) -> slice:
        return slice(self.layer.coords + 1, None)

    @property
    def grid(self) -> Tensor:
        height, width = self.out.shape[2:4]
        return self.out.new_tensor([width, height])

    @property
    def anchors(self) -> Tensor:
        """(A, 2) width and height relative to the network's input."""
        return self.out.new_tensor(self.layer.sizes) / self.grid


@dataclass(frozen=True)
class _Delta:
    """rows: (N*A*H*W, E), filled step by step. sure: probabilities of the classes learnt so far."""

    rows: Tensor
    sure: list[Tensor]


@dataclass(frozen=True)
class _Hits:
    """Labels and the boxes that answer for them, in the order the C loop visits them.

    row: number of the box among all rows. image, label: of the label, and its number in there.
    """

    row: Tensor
    image: Tensor
    label: Tensor


@loss_of(Region)
def _loss(p: Pass) -> HeadLoss:
    return region_loss(p.layer, p.output, p.labels, p.net_size, p.fork, p.seen)


def region_loss(
    layer: Region, output: Tensor, truth: Truth, net_size: tuple[int, int], fork: Fork, seen: int
) -> HeadLoss:
    """delta and cost of a [region] head for its output (N, C, H, W) and the labels of N images.

    net_size: as for the other heads; these anchors are in cells. seen: images up to this sub-batch,
    which counts as well.
    """
    scene = _scene(layer, output.detach(), truth, net_size, fork)
    delta = _start(scene, *best_labels(scene.boxes, scene.truth), seen)
    hits = _hits(scene)
    overlap, sure = _answer(scene, hits, delta.rows)
    steep = delta.rows * _slope(scene)
    shown = steep if fork.region_cost_slope else delta.rows
    figures = _figures(scene, hits, overlap, torch.cat([*delta.sure, sure]))
    flat = steep.view_as(scene.out).permute(0, 1, 4, 2, 3).reshape(output.shape)
    return HeadLoss(flat, float((shown * shown).sum()), figures)


def _scene(
    layer: Region, output: Tensor, truth: Truth, net_size: tuple[int, int], fork: Fork
) -> _Scene:
    cells = output.unflatten(1, (layer.num, layer.entries))
    out = cells.permute(0, 1, 3, 4, 2).contiguous()
    located, boxes = layer.located(out, fork), predicted_boxes(layer, out, net_size, fork)
    tree = layer.hierarchy
    known = truth.valid & (truth.classes >= 0) & (truth.classes < layer.classes)
    far = (truth.boxes[..., :2] > FAR).all(dim=-1)
    lone = (known & far).any(dim=1) if tree else torch.zeros_like(known[:, 0])
    first = (known & far).to(torch.int8).argmax(dim=1, keepdim=True)
    lone_class = truth.classes.gather(1, first)[lone, 0]
    if layer.class_map:
        known = known & (truth.classes < len(layer.class_map))
    labels = replace(truth, valid=known & ~far & ~lone[:, None])
    return _Scene(layer, fork, tree, out, located, boxes, labels, lone, lone_class)


def _start(scene: _Scene, best: Tensor, label: Tensor, seen: int) -> _Delta:
    """The delta before any label asks for its own box."""
    rows = torch.zeros_like(scene.rows)
    delta = _Delta(rows, [])
    rows[:, scene.layer.coords] = _objectness(scene, best).flatten()
    if seen < WARM_UP:
        rows[:, :4] = torch.where(_spread(scene.lone)[..., None], 0.0, _pull(scene)).flatten(0, 3)
    if scene.tree:
        delta.sure.append(_answer_lone(scene, scene.tree, rows))
    if scene.layer.classfix > 0 and scene.fork.region_classfix:
        delta.sure.append(_answer_near(scene, best, label, rows))
    return delta


def _spread(images: Tensor) -> Tensor:
    """(N,) as (N, 1, 1, 1)."""
    return images[:, None, None, None]


def _objectness(scene: _Scene, best: Tensor) -> Tensor:
    """delta of objectness where no label asks for more: towards 0, or left alone near a label."""
    layer, score = scene.layer, scene.score
    lone = _spread(scene.lone)
    if layer.classfix == -1 and scene.fork.region_classfix:
        return torch.where(lone, 0.0, layer.noobject_scale * (best - score))
    # With background the slot is the probability of no object.
    wanted = layer.noobject_scale * ((1.0 if layer.background else 0.0) - score)
    wanted = torch.where(best > layer.thresh, 0.0, wanted)
    only = scene.fork.region_class_only_objectness
    return torch.where(lone, layer.noobject_scale * -score if only else 0.0, wanted)


def _pull(scene: _Scene) -> Tensor:
    return WARM_UP_SCALE * torch.cat([0.5 - scene.located, -scene.out[..., 2:4]], dim=-1)


def _answer_lone(scene: _Scene, tree: Tree, delta: Tensor) -> Tensor:
    """The likeliest box of each class-only image learns the class; its objectness rests."""
    images = torch.nonzero(scene.lone)[:, 0]
    likely = scene.score[images]
    for nodes in _chains(tree, scene.lone_class).unbind(dim=1):
        entry = scene.layer.coords + 1 + nodes.clamp(min=0)
        part = scene.out[images, :, :, :, entry]
        likely = likely * torch.where(_spread(nodes >= 0), part, 1.0)
    boxes = likely[0].numel() if len(images) else 0
    row = images * boxes + likely.flatten(1).argmax(dim=1)
    delta[row, scene.layer.coords] = 0.0
    scale = torch.full_like(likely[:, 0, 0, 0], scene.layer.class_scale)
    return _classify(scene, row, scene.lone_class, scale, delta)


def _answer_near(scene: _Scene, best: Tensor, label: Tensor, delta: Tensor) -> Tensor:
    """classfix=1 or 2: every box near a label learns its class, with 2 as sure as it is itself."""
    near = best > scene.layer.thresh
    image = torch.nonzero(near)[:, 0]
    scale = torch.full_like(best[near], scene.layer.class_scale)
    if scene.layer.classfix == 2:
        scale = scale * scene.score[near]
    classes = scene.truth.classes[image, label[near]]  # this rule knows no map=
    row = torch.nonzero(near.flatten())[:, 0]
    return _classify(scene, row, classes, scale, delta)


def _hits(scene: _Scene) -> _Hits:
    """Each label's anchor: the one whose predicted (bias_match: own) size fits best."""
    image, which = torch.nonzero(scene.truth.valid, as_tuple=True)
    label = scene.truth.boxes[image, which].clone()
    _, anchors, height, width, _ = scene.out.shape
    # A centre at exactly 1 belongs to the last cell; the C programs write past their array.
    x = (label[:, 0] * width).long().clamp(0, width - 1)
    y = (label[:, 1] * height).long().clamp(0, height - 1)
    sizes = scene.boxes[image, :, y, x].clone()
    if scene.layer.bias_match:
        sizes[..., 2:] = scene.anchors
    sizes[..., :2], label[:, :2] = 0, 0
    anchor = iou(sizes, label[:, None]).max(dim=1)[1]
    return _Hits(((image * anchors + anchor) * height + y) * width + x, image, which)


def _answer(scene: _Scene, hits: _Hits, delta: Tensor) -> tuple[Tensor, Tensor]:
    """Boxes, objectness and classes of all labels; returns IoU and class probability of each."""
    layer, label = scene.layer, scene.truth.boxes[hits.image, hits.label]
    overlap = iou(scene.boxes.flatten(0, 3)[hits.row], label)
    target = overlap if layer.rescore else torch.ones_like(overlap)
    if layer.background:
        target = torch.zeros_like(overlap)
    wanted = layer.object_scale * (target - scene.score.flatten()[hits.row])
    _, last = first_and_last(hits.row)
    row = hits.row[last]
    delta[row, layer.coords] = wanted[last]
    delta[row, :4] = _box_delta(scene, hits, label)[last]
    classes = scene.truth.classes[hits.image, hits.label]
    if layer.class_map:
        classes = torch.tensor(layer.class_map, device=classes.device)[classes]
    scale = torch.full_like(overlap, layer.class_scale)
    return overlap, _classify(scene, hits.row, classes, scale, delta)


def _box_delta(scene: _Scene, hits: _Hits, label: Tensor) -> Tensor:
    """(K, 4) what each label asks of x, y, w, h."""
    _, anchors, height, width, _ = scene.out.shape
    corner = torch.stack([hits.row % width, hits.row // width % height], dim=1)
    anchor = hits.row // (height * width) % anchors
    sizes = torch.log(label[:, 2:] / scene.anchors[anchor])
    wanted = torch.cat([label[:, :2] * scene.grid - corner, sizes], dim=1)
    out = torch.cat([scene.located.flatten(0, 3)[hits.row], scene.rows[hits.row, 2:4]], dim=1)
    scale = torch.full_like(label[:, :1], scene.layer.coord_scale)
    if scene.fork.region_small_boxes:
        scale = scale * (2 - label[:, 2:3] * label[:, 3:4])
    return scale * (wanted - out)


def _classify(scene: _Scene, row: Tensor, classes: Tensor, scale: Tensor, delta: Tensor) -> Tensor:
    """Class deltas of boxes in Darknet's order; returns the probabilities for the log line."""
    if scene.tree:
        return _set_groups(scene, scene.tree, row, classes, scale, delta)
    first, last = first_and_last(row)
    adds = scene.fork.region_many_classes and not scene.layer.softmax
    whole = first if adds else last
    scores = scene.rows[row, scene.classes_at]
    own = scores.gather(1, classes[:, None])
    target = torch.zeros_like(scores).scatter(1, classes[:, None], 1.0)
    wanted = scale[:, None] * (target - scores) * _focal(scene, own)
    delta[row[whole], scene.classes_at] = wanted[whole]
    if not adds:
        return own[:, 0]
    entry = scene.layer.coords + 1 + classes
    delta[row[~first], entry[~first]] = (scale * (1 - own[:, 0]))[~first]
    return torch.where(first, own[:, 0], 0.0)  # a second label counts in the mean with 0


def _focal(scene: _Scene, own: Tensor) -> Tensor:
    if not scene.layer.focal_loss or not scene.fork.region_classfix:
        return torch.ones_like(own)
    sure = own + 1e-15
    return -FOCAL_ALPHA * (1 - sure) * (2 * sure * torch.log(sure) + sure - 1)


def _set_groups(
    scene: _Scene, tree: Tree, row: Tensor, classes: Tensor, scale: Tensor, delta: Tensor
) -> Tensor:
    """From a label's class up to the root, its group of siblings learns which of them it is.

    Of several labels of a box the last one that names a group has it.
    """
    group_of = torch.tensor(tree.group_of, device=row.device)
    rows, inverse = row.unique(return_inverse=True)
    scores = scene.rows[rows, scene.classes_at]
    chains = _chains(tree, classes)
    hit, level = torch.nonzero(chains >= 0, as_tuple=True)
    node, box = chains[hit, level], inverse[hit]
    _, last = first_and_last(box * len(tree.group_sizes) + group_of[node])
    hit, node, box = hit[last], node[last], box[last]
    named = torch.zeros(len(rows), len(tree.group_sizes), dtype=torch.bool, device=row.device)
    named[box, group_of[node]] = True
    weight = scores.new_zeros(named.shape)
    weight[box, group_of[node]] = scale[hit]
    target = torch.zeros_like(scores)
    target[box, node] = 1.0
    wanted = weight[:, group_of] * (target - scores)
    before = delta[rows, scene.classes_at]
    delta[rows, scene.classes_at] = torch.where(named[:, group_of], wanted, before)
    way = scores[inverse].gather(1, chains.clamp(min=0))
    return torch.where(chains >= 0, way, 1.0).prod(dim=1)


def _chains(tree: Tree, classes: Tensor) -> Tensor:
    """(K, depth): each class and its ancestors up to the root, then -1."""
    parents = torch.tensor([*tree.parents, -1], device=classes.device)  # the parent of -1 is -1
    chain = [classes]
    for _ in tree.levels:
        chain.append(parents[chain[-1]])
    return torch.stack(chain, dim=1)


def _slope(scene: _Scene) -> Tensor:
    """The derivative of the logistic for x, y and objectness (pjreddie: on the GPU only)."""
    slope = torch.ones_like(scene.out)
    slope[..., :2] = scene.located * (1 - scene.located)
    if not scene.layer.background:
        slope[..., scene.layer.coords] = scene.score * (1 - scene.score)
    return slope.flatten(0, 3)


def _figures(scene: _Scene, hits: _Hits, overlap: Tensor, sure: Tensor) -> dict[str, float]:
    """The numbers of the log line: per box, 0 without any."""
    count = max(1, len(overlap))
    # Images with a class-only label count as boxes, but not with their objectness.
    score = torch.where(_spread(scene.lone), 0.0, scene.score)
    return {
        "count": float(len(overlap)),
        "iou": float(overlap.sum()) / count,
        "class": float(sure.sum()) / max(1, len(sure)),
        "obj": float(score.flatten()[hits.row].sum()) / count,
        "no_obj": float(score.mean()),
        "recall50": float((overlap > 0.5).sum()) / count,
    }
