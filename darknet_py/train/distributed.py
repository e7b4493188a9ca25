"""This process among those of a distributed training; alone unless torch.distributed is set up."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.distributed as dist


@dataclass(frozen=True)
class DistributedContext:
    """rank: number of this process, from 0. world: how many there are."""

    rank: int = 0
    world: int = 1

    @staticmethod
    def here() -> DistributedContext:
        """The process group that is set up, else one process."""
        if dist.is_available() and dist.is_initialized():
            return DistributedContext(dist.get_rank(), dist.get_world_size())
        return DistributedContext()

    @property
    def first(self) -> bool:
        """Whether this is the process that writes and prints."""
        return self.rank == 0

    def mean(self, value: float, device: torch.device) -> float:
        """The mean of every process's value."""
        if self.world == 1:
            return value
        total = torch.tensor(value, dtype=torch.float64, device=device)
        dist.all_reduce(total)
        return float(total) / self.world

    def any(self, flag: bool, device: torch.device) -> bool:
        """Whether the flag is set in any process."""
        return self.mean(float(flag), device) > 0

    def share(self, tensors: list[torch.Tensor]) -> None:
        """Give every process the first one's tensors."""
        if self.world > 1:
            for tensor in tensors:
                dist.broadcast(tensor, 0)
