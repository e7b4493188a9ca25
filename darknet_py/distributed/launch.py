"""How `-gpus` starts a process for each device."""

from __future__ import annotations

import logging
import os
import subprocess
import sys

import torch

from darknet_py.errors import DarknetError

logger = logging.getLogger(__name__)

VISIBLE = "CUDA_VISIBLE_DEVICES"


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
