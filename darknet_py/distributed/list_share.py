"""Which part of a list each of several processes takes; known before torch is imported."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class ListShare:
    """This process among all.

    rank: its number, from 0. world: how many there are.
    """

    rank: int = 0
    world: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that writes and prints."""
        return self.rank == 0

    def numbers(self, total: int, batch: int) -> list[int]:
        """The indices of this process's part of a list of `total`, in order.

        Batches go round the processes: each has its part of what lies together in the list, such
        as the large images of one camera, and the batches are those of one process, whose sums are
        the same then to the last bit. batch: items that run at once; of a short list no process
        takes more than its part.
        """
        block = max(1, min(batch, -(-total // self.world)))
        return [item for item in range(total) if item // block % self.world == self.rank]


def expected_share() -> ListShare:
    """That of the group this process is in, or is to join by what torchrun has told it."""
    dist = sys.modules.get("torch.distributed")
    if dist is not None and dist.is_available() and dist.is_initialized():
        return ListShare(dist.get_rank(), dist.get_world_size())
    if not started_in_a_group():
        return ListShare()
    return ListShare(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]))


def started_in_a_group() -> bool:
    """Whether torchrun, or what does the same, has started this process."""
    return "WORLD_SIZE" in os.environ and "RANK" in os.environ


def local_rank() -> int:
    """The number of this process among those on its machine."""
    return int(os.environ.get("LOCAL_RANK", "0"))
