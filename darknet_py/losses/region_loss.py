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
from darknet_py.losses.head_loss import HeadLoss, LossInput, Targets, loss_of
from darknet_py.losses.yolo_loss import FOCAL_ALPHA

WARM_UP = 12800
"""While fewer images were seen, every box is drawn to its cell's middle and its anchor's size."""
WARM_UP_SCALE = 0.01
FAR = 100000
"""A label whose x and y are beyond has no box: it only tells a class of the tree."""


@dataclass(frozen=True)
class _RegionOutputs:
    """A head at work; out: (N, A, H, W, E), located: x and y after the logistic (N, A, H, W, 2).

    boxes: (N, A, H, W, 4). targets: the labels with a box. class_only: (N,) the images with a
    class-only label; only they have an entry in `class_only_class`.
    """

    layer: Region
    fork: Fork
    tree: Tree | None
    out: Tensor
    located: Tensor
    boxes: Tensor
    targets: Targets
    class_only: Tensor
    class_only_class: Tensor

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
class _RegionDelta:
    """rows: (N*A*H*W, E), filled step by step. class_prob: of the classes learnt so far."""

    rows: Tensor
    class_prob: list[Tensor]


@dataclass(frozen=True)
class _RegionAssignments:
    """Labels and the boxes that answer for them, in the order the C loop visits them.

    row: number of the box among all rows. image, label: of the label, and its number in there.
    """

    row: Tensor
    image: Tensor
    label: Tensor


@loss_of(Region)
def _loss(p: LossInput) -> HeadLoss:
    return region_loss(p.layer, p.output, p.labels, p.net_size, p.fork, p.seen)


def region_loss(
    layer: Region,
    output: Tensor,
    targets: Targets,
    net_size: tuple[int, int],
    fork: Fork,
    seen: int,
) -> HeadLoss:
    """delta and cost of a [region] head for its output (N, C, H, W) and the labels of N images.

    net_size: as for the other heads; these anchors are in cells. seen: images up to this sub-batch,
    which counts as well.
    """
    head = _outputs(layer, output.detach(), targets, net_size, fork)
    delta = _start(head, *best_labels(head.boxes, head.targets), seen)
    assigned = _assignments(head)
    overlap, class_prob = _answer(head, assigned, delta.rows)
    steep = delta.rows * _slope(head)
    shown = steep if fork.loss.region_cost_slope else delta.rows
    metrics = _metrics(head, assigned, overlap, torch.cat([*delta.class_prob, class_prob]))
    flat = steep.view_as(head.out).permute(0, 1, 4, 2, 3).reshape(output.shape)
    return HeadLoss(flat, float((shown * shown).sum()), metrics)


def _outputs(
    layer: Region, output: Tensor, targets: Targets, net_size: tuple[int, int], fork: Fork
) -> _RegionOutputs:
    cells = output.unflatten(1, (layer.num, layer.entries))
    out = cells.permute(0, 1, 3, 4, 2).contiguous()
    located, boxes = layer.located(out, fork), predicted_boxes(layer, out, net_size, fork)
    tree = layer.hierarchy
    known = targets.valid & (targets.classes >= 0) & (targets.classes < layer.classes)
    far = (targets.boxes[..., :2] > FAR).all(dim=-1)
    class_only = (known & far).any(dim=1) if tree else torch.zeros_like(known[:, 0])
    first = (known & far).to(torch.int8).argmax(dim=1, keepdim=True)
    class_only_class = targets.classes.gather(1, first)[class_only, 0]
    if layer.class_map:
        known = known & (targets.classes < len(layer.class_map))
    labels = replace(targets, valid=known & ~far & ~class_only[:, None])
    return _RegionOutputs(
        layer, fork, tree, out, located, boxes, labels, class_only, class_only_class
    )


def _start(head: _RegionOutputs, best: Tensor, label: Tensor, seen: int) -> _RegionDelta:
    """The delta before any label asks for its own box."""
    rows = torch.zeros_like(head.rows)
    delta = _RegionDelta(rows, [])
    rows[:, head.layer.coords] = _objectness(head, best).flatten()
    if seen < WARM_UP:
        rows[:, :4] = torch.where(
            _spread(head.class_only)[..., None], 0.0, _warm_up_delta(head)
        ).flatten(0, 3)
    if head.tree:
        delta.class_prob.append(_answer_class_only(head, head.tree, rows))
    if head.layer.classfix > 0 and head.fork.loss.region_classfix:
        delta.class_prob.append(_answer_near(head, best, label, rows))
    return delta


def _spread(images: Tensor) -> Tensor:
    """(N,) as (N, 1, 1, 1)."""
    return images[:, None, None, None]


def _objectness(head: _RegionOutputs, best: Tensor) -> Tensor:
    """delta of objectness where no label asks for more: towards 0, or left alone near a label."""
    layer, score = head.layer, head.score
    class_only = _spread(head.class_only)
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
    images = torch.nonzero(head.class_only)[:, 0]
    likely = head.score[images]
    for nodes in _chains(tree, head.class_only_class).unbind(dim=1):
        entry = head.layer.coords + 1 + nodes.clamp(min=0)
        part = head.out[images, :, :, :, entry]
        likely = likely * torch.where(_spread(nodes >= 0), part, 1.0)
    boxes = likely[0].numel() if len(images) else 0
    row = images * boxes + likely.flatten(1).argmax(dim=1)
    delta[row, head.layer.coords] = 0.0
    scale = torch.full_like(likely[:, 0, 0, 0], head.layer.class_scale)
    return _classify(head, row, head.class_only_class, scale, delta)


def _answer_near(head: _RegionOutputs, best: Tensor, label: Tensor, delta: Tensor) -> Tensor:
    """classfix=1 or 2: boxes near a label learn its class, with 2 weighed by their objectness."""
    near = best > head.layer.thresh
    image = torch.nonzero(near)[:, 0]
    scale = torch.full_like(best[near], head.layer.class_scale)
    if head.layer.classfix == 2:
        scale = scale * head.score[near]
    classes = head.targets.classes[image, label[near]]  # this rule knows no map=
    row = torch.nonzero(near.flatten())[:, 0]
    return _classify(head, row, classes, scale, delta)


def _assignments(head: _RegionOutputs) -> _RegionAssignments:
    """Each label's anchor: the one whose predicted (bias_match: own) size fits best."""
    image, which = torch.nonzero(head.targets.valid, as_tuple=True)
    label = head.targets.boxes[image, which].clone()
    _, anchors, height, width, _ = head.out.shape
    # A centre at exactly 1 belongs to the last cell; the C programs write past their array.
    x = (label[:, 0] * width).long().clamp(0, width - 1)
    y = (label[:, 1] * height).long().clamp(0, height - 1)
    sizes = head.boxes[image, :, y, x].clone()
    if head.layer.bias_match:
        sizes[..., 2:] = head.anchors
    sizes[..., :2], label[:, :2] = 0, 0
    anchor = iou(sizes, label[:, None]).max(dim=1)[1]
    return _RegionAssignments(((image * anchors + anchor) * height + y) * width + x, image, which)


def _answer(
    head: _RegionOutputs, assigned: _RegionAssignments, delta: Tensor
) -> tuple[Tensor, Tensor]:
    """Boxes, objectness and classes of all labels; returns IoU and class probability of each."""
    layer, label = head.layer, head.targets.boxes[assigned.image, assigned.label]
    overlap = iou(head.boxes.flatten(0, 3)[assigned.row], label)
    target = overlap if layer.rescore else torch.ones_like(overlap)
    if layer.background:
        target = torch.zeros_like(overlap)
    asked = layer.object_scale * (target - head.score.flatten()[assigned.row])
    _, last = first_and_last(assigned.row)
    row = assigned.row[last]
    delta[row, layer.coords] = asked[last]
    delta[row, :4] = _box_delta(head, assigned, label)[last]
    classes = head.targets.classes[assigned.image, assigned.label]
    if layer.class_map:
        classes = torch.tensor(layer.class_map, device=classes.device)[classes]
    scale = torch.full_like(overlap, layer.class_scale)
    return overlap, _classify(head, assigned.row, classes, scale, delta)


def _box_delta(head: _RegionOutputs, assigned: _RegionAssignments, label: Tensor) -> Tensor:
    """(K, 4) what each label asks of x, y, w, h."""
    _, anchors, height, width, _ = head.out.shape
    corner = torch.stack([assigned.row % width, assigned.row // width % height], dim=1)
    anchor = assigned.row // (height * width) % anchors
    sizes = torch.log(label[:, 2:] / head.anchors[anchor])
    asked = torch.cat([label[:, :2] * head.grid - corner, sizes], dim=1)
    out = torch.cat([head.located.flatten(0, 3)[assigned.row], head.rows[assigned.row, 2:4]], dim=1)
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
    scores = head.rows[row, head.classes_at]
    own = scores.gather(1, classes[:, None])
    target = torch.zeros_like(scores).scatter(1, classes[:, None], 1.0)
    asked = scale[:, None] * (target - scores) * _focal(head, own)
    delta[row[whole], head.classes_at] = asked[whole]
    if not adds:
        return own[:, 0]
    entry = head.layer.coords + 1 + classes
    delta[row[~first], entry[~first]] = (scale * (1 - own[:, 0]))[~first]
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
    group_of = torch.tensor(tree.group_of, device=row.device)
    rows, inverse = row.unique(return_inverse=True)
    scores = head.rows[rows, head.classes_at]
    chains = _chains(tree, classes)
    label, level = torch.nonzero(chains >= 0, as_tuple=True)
    node, box = chains[label, level], inverse[label]
    _, last = first_and_last(box * len(tree.group_sizes) + group_of[node])
    label, node, box = label[last], node[last], box[last]
    named = torch.zeros(len(rows), len(tree.group_sizes), dtype=torch.bool, device=row.device)
    named[box, group_of[node]] = True
    weight = scores.new_zeros(named.shape)
    weight[box, group_of[node]] = scale[label]
    target = torch.zeros_like(scores)
    target[box, node] = 1.0
    asked = weight[:, group_of] * (target - scores)
    before = delta[rows, head.classes_at]
    delta[rows, head.classes_at] = torch.where(named[:, group_of], asked, before)
    way = scores[inverse].gather(1, chains.clamp(min=0))
    return torch.where(chains >= 0, way, 1.0).prod(dim=1)


def _chains(tree: Tree, classes: Tensor) -> Tensor:
    """(K, depth): each class and its ancestors up to the root, then -1."""
    parents = torch.tensor([*tree.parents, -1], device=classes.device)  # the parent of -1 is -1
    chain = [classes]
    for _ in tree.levels:
        chain.append(parents[chain[-1]])
    return torch.stack(chain, dim=1)


def _slope(head: _RegionOutputs) -> Tensor:
    """The derivative of the logistic for x, y and objectness (pjreddie: on the GPU only)."""
    slope = torch.ones_like(head.out)
    slope[..., :2] = head.located * (1 - head.located)
    if not head.layer.background:
        slope[..., head.layer.coords] = head.score * (1 - head.score)
    return slope.flatten(0, 3)


def _metrics(
    head: _RegionOutputs, assigned: _RegionAssignments, overlap: Tensor, class_prob: Tensor
) -> dict[str, float]:
    """The numbers of the log line: per box, 0 without any."""
    count = max(1, len(overlap))
    # Images with a class-only label count as boxes, but not with their objectness.
    score = torch.where(_spread(head.class_only), 0.0, head.score)
    return {
        "count": float(len(overlap)),
        "iou": float(overlap.sum()) / count,
        "class": float(class_prob.sum()) / max(1, len(class_prob)),
        "obj": float(score.flatten()[assigned.row].sum()) / count,
        "no_obj": float(score.mean()),
        "recall50": float((overlap > 0.5).sum()) / count,
    }
