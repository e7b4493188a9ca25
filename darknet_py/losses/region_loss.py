"""[region]: one anchor answers for a label, by the shape it predicts; also with a class tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial

import torch
from torch import Tensor

from darknet_py.boxes import iou
from darknet_py.forks import Fork
from darknet_py.layers.region import Region
from darknet_py.layers.tree import Tree
from darknet_py.losses.assignment import (
    best_labels,
    best_overlaps,
    empty_delta,
    equal_groups,
    first_and_last,
    predicted_boxes,
    rows_where,
)
from darknet_py.losses.head_loss import LossInput, PendingLoss, Shown, Targets, loss_of
from darknet_py.losses.region_labels import RegionLabels, read_region_labels
from darknet_py.losses.transfer import constant
from darknet_py.losses.yolo_loss import FOCAL_ALPHA

WARM_UP = 12800
"""While fewer images were seen, every box is drawn to its cell's middle and its anchor's size."""
WARM_UP_SCALE = 0.01


@dataclass(frozen=True)
class _RegionOutputs:
    """A head at work; out: (N, A, H, W, E), located: x and y after the logistic (N, A, H, W, 2).

    boxes: (N, A, H, W, 4).
    """

    layer: Region
    fork: Fork
    tree: Tree | None
    out: Tensor
    located: Tensor
    boxes: Tensor
    labels: RegionLabels

    @cached_property
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
        return constant((width, height), self.out)

    @property
    def anchors(self) -> Tensor:
        """(A, 2) width and height relative to the network's input."""
        return constant(self.layer.sizes, self.out) / self.grid


@loss_of(Region)
def _loss(p: LossInput) -> PendingLoss:
    return region_loss(p.layer, p.output, p.labels, p.net_size, p.fork, p.seen)


def region_loss(
    layer: Region,
    output: Tensor,
    targets: Targets,
    net_size: tuple[int, int],
    fork: Fork,
    seen: int,
) -> PendingLoss:
    """delta and cost of a [region] head for its output (N, C, H, W) and the labels of N images.

    targets: on the host. net_size: as for the other heads; these anchors are in cells. seen: images
    up to this sub-batch, which counts as well.
    """
    head = _outputs(layer, output.detach(), targets, net_size, fork)
    delta = empty_delta(head.rows)
    earlier = _start(head, delta, seen)
    row = _answering(head)
    overlap, class_prob = _answer(head, row, delta)
    steep = delta[:-1] * _slope(head)
    shown = steep if fork.loss.region_cost_slope else delta[:-1]
    class_prob = torch.cat([*earlier, class_prob])
    sums = {"cost": (shown * shown).sum(), **_sums(head, row, overlap, class_prob)}
    flat = steep.view_as(head.out).permute(0, 1, 4, 2, 3).reshape(output.shape)
    return PendingLoss(flat, sums, partial(_shown, len(row), len(class_prob)))


def _outputs(
    layer: Region, output: Tensor, targets: Targets, net_size: tuple[int, int], fork: Fork
) -> _RegionOutputs:
    cells = output.unflatten(1, (layer.num, layer.entries))
    out = cells.permute(0, 1, 3, 4, 2).contiguous()
    located, boxes = layer.located(out, fork), predicted_boxes(layer, out, net_size, fork)
    labels = read_region_labels(layer, targets, out)
    return _RegionOutputs(layer, fork, layer.hierarchy, out, located, boxes, labels)


def _start(head: _RegionOutputs, delta: Tensor, seen: int) -> list[Tensor]:
    """Fills the delta before any label asks for its own box; returns the probabilities of the
    classes learnt so far."""
    near = head.layer.classfix > 0 and head.fork.loss.region_classfix
    if near:
        best, label = best_labels(head.boxes, head.labels.boxes)
    else:
        best = best_overlaps(head.boxes, head.labels.boxes)
    delta[:-1, head.layer.coords] = _objectness(head, best).flatten()
    if seen < WARM_UP:
        asked = torch.where(_spread(head.labels.class_only)[..., None], 0.0, _warm_up_delta(head))
        delta[:-1, :4] = asked.flatten(0, 3)
    class_prob = []
    if head.tree:
        class_prob.append(_answer_class_only(head, head.tree, delta))
    if near:
        class_prob.append(_answer_near(head, best, label, delta))
    return class_prob


def _spread(images: Tensor) -> Tensor:
    """(N,) as (N, 1, 1, 1)."""
    return images[:, None, None, None]


def _objectness(head: _RegionOutputs, best: Tensor) -> Tensor:
    """delta of objectness where no label asks for more: towards 0, or left alone near a label."""
    layer, score = head.layer, head.score
    class_only = _spread(head.labels.class_only)
    if layer.classfix == -1 and head.fork.loss.region_classfix:
        return torch.where(class_only, 0.0, layer.noobject_scale * (best - score))
    # With background the entry is the probability of no object.
    asked = layer.noobject_scale * ((1.0 if layer.background else 0.0) - score)
    asked = torch.where(best > layer.thresh, 0.0, asked)
    only = head.fork.loss.region_class_only_objectness
    return torch.where(class_only, layer.noobject_scale * -score if only else 0.0, asked)


def _warm_up_delta(head: _RegionOutputs) -> Tensor:
    return WARM_UP_SCALE * torch.cat([0.5 - head.located, -head.out[..., 2:4]], dim=-1)


def _answer_class_only(head: _RegionOutputs, tree: Tree, delta: Tensor) -> Tensor:
    """The likeliest box of each class-only image learns the class; its objectness rests."""
    images, classes = head.labels.only_image, head.labels.only_class
    likely = head.score[images]
    for nodes in _chains(tree, classes).unbind(dim=1):
        known = nodes < len(tree.parents)
        entry = head.layer.coords + 1 + torch.where(known, nodes, 0)
        part = head.out[images, :, :, :, entry]
        likely = likely * torch.where(_spread(known), part, 1.0)
    boxes = likely[0].numel() if len(images) else 0
    row = images * boxes + likely.flatten(1).argmax(dim=1)
    delta[row, head.layer.coords] = 0.0
    scale = torch.full_like(likely[:, 0, 0, 0], head.layer.class_scale)
    return _classify(head, row, classes, scale, delta)


def _answer_near(head: _RegionOutputs, best: Tensor, label: Tensor, delta: Tensor) -> Tensor:
    """classfix=1 or 2: boxes near a label learn its class, with 2 weighed by their objectness.

    How many there are is for the host to wait for.
    """
    row = torch.nonzero((best > head.layer.thresh).flatten())[:, 0]
    scale = torch.full_like(best.flatten()[row], head.layer.class_scale)
    if head.layer.classfix == 2:
        scale = scale * head.score.flatten()[row]
    image = row // best[0].numel()
    classes = head.labels.unmapped[image, label.flatten()[row]]  # this rule knows no map=
    return _classify(head, row, classes, scale, delta)


def _answering(head: _RegionOutputs) -> Tensor:
    """(K,) each label's box: of its cell the anchor whose predicted (bias_match: own) size fits
    best."""
    labels = head.labels
    _, anchors, height, width, _ = head.out.shape
    sizes = head.boxes[labels.image, :, labels.y, labels.x]
    if head.layer.bias_match:
        sizes[..., 2:] = head.anchors
    label = labels.own.clone()
    sizes[..., :2], label[:, :2] = 0, 0
    anchor = iou(sizes, label[:, None]).max(dim=1)[1]
    return ((labels.image * anchors + anchor) * height + labels.y) * width + labels.x


def _answer(head: _RegionOutputs, row: Tensor, delta: Tensor) -> tuple[Tensor, Tensor]:
    """Boxes, objectness and classes of all labels; returns IoU and class probability of each."""
    layer, label = head.layer, head.labels.own
    overlap = iou(head.boxes.flatten(0, 3)[row], label)
    target = overlap if layer.rescore else torch.ones_like(overlap)
    if layer.background:
        target = torch.zeros_like(overlap)
    asked = layer.object_scale * (target - head.score.flatten()[row])
    _, last = first_and_last(row)
    written = rows_where(last, row, delta)
    delta[written, layer.coords] = asked
    delta[written, :4] = _box_delta(head, row, label)
    scale = torch.full_like(overlap, layer.class_scale)
    return overlap, _classify(head, row, head.labels.classes, scale, delta)


def _box_delta(head: _RegionOutputs, row: Tensor, label: Tensor) -> Tensor:
    """(K, 4) what each label asks of x, y, w, h."""
    _, anchors, height, width, _ = head.out.shape
    corner = torch.stack([row % width, row // width % height], dim=1)
    anchor = row // (height * width) % anchors
    sizes = torch.log(label[:, 2:] / head.anchors[anchor])
    asked = torch.cat([label[:, :2] * head.grid - corner, sizes], dim=1)
    out = torch.cat([head.located.flatten(0, 3)[row], head.rows[row, 2:4]], dim=1)
    scale = torch.full_like(label[:, :1], head.layer.coord_scale)
    if head.fork.loss.region_small_boxes:
        scale = scale * (2 - label[:, 2:3] * label[:, 3:4])
    return scale * (asked - out)


def _classify(
    head: _RegionOutputs, row: Tensor, classes: Tensor, scale: Tensor, delta: Tensor
) -> Tensor:
    """Class deltas of boxes in Darknet's order; returns the probabilities for the log line."""
    if head.tree:
        return _set_groups(head, head.tree, row, classes, scale, delta)
    first, last = first_and_last(row)
    adds = head.fork.loss.region_many_classes and not head.layer.softmax
    whole = first if adds else last
    scores = head.rows[:, head.classes_at][row]
    own = scores.gather(1, classes[:, None])
    target = torch.zeros_like(scores).scatter(1, classes[:, None], 1.0)
    asked = scale[:, None] * (target - scores) * _focal(head, own)
    delta[rows_where(whole, row, delta), head.classes_at] = asked
    if not adds:
        return own[:, 0]
    entry = head.layer.coords + 1 + classes
    delta[rows_where(~first, row, delta), entry] = scale * (1 - own[:, 0])
    return torch.where(first, own[:, 0], 0.0)  # a second label counts in the mean with 0


def _focal(head: _RegionOutputs, own: Tensor) -> Tensor:
    if not head.layer.focal_loss or not head.fork.loss.region_classfix:
        return torch.ones_like(own)
    class_prob = own + 1e-15
    return (
        -FOCAL_ALPHA * (1 - class_prob) * (2 * class_prob * torch.log(class_prob) + class_prob - 1)
    )


def _set_groups(
    head: _RegionOutputs, tree: Tree, row: Tensor, classes: Tensor, scale: Tensor, delta: Tensor
) -> Tensor:
    """From a label's class up to the root, its group of siblings learns which of them it is.

    Of several labels of a box the last one that names a group has it.
    """
    nodes, groups = len(tree.parents), len(tree.group_sizes)
    group_of = constant((*tree.group_of, groups), row)  # beyond the root is a spare group
    scores = head.rows[:, head.classes_at][row]
    box, chains = equal_groups(row), _chains(tree, classes)
    node, level_box = chains.flatten(), box[:, None].expand_as(chains).flatten()
    _, last = first_and_last(level_box * (groups + 1) + group_of[node])
    level_box = torch.where(last, level_box, len(row))  # a spare box, for what is not to be written
    named = torch.zeros(len(row) + 1, groups + 1, dtype=torch.bool, device=row.device)
    named[level_box, group_of[node]] = True
    weight = scores.new_zeros(named.shape)
    weight[level_box, group_of[node]] = scale[:, None].expand_as(chains).flatten()
    target = scores.new_zeros(len(row) + 1, nodes + 1)
    target[level_box, node] = 1.0
    asked = weight[:, group_of[:-1]][box] * (target[:, :-1][box] - scores)
    before = delta[:, head.classes_at][row]
    delta[row, head.classes_at] = torch.where(named[:, group_of[:-1]][box], asked, before)
    way = torch.cat([scores, torch.ones_like(scores[:, :1])], dim=1)
    return way.gather(1, chains).prod(dim=1)


def _chains(tree: Tree, classes: Tensor) -> Tensor:
    """(K, depth): each class and its ancestors up to the root, then the number of nodes."""
    beyond = len(tree.parents)
    parents = (*(beyond if parent < 0 else parent for parent in tree.parents), beyond)
    table = constant(parents, classes)
    chain = [classes]
    for _ in tree.levels:
        chain.append(table[chain[-1]])
    return torch.stack(chain, dim=1)


def _slope(head: _RegionOutputs) -> Tensor:
    """The derivative of the logistic for x, y and objectness (pjreddie: on the GPU only)."""
    slope = torch.ones_like(head.out)
    slope[..., :2] = head.located * (1 - head.located)
    if not head.layer.background:
        slope[..., head.layer.coords] = head.score * (1 - head.score)
    return slope.flatten(0, 3)


def _sums(
    head: _RegionOutputs, row: Tensor, overlap: Tensor, class_prob: Tensor
) -> dict[str, Tensor]:
    """What `_shown` makes the numbers of the log line of."""
    # Images with a class-only label count as boxes, but not with their objectness.
    score = torch.where(_spread(head.labels.class_only), 0.0, head.score)
    return {
        "iou": overlap.sum(),
        "class": class_prob.sum(),
        "obj": score.flatten()[row].sum(),
        "no_obj": score.mean(),
        "recall50": (overlap > 0.5).sum(dtype=overlap.dtype),
    }


def _shown(labels: int, classes: int, sums: Mapping[str, float]) -> Shown:
    """The numbers of the log line: per box, 0 without any."""
    count = max(1, labels)
    return sums["cost"], {
        "count": float(labels),
        "iou": sums["iou"] / count,
        "class": sums["class"] / max(1, classes),
        "obj": sums["obj"] / count,
        "no_obj": sums["no_obj"],
        "recall50": sums["recall50"] / count,
    }
