"""What the processes of a group tell each other."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from darknet_py.distributed.list_share import ListShare
from darknet_py.errors import DarknetError
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
    import torch.distributed as dist
else:
    torch, dist = deferred("torch"), deferred("torch.distributed")

T = TypeVar("T")


@dataclass(frozen=True)
class DistributedContext(ListShare):
    """This process among all: alone unless torch.distributed is set up.

    group: of torch.distributed, for objects and flags; None: the group of all.
    """

    group: Any = None

    @staticmethod
    def here() -> DistributedContext:
        """The process group that is set up, else one process."""
        if dist.is_available() and dist.is_initialized():
            return DistributedContext(dist.get_rank(), dist.get_world_size())
        return DistributedContext()

    def mean(self, value: float, device: torch.device) -> float:
        """The mean of every process's value."""
        if self.world == 1:
            return value
        total = torch.tensor(value, dtype=torch.float64, device=device)
        dist.all_reduce(total)
        return float(total) / self.world

    def mean_and_any(self, value: float, flag: bool, device: torch.device) -> tuple[float, bool]:
        """Both of every process, told at once: the mean is NaN where a value is."""
        if self.world == 1:
            return value, flag
        total = torch.tensor([value, float(flag)], dtype=torch.float64, device=device)
        dist.all_reduce(total)
        mean, flags = (total / self.world).tolist()
        return mean, flags > 0

    def any(self, flag: bool, device: torch.device) -> bool:
        """Whether the flag is set in any process."""
        return self.mean(float(flag), device) > 0

    def share(self, tensors: list[torch.Tensor]) -> None:
        """Give every process the first one's tensors."""
        if self.world > 1:
            for tensor in tensors:
                dist.broadcast(tensor, 0)

    def of_all(self, value: T) -> list[T]:
        """Every process's value, in the order of their ranks; of small things."""
        if self.world == 1:
            return [value]
        values: list[Any] = [None] * self.world
        with _others_there():
            dist.all_gather_object(values, value, group=self.group)
        return values

    def at_first(self, value: T) -> list[T]:
        """The same in the first process, and nothing in the others."""
        if self.world == 1:
            return [value]
        values: list[Any] | None = [None] * self.world if self.first else None
        with _others_there():
            dist.gather_object(value, values, 0, group=self.group)
        return values or []

    def from_first(self, value: T) -> T:
        """The first process's value, in all of them."""
        if self.world == 1:
            return value
        values = [value if self.first else None]
        with _others_there():
            dist.broadcast_object_list(values, 0, group=self.group)
        assert values[0] is not None
        return values[0]

    def end_together(self) -> None:
        """Wait for all processes; what training has sent and received is let go of meanwhile.

        DistributedDataParallel leaves the group's threads running. One that lets go of a tensor
        wants Python's lock, and aborts a process that ends at that moment.
        """
        if self.world > 1:
            dist.barrier()


ALONE = DistributedContext()


@contextlib.contextmanager
def _others_there() -> Iterator[None]:
    """Raises DarknetError where another process has ended before its part was done.

    What it died of is said by itself or by torchrun, which ends the others as well.
    """
    try:
        yield
    except RuntimeError as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise DarknetError(
            f"another process has ended before its part was done: {reason}"
        ) from None
