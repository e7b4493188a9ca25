"""What the metrics were measured on."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import torch

from darknet_py import __version__
from darknet_py.engines.table import ENGINES
from darknet_py.system import cpu_model, processors


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
        processors=processors(),
        threads=torch.get_num_threads(),
        device=_device_name(device),
        system=platform.platform(),
        python=platform.python_version(),
        torch=torch.__version__,
        darknet_py=__version__,
    )


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
