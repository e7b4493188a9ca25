"""The processes of a distributed training: how `-gpus` starts them, what they tell each other."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from dataclasses import dataclass

import torch
import torch.distributed as dist

from darknet_py.errors import DarknetError

logger = logging.getLogger(__name__)

VISIBLE = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True)
class DistributedContext:
    """This process among all: alone unless torch.distributed is set up.

    rank: number of this process, from 0. world: how many there are.
    """

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

    def end_together(self) -> None:
        """Wait for all processes; what training has sent and received is let go of meanwhile.

        DistributedDataParallel leaves the group's threads running. One that lets go of a tensor
        wants Python's lock, and aborts a process that ends at that moment.
        """
        if self.world > 1:
            dist.barrier()


def devices(gpus: str | None) -> list[int]:
    """The devices of `-gpus 0,1,...`, none without it and in the processes it has started.

    Raises DarknetError for what are no devices of this machine.
    """
    return [] if gpus is None or "WORLD_SIZE" in os.environ else _numbers(gpus)


def relaunch(numbers: list[int]) -> int:
    """Run this very command once more, by torchrun, with a process for each device.

    Returns their exit code.
    """
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    program = [f"--nproc-per-node={len(numbers)}", "-m", "darknet_py"]
    # Numbers count among the devices that are visible already.
    visible = os.environ.get(VISIBLE)
    names = visible.split(",") if visible else [str(number) for number in range(max(numbers) + 1)]
    there = os.environ | {VISIBLE: ",".join(names[number] for number in numbers)}
    return subprocess.call([*torchrun, *program, *sys.argv[1:]], env=there)


def _numbers(gpus: str) -> list[int]:
    try:
        numbers = [int(word) for word in gpus.split(",")]
    except ValueError:
        raise DarknetError(f"-gpus {gpus}: expected device numbers such as 0,1,2") from None
    there = torch.cuda.device_count()
    if not there:
        cure = "; torchrun --nproc-per-node N -m darknet_py ... --nogpu runs several processes"
        message = "-gpus %s: this torch sees no CUDA device, training on the CPU%s"
        logger.warning(message, gpus, cure if len(numbers) > 1 else "")
        return []
    wrong = [number for number in numbers if not 0 <= number < there]
    if wrong or len(set(numbers)) < len(numbers):
        message = f"-gpus {gpus}: this torch sees {there} CUDA devices"
        raise DarknetError(f"{message}, numbered from 0; name each once")
    return numbers
