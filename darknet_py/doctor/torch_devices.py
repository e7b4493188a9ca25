"""What torch can run on beside the processor."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable

import torch

from darknet_py.doctor.section import Examined, Fact

SECONDS = 20
"""After which nvidia-smi is not waited for: a driver in trouble lets it hang."""
DRIVER = ("--query-gpu=driver_version", "--format=csv,noheader")
CUDA_CURE = "a CUDA build is chosen at https://pytorch.org/get-started/locally"


def devices() -> Examined:
    there = torch.cuda.is_available()
    cards = [_card(number) for number in range(torch.cuda.device_count())] if there else []
    driver = nvidia_driver()
    facts: dict[str, Fact] = {
        "cuda_build": torch.version.cuda,
        "rocm_build": torch.version.hip,
        "driver": driver,
        "cudnn": torch.backends.cudnn.version() if torch.version.cuda else None,
        "cuda": list[Fact](cards),
        "mps": torch.backends.mps.is_available(),
    }
    foreign = [remark for card in cards if (remark := _foreign(card, torch.cuda.get_arch_list()))]
    return Examined(facts, tuple(foreign), tuple(_cuda_remark(there, driver)))


def _card(number: int) -> dict[str, Fact]:
    facts = torch.cuda.get_device_properties(number)
    free, total = torch.cuda.mem_get_info(number)
    return {
        "device": f"cuda:{number}",
        "name": facts.name,
        "compute_capability": f"{facts.major}.{facts.minor}",
        "total_bytes": total,
        "free_bytes": free,
    }


def _cuda_remark(there: bool, driver: str | None) -> list[str]:
    if there:
        return []
    if torch.version.cuda:
        reason = "but no device or driver; see what nvidia-smi says"
        return [f"this torch is built for CUDA {torch.version.cuda}, {reason}"]
    if driver:
        reason = f"there is a driver of NVIDIA's ({driver}), but this torch is built without CUDA"
        return [f"{reason}; {CUDA_CURE}"]
    return []


def _foreign(card: dict[str, Fact], built_for: Iterable[str]) -> str:
    """What to say of a card that this build of torch has no machine code for."""
    major, minor = map(int, str(card["compute_capability"]).split("."))
    known = [match.groups() for word in built_for if (match := re.match(ARCHITECTURE, word))]
    for kind, digits in known:
        other = divmod(int(digits), 10)
        later = (major, minor) >= other
        if later and (kind == "compute" or major == other[0]):
            return ""
    if not known:
        return ""
    what = f"{card['device']} ({card['name']}): this torch has no code for compute capability"
    return f"{what} {major}.{minor}; use --device cpu, or another torch: {CUDA_CURE}"


ARCHITECTURE = r"(sm|compute)_(\d+)"
"""Machine code runs on the same generation and later steps of it, `compute` on all that follow."""


def nvidia_driver() -> str | None:
    """The version of the system's driver; None without one."""
    if not shutil.which("nvidia-smi"):
        return None
    try:
        done = subprocess.run(
            ["nvidia-smi", *DRIVER],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip().splitlines()[0] if done.returncode == 0 and done.stdout else None
