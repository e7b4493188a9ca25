"""Losses in Darknet's sense: the delta that trains, and the cost that is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from darknet_py.forks import Fork
from darknet_py.layers.base import Layer
from darknet_py.layers.detection import Detection
from darknet_py.layers.pointwise import Logistic
from darknet_py.layers.region import Region
from darknet_py.layers.scores import Cost, Softmax
from darknet_py.layers.yolo import GaussianYolo, Yolo
from darknet_py.losses.classify import cost_loss, logistic_loss, softmax_loss
from darknet_py.losses.detection import detection_loss
from darknet_py.losses.gaussian_yolo import gaussian_yolo_loss
from darknet_py.losses.region import region_loss
from darknet_py.losses.truth import HeadLoss, read_targets
from darknet_py.losses.yolo import yolo_loss


@dataclass(frozen=True)
class Pass:
    """One layer in one pass: its input and output (N, C, H, W) and the truth (N, truths).

    seen: images the network has seen, these included. generator: for what is random.
    """

    layer: Any
    input: Tensor
    output: Tensor
    truth: Tensor
    net_size: tuple[int, int]
    fork: Fork
    seen: int
    generator: torch.Generator

    @property
    def labels(self) -> Any:
        return read_targets(self.truth, self.fork.truth_size)


def _yolo(p: Pass) -> HeadLoss:
    return yolo_loss(p.layer, p.output, p.labels, p.net_size, p.fork)


def _gaussian_yolo(p: Pass) -> HeadLoss:
    return gaussian_yolo_loss(p.layer, p.output, p.labels, p.net_size, p.fork)


def _region(p: Pass) -> HeadLoss:
    return region_loss(p.layer, p.output, p.labels, p.net_size, p.fork, p.seen)


def _detection(p: Pass) -> HeadLoss:
    return detection_loss(p.layer, p.output, p.truth, p.fork, p.seen, p.generator)


def _softmax(p: Pass) -> HeadLoss:
    return softmax_loss(p.layer, p.output, p.truth)


def _logistic(p: Pass) -> HeadLoss:
    return logistic_loss(p.output, p.truth)


def _cost(p: Pass) -> HeadLoss:
    return cost_loss(p.layer, p.input, p.truth, p.fork)


LOSSES: dict[type[Layer], Callable[[Pass], HeadLoss]] = {
    Yolo: _yolo,
    GaussianYolo: _gaussian_yolo,
    Region: _region,
    Detection: _detection,
    Softmax: _softmax,
    Logistic: _logistic,
    Cost: _cost,
}
"""The loss of each kind that has one."""
