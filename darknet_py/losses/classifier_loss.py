"""Losses of classifiers: [softmax], [logistic] and [cost]."""

from __future__ import annotations

import torch
from torch import Tensor

from darknet_py.forks import Fork
from darknet_py.layers.pointwise import Logistic
from darknet_py.layers.scores import Cost, Softmax
from darknet_py.layers.tree import UNKNOWN
from darknet_py.losses.head_loss import (
    LossInput,
    PendingLoss,
    cost_alone,
    loss_of,
    outputs_width,
    probabilities_width,
)

LOGISTIC_FLOOR = 1e-7
SOFTMAX_FLOOR = torch.finfo(torch.float32).tiny
"""Of the probability in -log: where it is 0 the C programs print an infinite loss and train on."""


@loss_of(Softmax, probabilities_width)
def _softmax(p: LossInput) -> PendingLoss:
    return softmax_loss(p.layer, p.output, p.truth if p.layer.noloss else p.truth_there)


@loss_of(Logistic, outputs_width)
def _logistic(p: LossInput) -> PendingLoss:
    return logistic_loss(p.output, p.truth_there)


@loss_of(Cost, outputs_width)
def _cost(p: LossInput) -> PendingLoss:
    return cost_loss(p.layer, p.input, p.truth_there, p.fork)


def softmax_loss(layer: Softmax, output: Tensor, truth: Tensor) -> PendingLoss:
    """Cross entropy of probabilities (N, C, H, W) with a truth of as many values.

    The delta is truth - probability whatever the temperature, as in both programs.
    """
    probability = output.detach()
    if layer.noloss:
        return PendingLoss(torch.zeros_like(probability), {}, lambda _: (0.0, {}))
    truth = truth.reshape(probability.shape)
    delta = truth - probability
    loss = torch.where(truth != 0, -torch.log(probability.clamp_min(SOFTMAX_FLOOR)), 0.0)
    if layer.tree:
        unknown = truth == UNKNOWN
        delta, loss = delta.masked_fill(unknown, 0), loss.masked_fill(unknown, 0)
    return PendingLoss(delta, {"cost": loss.sum()}, cost_alone)


def logistic_loss(output: Tensor, truth: Tensor) -> PendingLoss:
    """Binary cross entropy of the probabilities of [logistic] with a truth of as many values."""
    probability = output.detach()
    truth = truth.reshape(probability.shape)
    yes = truth * torch.log(probability + LOGISTIC_FLOOR)
    no = (1 - truth) * torch.log(1 - probability + LOGISTIC_FLOOR)
    return PendingLoss(truth - probability, {"cost": -(yes + no).sum()}, cost_alone)


def cost_loss(layer: Cost, inputs: Tensor, truth: Tensor, fork: Fork) -> PendingLoss:
    """[cost] over its input (N, C, H, W) and a truth of as many values; ratio= has no effect."""
    pred, truth = inputs.detach(), truth.reshape(inputs.shape)
    unknown = (truth == UNKNOWN) if layer.type == "masked" else torch.zeros_like(truth).bool()
    if fork.loss.cost_kinds and layer.smooth:
        truth = (1 - layer.smooth) * truth + layer.smooth / pred[0].numel()
    delta, loss = _difference(layer, pred, truth, fork)
    delta, loss = delta.masked_fill(unknown, 0), loss.masked_fill(unknown, 0)
    if fork.loss.cost_kinds and layer.thresh:
        small = delta.abs() < abs(layer.thresh) / pred[0].numel()
        delta = delta.masked_fill(small, 0)
    return PendingLoss(layer.scale * delta, {"cost": loss.sum()}, cost_alone)


def _difference(layer: Cost, pred: Tensor, truth: Tensor, fork: Fork) -> tuple[Tensor, Tensor]:
    """delta and loss of every value."""
    kind, away = layer.type, truth - pred
    if kind == "smooth":
        near = away.abs() < 1
        return torch.where(near, away, _sign(away)), torch.where(near, away**2, 2 * away.abs() - 1)
    if fork.loss.cost_kinds and kind == "L1":
        return _sign(away), away.abs()
    if fork.loss.cost_kinds and kind == "wgan":
        return _sign(truth), torch.where(truth != 0, -pred, pred)
    weight = torch.ones_like(pred)
    if fork.loss.cost_kinds and kind == "seg":
        weight = torch.where(truth == 0, layer.noobj, weight)
    return weight * away, weight * away**2


def _sign(x: Tensor) -> Tensor:
    """1 or -1; Darknet counts 0 as negative."""
    return torch.where(x > 0, 1.0, -1.0)
