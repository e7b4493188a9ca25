"""Deltas that [yolo] heads leave out: badlabels_rejection_percentage, num_sigmas_reject_badlabels
and equidistant_point of [net]."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from darknet_py.forks import Fork
from darknet_py.layers.net import Net

KEPT = 0.99
"""Share of a rolling value that stays at each head of each sub-batch."""
ROLLING_VALUES = 4
STEP = 0.01
"""By how much the threshold of badlabels_rejection_percentage moves."""
EQUIDISTANT_SHARE = 1.4


@dataclass
class DeltaRejection:
    """Sets deltas to 0 that lie beyond thresholds rolling on from head to head, step to step.

    Large ones are taken for wrong labels, from three quarters of max_batches on; small ones, from
    equidistant_point on, for what is learnt. All [yolo] heads share the rolling values; gaussian
    and region heads leave nothing out. state: float32 (4,), the threshold in force of
    badlabels_rejection_percentage, then maximum, mean and standard deviation of the deltas. Of
    several processes that train together each has its own, as the devices of Darknet's `-gpus`.
    """

    net: Net
    state: Tensor

    @property
    def start(self) -> int:
        """Large deltas are left out once more updates than this are complete."""
        return self.net.max_batches * 3 // 4

    def __call__(self, delta: Tensor, entries: int, completed: int) -> Tensor:
        """delta of a head without what is left out now; moves the state.

        delta: any shape. entries: values of one box of the head. completed: updates before this.
        """
        late, small = completed > self.start, self._leaves_small_out(completed)
        far, share = self.net.num_sigmas_reject_badlabels, self.net.badlabels_rejection_percentage
        if not (small or (late and (far or share))):
            return delta
        progress = self._progress(completed)
        least = self.state[2] * (progress * EQUIDISTANT_SHARE)
        self._roll(delta)
        if late and far:
            delta, limit = self._without_far(delta, completed)
            least = torch.minimum(limit, self.state[2]) * progress
        if late and share:
            delta = self._without_share(delta, entries)
        return torch.where(delta.abs() < least, 0.0, delta) if small else delta

    def _leaves_small_out(self, completed: int) -> bool:
        point = self.net.equidistant_point
        return bool(point) and point < completed

    def _progress(self, completed: int) -> float:
        """From 0 at equidistant_point to 1 at the end."""
        point = self.net.equidistant_point
        return (completed - point) / ((self.net.max_batches - point) or 1)

    def _roll(self, delta: Tensor) -> None:
        size = _counted(delta).abs()
        most, mean = size.max(), size.sum() / _count(delta)
        before = torch.where(self.state[1] == 0, most, self.state[1])
        self.state[1] = before * KEPT + most * (1 - KEPT)
        self.state[2] = self.state[2] * KEPT + mean * (1 - KEPT)

    def _without_far(self, delta: Tensor, completed: int) -> tuple[Tensor, Tensor]:
        """Deltas up to so many deviations above the mean, and that limit, which the threshold
        sinks to from the maximum. The limit has the deviation before this head's."""
        _, most, mean, deviation = self.state.clone()
        # Darknet takes the mean of sizes off the signed deltas.
        off = torch.where(_counted(delta) != 0, delta - mean, 0.0)
        current = ((off * off).sum() / _count(delta)).sqrt()
        self.state[3] = deviation * KEPT + current * (1 - KEPT)
        limit = mean + deviation * self.net.num_sigmas_reject_badlabels
        sunk = (completed - self.start) / max(1, self.start)
        threshold = torch.maximum(limit, most - sunk * (most - limit).abs())
        return torch.where(delta.abs() > threshold, 0.0, delta), limit

    def _without_share(self, delta: Tensor, entries: int) -> Tensor:
        """Deltas below a threshold that moves to where the percentage of boxes is left out, each
        value taken for a box."""
        threshold = torch.where(self.state[0] == 0, self.state[1], self.state[0])
        rejected = delta.abs() > threshold
        percent = 100 * rejected.sum() * entries / _count(delta)
        more = percent > self.net.badlabels_rejection_percentage
        lower = torch.where(threshold > STEP, threshold - STEP, threshold)
        self.state[0] = torch.where(more, threshold + STEP, lower)
        return torch.where(rejected, 0.0, delta)


def _counted(delta: Tensor) -> Tensor:
    """The deltas that statistics are made of: those that are not 0, nor not finite."""
    return torch.where(delta.isfinite(), delta, 0.0)


def _count(delta: Tensor) -> Tensor:
    """How many; 1 instead of none, where Darknet divides by 0."""
    return (_counted(delta) != 0).sum().clamp(min=1)


def delta_rejection(net: Net, fork: Fork, device: torch.device) -> DeltaRejection | None:
    """The one that [net] asks for, None where it asks for none or the fork has none."""
    asked = net.badlabels_rejection_percentage or net.num_sigmas_reject_badlabels
    if not (fork.loss.delta_rejection and (asked or net.equidistant_point)):
        return None
    return DeltaRejection(net, torch.zeros(ROLLING_VALUES, device=device))
