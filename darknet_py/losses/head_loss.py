"""What every loss takes and gives, and which layer kinds have one: each loss registers itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from darknet_py.forks import Fork
from darknet_py.layers.base import Layer, LayerContext, Node
from darknet_py.layers.scores import Softmax


@dataclass(frozen=True)
class Targets:
    """The labelled boxes of N images, padded to the most of one.

    boxes: (N, T, 4) x, y, w, h relative; classes: (N, T) int64; valid: (N, T) bool.
    """

    boxes: Tensor
    classes: Tensor
    valid: Tensor


def read_targets(array: Tensor, size: int) -> Targets:
    """Rows of `size` values (x y w h class [track]); an image's boxes end at the first x of 0."""
    rows = array.reshape(len(array), -1, size)
    valid = (rows[..., 0] != 0).to(torch.int8).cumprod(dim=1).bool()
    most = max(1, int(valid.sum(dim=1).max())) if valid.numel() else 1
    rows, valid = rows[:, :most], valid[:, :most]
    return Targets(rows[..., :4], rows[..., 4].long(), valid)


@dataclass(frozen=True)
class HeadLoss:
    """delta: (N, C, H, W), the NEGATIVE gradient at the head's input. cost: what Darknet shows.

    metrics: the numbers of the head's log line by name (averages over `count` boxes).
    """

    delta: Tensor
    cost: float
    metrics: dict[str, float]


Shown = tuple[float, dict[str, float]]
"""A head's cost and the numbers of its log line."""


@dataclass(frozen=True)
class PendingLoss:
    """A loss as the device knows it: the host does not wait for its numbers until it reads them.

    delta: as of HeadLoss. sums: single float32 values beside it, by name. shown: what they come to
    as numbers of the host.
    """

    delta: Tensor
    sums: Mapping[str, Tensor]
    shown: Callable[[Mapping[str, float]], Shown]

    def read(self) -> HeadLoss:
        """Waits for the device."""
        return read_losses([self])[0]


def read_losses(losses: Sequence[PendingLoss]) -> list[HeadLoss]:
    """The numbers of all of them, which the host waits for once."""
    sums = [value for loss in losses for value in loss.sums.values()]
    numbers = iter(torch.stack(sums).tolist() if sums else [])
    return [
        HeadLoss(loss.delta, *loss.shown(dict(zip(loss.sums, numbers, strict=False))))
        for loss in losses
    ]


def sum_of_squares(delta: Tensor) -> Mapping[str, Tensor]:
    """The sums of a loss that shows nothing else, see `cost_alone`."""
    return {"cost": (delta * delta).sum()}


def cost_alone(sums: Mapping[str, float]) -> Shown:
    return sums["cost"], {}


@dataclass(frozen=True)
class LossInput:
    """One layer in one pass: its input and output (N, C, H, W) and the truth (N, truths).

    truth: on the host, where it costs no waiting to look at, or on any other device. seen: images
    the network has seen, these included. generator: of the host, for what is random. ctx: where the
    layer stands in its network. reject: leaves out a part of the delta of a [yolo] head (any shape,
    and the values of one box). adversarial: the delta is to hide what the network finds, not to
    teach it; the truth is all 0 then.
    """

    layer: Any
    input: Tensor
    output: Tensor
    truth: Tensor
    net_size: tuple[int, int]
    fork: Fork
    seen: int
    generator: torch.Generator
    ctx: LayerContext
    reject: Callable[[Tensor, int], Tensor] | None = None
    adversarial: bool = False

    @property
    def labels(self) -> Targets:
        """On the host."""
        return read_targets(self.truth.cpu(), self.fork.samples.truth_size)

    @property
    def truth_there(self) -> Tensor:
        """The truth beside the output."""
        return self.truth.to(self.output.device, non_blocking=True)


class TruthWidth(NamedTuple):
    """How many values an image's truth has, or a multiple of it; 0: any. words: what they are."""

    values: int
    multiple: bool
    words: str

    def fits(self, width: int) -> bool:
        if not self.values:
            return True
        return width % self.values == 0 and width > 0 if self.multiple else width == self.values


def labels_width(node: Node, fork: Fork) -> TruthWidth:
    """Of heads whose truth is boxes."""
    size = fork.samples.truth_size
    track = " track" if size > BOX_VALUES else ""
    return TruthWidth(size, True, f"a multiple of {size}: x y w h class{track} of each box")


def outputs_width(node: Node, fork: Fork) -> TruthWidth:
    """Of losses over all the values of a layer."""
    count = node.shapes[0].size
    return TruthWidth(count, False, f"{count}, one for each output")


def probabilities_width(node: Node, fork: Fork) -> TruthWidth:
    """The same, but for a softmax that learns nothing."""
    assert isinstance(node.layer, Softmax)
    return TruthWidth(0, False, "any") if node.layer.noloss else outputs_width(node, fork)


BOX_VALUES = 5
Loss = Callable[[LossInput], PendingLoss]
LOSSES: dict[type[Layer], Loss] = {}
"""The loss of each kind that has one."""
WIDTHS: dict[type[Layer], Callable[[Node, Fork], TruthWidth]] = {}
"""How wide the truth of each of these is."""


def loss_of(
    kind: type[Layer], width: Callable[[Node, Fork], TruthWidth] = labels_width
) -> Callable[[Loss], Loss]:
    """Register a function as the loss of a kind, and how wide its truth is."""

    def register(loss: Loss) -> Loss:
        if kind in LOSSES:
            raise ValueError(f"[{kind.KIND}] has two losses")
        LOSSES[kind], WIDTHS[kind] = loss, width
        return loss

    return register
