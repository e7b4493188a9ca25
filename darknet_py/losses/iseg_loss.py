"""[iseg], instance segmentation: classes of pixels, and embeddings that tell instances apart."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from darknet_py.forks import Fork
from darknet_py.layers.base import Node
from darknet_py.layers.scores import ISEG_INSTANCES, Iseg
from darknet_py.losses.head_loss import (
    LossInput,
    PendingLoss,
    TruthWidth,
    cost_alone,
    loss_of,
    sum_of_squares,
)
from darknet_py.losses.transfer import sent

PULL = 0.1
"""What an embedding is moved by to the mean of its instance, from each other mean, and to 0."""
EMBEDDING_SHARE = 0.01
"""What all of that counts for beside the classes."""


class Instances(NamedTuple):
    """The labelled instances of N images, padded to the most of one.

    classes: (N, M) int64, -1 behind the last one. masks: (N, M, H*W), how much of each pixel
    belongs to it.
    """

    classes: Tensor
    masks: Tensor

    @property
    def members(self) -> Tensor:
        """(N, M, H*W) float32, 1 where a pixel belongs to an instance however little."""
        return ((self.masks != 0) & (self.classes >= 0)[..., None]).float()


def _instances_width(node: Node, fork: Fork) -> TruthWidth:
    pixels = node.out.w * node.out.h
    words = f"{ISEG_INSTANCES} instances of a class and {pixels} values of its mask"
    return TruthWidth(ISEG_INSTANCES * (1 + pixels), False, words)


def read_instances(truth: Tensor) -> Instances:
    """Rows of a class and a mask (N, 90 * (1 + H*W)) on the host.

    An image's rows end at the first class < 0. A class is cut to a whole number, as in C.
    """
    rows = truth.reshape(len(truth), ISEG_INSTANCES, -1)
    classes = rows[..., 0].long()
    valid = (rows[..., 0] > -1).to(torch.int8).cumprod(dim=1).bool()
    most = max(1, int(valid.sum(dim=1).max()))
    return Instances(classes.masked_fill(~valid, -1)[:, :most], rows[:, :most, 1:])


@loss_of(Iseg, _instances_width)
def _loss(p: LossInput) -> PendingLoss:
    return iseg_loss(p.layer, p.output, p.truth.cpu())


def iseg_loss(layer: Iseg, output: Tensor, truth: Tensor) -> PendingLoss:
    """delta and cost of [iseg] for its output (N, classes + ids, H, W).

    truth: on the host, see `read_instances`. Raises ShapeError for a class the layer does not have,
    which the C program looks for among the embeddings.
    """
    instances = read_instances(truth)
    if int(instances.classes.max()) >= layer.classes:
        message = f"a truth of class {int(instances.classes.max())}, there are {layer.classes}"
        raise layer.shape_error(message, "classes")
    instances = Instances(*sent(instances, output.device))
    scores, embedding = output.detach().flatten(2).split([layer.classes, layer.ids], dim=1)
    members = instances.members
    delta = torch.cat(
        [
            _class_delta(scores, instances, members),
            EMBEDDING_SHARE * _embedding_delta(embedding, members),
        ],
        dim=1,
    )
    return PendingLoss(delta.reshape(output.shape), sum_of_squares(delta), cost_alone)


def _class_delta(scores: Tensor, instances: Instances, members: Tensor) -> Tensor:
    """Towards the masks, and to 0 elsewhere; of instances that overlap the last one counts."""
    target = torch.zeros_like(scores)
    images = torch.arange(len(scores), device=scores.device)
    for number in range(instances.classes.shape[1]):
        # Padding writes what is there already: nothing of it is a member.
        own = instances.classes[:, number].clamp_min(0)
        inside = members[:, number] > 0
        target[images, own] = instances.masks[:, number].where(inside, target[images, own])
    return target - scores


def _embedding_delta(embedding: Tensor, members: Tensor) -> Tensor:
    """A step of fixed length to the own mean and away from all others, and a pull to 0."""
    counts = members.sum(dim=2)
    means = torch.einsum("nmk,nzk->nmz", members, embedding) / counts.clamp_min(1)[..., None]
    overlapping = members.sum(dim=1)
    delta = -PULL * embedding
    for number in range(members.shape[1]):
        there = counts[:, number] > 0
        # Of a pixel in several instances each one pulls, and pushes from the others.
        weight = (2 * members[:, number] - overlapping) * there[:, None]
        side = torch.where(means[:, number, :, None] < embedding, -PULL, PULL)
        delta = delta + side * weight[:, None]
    return delta
