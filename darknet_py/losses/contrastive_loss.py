"""[contrastive]: embeddings of the same object or class come together, others go apart.

AlexeyAB's form of the supervised contrastive loss, which follows cosine similarities. Its delta is
no cost's exact gradient: a probability is taken over all pairs of its second sample but the one in
question, and an embedding's length counts as 1 where the other one's direction is meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from darknet_py.forks import Fork
from darknet_py.layers.base import Node
from darknet_py.layers.scores import Contrastive
from darknet_py.losses.contrastive_samples import (
    TRACKED,
    Pairs,
    Samples,
    image_pairs,
    image_samples,
    object_pairs,
    object_samples,
)
from darknet_py.losses.head_loss import (
    LossInput,
    PendingLoss,
    Shown,
    TruthWidth,
    labels_width,
    loss_of,
)
from darknet_py.losses.transfer import sent

ALONE = 0.9999
"""The probability of a pair that is compared with nothing, and the largest one of any pair."""


def _width(node: Node, fork: Fork) -> TruthWidth:
    layer = node.layer
    assert isinstance(layer, Contrastive)
    if layer.yolo_layer:
        return labels_width(node, fork)
    return TruthWidth(layer.classes, False, f"{layer.classes}, one for each class")


@loss_of(Contrastive, _width)
def _loss(p: LossInput) -> PendingLoss:
    layer, truth = p.layer, p.truth.cpu()
    head, count = layer.head(p.ctx), layer.embeddings_per_cell(p.ctx)
    shape = cells(p.input, count).shape
    step_images = len(truth) // p.ctx.net.time_steps
    if head is None:
        # Images that move are to be taken for anything but their twins.
        samples = image_samples(truth, shape, p.ctx.net.label_smooth_eps, p.adversarial)
        pairs = image_pairs(samples, step_images)
    else:
        _require_tracks(p)
        samples = object_samples(head, truth, shape, p.net_size)
        pairs = object_pairs(samples, step_images, layer.contrastive_neg_max)
    return contrastive_loss(layer, p.input, count, samples, pairs)


def _require_tracks(p: LossInput) -> None:
    if p.fork.samples.truth_size != TRACKED:
        message = "labels of pjreddie's program have no track, by which boxes are told apart"
        raise p.layer.shape_error(f"{message}; train with --fork alexeyab", "yolo_layer")


def cells(x: Tensor, count: int) -> Tensor:
    """(N, A, H, W, E) of x (N, C, H, W), A = count embeddings of a cell; channels that are left
    over are part of none."""
    size = x.shape[1] // count
    return x[:, : count * size].unflatten(1, (count, size)).permute(0, 1, 3, 4, 2)


def contrastive_loss(
    layer: Contrastive, x: Tensor, count: int, samples: Samples, pairs: Pairs
) -> PendingLoss:
    """delta and cost for embeddings x (N, C, H, W), `count` of them in each cell.

    An embedding of length 0 has no direction and learns nothing; the C program stops there.
    """
    embeddings = cells(x.detach(), count)
    rows, there = embeddings.flatten(0, 3), _there(samples, pairs, x.device)
    z = rows[there.rows]
    similarity = cosines(z)
    asked = layer.cls_normalizer * asked_of(z, similarity, there, layer.temperature)
    asked = asked.clamp(-layer.max_delta, layer.max_delta)
    moved = torch.zeros_like(rows).index_copy(0, there.rows, asked).view(embeddings.shape)
    delta = torch.zeros_like(x)
    delta[:, : count * embeddings.shape[-1]] = moved.permute(0, 1, 4, 2, 3).flatten(1, 2)
    return PendingLoss(delta, _sums(delta, similarity, there), _shown)


class PairTensors(NamedTuple):
    """`Samples.rows` and `Pairs` on the device. others: (M,) how many samples are alike to each,
    also where they are not compared."""

    rows: Tensor
    compared: Tensor
    same: Tensor
    unlike: Tensor
    others: Tensor


def _there(samples: Samples, pairs: Pairs, device: torch.device) -> PairTensors:
    others = pairs.alike.sum(axis=1, dtype=np.float32)
    arrays = (samples.rows, pairs.compared, pairs.same, pairs.unlike, others)
    return PairTensors(*sent([torch.from_numpy(array) for array in arrays], device))


def cosines(z: Tensor) -> Tensor:
    """(M, M) similarities of z (M, E); 0 to an embedding of length 0."""
    direction = z / z.norm(dim=1, keepdim=True).clamp_min(torch.finfo(z.dtype).tiny)
    return direction @ direction.T


def asked_of(z: Tensor, similarity: Tensor, pairs: PairTensors, temperature: float) -> Tensor:
    """(M, E) what is asked of each embedding: towards those alike, the less likely the more, and
    away from the others, the likelier the more."""
    share = probabilities(similarity, pairs.compared, temperature)
    pull = torch.where(pairs.same, 1 - share, 0.0) - pairs.unlike * share
    asked = pull @ z - (pull * similarity).sum(dim=1, keepdim=True) * z
    scale = pairs.others[:, None] * temperature * z.norm(dim=1, keepdim=True)
    return torch.where(scale > 0, asked / scale, 0.0)


def probabilities(similarity: Tensor, compared: Tensor, temperature: float) -> Tensor:
    """(M, M): of pair i, j its share of all pairs k, j with k other than i, at most ALONE."""
    # A common factor of all changes no share, and keeps them from overflowing.
    weight = torch.where(compared, torch.exp((similarity - 1) / temperature), 0.0)
    others = weight.sum(dim=0) - weight
    share = weight / others
    return torch.where((others > 0) & (share <= 1), share, ALONE)


def _sums(delta: Tensor, similarity: Tensor, pairs: PairTensors) -> Mapping[str, Tensor]:
    """Beside the cost how many samples have both like and unlike ones, and of how many of these the
    most similar one is alike."""
    like = _largest(similarity, pairs.same)
    unlike = _largest(similarity, pairs.compared & ~pairs.same)
    both = like.isfinite() & unlike.isfinite()
    return {
        "cost": (delta * delta).sum(),
        "all": both.sum(dtype=delta.dtype),
        "good": (both & (unlike < like)).sum(dtype=delta.dtype),
    }


def _largest(values: Tensor, where: Tensor) -> Tensor:
    """(M,) of each row of (M, M) where a mask is set; -inf where it is not."""
    masked = torch.where(where, values, -torch.inf)
    # A column more, for a batch without any sample.
    return torch.nn.functional.pad(masked, (0, 1), value=-torch.inf).amax(dim=1)


def _shown(sums: Mapping[str, float]) -> Shown:
    """accuracy: per cent in whole numbers, as Darknet counts it; -1 where nothing is compared."""
    compared = sums["all"]
    accuracy = 100 * sums["good"] // compared if compared else -1.0
    return sums["cost"], {"accuracy": accuracy, "all": compared, "good": sums["good"]}
