"""`-gpus`: the same command once more, by torchrun, with one process for each device."""

from __future__ import annotations

import os
import subprocess
import sys

import torch

from darknet_py.errors import DarknetError


def relaunched(gpus: str | None) -> int | None:
    """The exit code of the processes for `-gpus 0,1,...`; None where this process is to train."""
    if gpus is None or "WORLD_SIZE" in os.environ:
        return None
    numbers = _numbers(gpus)
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, numbers))
    if len(numbers) == 1:
        return None
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    program = [f"--nproc-per-node={len(numbers)}", "-m", "darknet_py"]
    return subprocess.call([*torchrun, *program, *sys.argv[1:]])


def _numbers(gpus: str) -> list[int]:
    try:
        numbers = [int(word) for word in gpus.split(",")]
    except ValueError:
        raise DarknetError(f"-gpus {gpus}: expected device numbers such as 0,1,2") from None
    there = torch.cuda.device_count()
    wrong = [number for number in numbers if not 0 <= number < there]
    if wrong or len(set(numbers)) < len(numbers):
        message = f"-gpus {gpus}: this torch sees {there} CUDA devices"
        cure = "without CUDA, run `torchrun --nproc-per-node N -m darknet_py train ... --nogpu`"
        raise DarknetError(f"{message}; {cure}")
    return numbers
