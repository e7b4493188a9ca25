"""What one pass through a network is told beside its input."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from darknet_py.layers.torch_kernels import Convolve, Repair, convolve

if TYPE_CHECKING:
    import torch


class Progress(NamedTuple):
    """How far a training is, for the layers whose pass depends on it (`Layer.progress_needs`).

    Tensors on the network's device, not numbers: a compiled pass stays the same program from step
    to step. completed: (), the updates made before this one. part: (), which sub-batch of the
    update the pass is, from 1. boxes: (N, T, 4) the labels' x, y, w, h as shares of the image;
    those of an image end at the first x of 0; T is 0 where no layer reads them or labels are no
    boxes. averages: layer index -> (2, C), kept from one sub-batch of an update to the next; layers
    write into them.
    """

    completed: torch.Tensor
    part: torch.Tensor
    boxes: torch.Tensor
    averages: Mapping[int, torch.Tensor]


class ProgressNeeds(NamedTuple):
    """What a layer reads of `Progress` beside its numbers. labels: boxes. averaged: C of its
    averages, 0 for none."""

    labels: bool = False
    averaged: int = 0


@dataclass
class Run:
    """One pass through a network.

    training: batch statistics and dropout are active. state: what recurrent layers carry from one
    pass to the next, by layer index; None starts every pass from zero. darknet_outputs: filled by
    `trace` where the C program's output buffer has something else than what it passes on.
    capture: layers whose inputs are put into `captured`. no_grad_layers: no gradient passes them.
    freeze_before: layers before this index run as at inference. sync_batchnorm: batch statistics
    are taken over all processes of a distributed training instead of each one's own.
    rolling_statistics: batch normalisation takes the rolling statistics as they are, as at
    inference. convolve: by what [convolutional] convolves. limit_delta: what limits the gradient
    that reaches an output of [connected] or the bottleneck of [conv_lstm], itself unchanged.
    smooth_delta: what adds to the gradient of an output of [convolutional], as smooth= asks by this
    rate. repair: what [convolutional] passes its input and output through. progress: how far a
    training is; None is a pass by itself, which no labels belong to and which is all of its batch.
    """

    training: bool = False
    state: dict[int, Any] | None = None
    darknet_outputs: dict[int, torch.Tensor] | None = None
    capture: frozenset[int] = frozenset()
    captured: dict[int, torch.Tensor] = field(default_factory=dict)
    no_grad_layers: frozenset[int] = frozenset()
    freeze_before: int = 0
    sync_batchnorm: bool = False
    rolling_statistics: bool = False
    convolve: Convolve = convolve
    limit_delta: Callable[[torch.Tensor], torch.Tensor] | None = None
    smooth_delta: Callable[[torch.Tensor, float], torch.Tensor] | None = None
    repair: Repair | None = None
    progress: Progress | None = None

    def at(self, index: int) -> Run:
        """The run as layer `index` sees it."""
        return dataclasses.replace(self, training=False) if index < self.freeze_before else self
