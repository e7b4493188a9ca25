"""System, processor and memory."""

from __future__ import annotations

import os
import platform
import sys

from darknet_py.doctor.needed_packages import failures
from darknet_py.doctor.section import Examined, Fact
from darknet_py.system import cpu_model, free_memory, memory_limit, processors, total_memory

BITS = 64


def system() -> Examined:
    facts: dict[str, Fact] = {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "python_path": sys.executable,
        "virtual_environment": sys.prefix != sys.base_prefix,
        "platform": platform.platform(),
    }
    narrow = sys.maxsize < 1 << (BITS - 2)
    return Examined(facts, ("this Python has 32 bits; install one of 64",) if narrow else ())


def processor() -> Examined:
    """threads: as torch sees them, None without torch."""
    facts: dict[str, Fact] = {
        "model": cpu_model(),
        "architecture": platform.machine(),
        "processors": os.cpu_count(),
        "usable_processors": processors(),
    }
    return Examined(facts | _torch_threads())


def _torch_threads() -> dict[str, Fact]:
    if "torch" in failures():
        return {"instruction_set": None, "torch_threads": None, "torch_interop_threads": None}
    import torch

    return {
        "instruction_set": torch.backends.cpu.get_cpu_capability(),
        "torch_threads": torch.get_num_threads(),
        "torch_interop_threads": torch.get_num_interop_threads(),
    }


def memory() -> Examined:
    """limit: of the container this runs in, None where it has none of its own."""
    return Examined(
        {
            "total_bytes": total_memory(),
            "free_bytes": free_memory(),
            "container_limit_bytes": memory_limit(),
        }
    )
