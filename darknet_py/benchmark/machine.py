"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from darknet_py import __version__
from darknet_py.enginetable import ENGINES

CPU_FACTS = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Machine:
    """processors: those this process may use. threads: of torch. device: with its name on CUDA."""

    cpu: str
    processors: int
    threads: int
    device: str
    system: str
    python: str
    torch: str
    darknet_py: str


def machine(device: torch.device) -> Machine:
    return Machine(
        cpu=cpu_model(),
        processors=_processors(),
        threads=torch.get_num_threads(),
        device=_device_name(device),
        system=platform.platform(),
        python=platform.python_version(),
        torch=torch.__version__,
        darknet_py=__version__,
    )


def cpu_model(facts: Path = CPU_FACTS) -> str:
    """The processor's name as the system gives it; its architecture where it gives none."""
    try:
        lines = facts.read_text(errors="replace").splitlines()
    except OSError:  # only Linux has the file
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return f"{device}: {torch.cuda.get_device_name(device)}"
    return str(device)


def engine_version(engine: str) -> str:
    """Of the package that runs the network: torch's own where the engine needs no other."""
    names = ENGINES[engine].modules or ("torch",)
    return ", ".join(_version(name) for name in names)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # a module whose package has another name
        return "unknown"
