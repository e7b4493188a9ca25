"""A network made into machine code by torch's own compiler, kept on disk for the next start.

torch.export follows the network once, Inductor turns what it saw into C++ (or Triton) with the
weights inside ("freezing"), and the result is a package that loads in an instant without either.
"""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from darknet_py.engines.cache import NetworkFiles
from darknet_py.engines.cache_folder import keep_inductor_private
from darknet_py.engines.eager import EagerProgram, Rules, prepared_yolo
from darknet_py.layers.yolo import Yolo
from darknet_py.network.network import Network
from darknet_py.system import instruction_set

logger = logging.getLogger(__name__)
Call = Callable[[Tensor], list[Tensor]]
OPTIONS: dict[str, Any] = {"freezing": True}


RULES: Rules = {Yolo: prepared_yolo}


class _Followed(nn.Module):
    """The network's arithmetic without its bookkeeping, as torch.export follows it."""

    def __init__(self, network: Network, batch: int) -> None:
        super().__init__()
        self.network = network  # makes its tensors this module's
        self.program = EagerProgram(network, batch, RULES)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.program(x))


class CannotCompile(Exception):
    """There is no compiler here, or it failed."""


def compiled(files: NetworkFiles, x: Tensor, precision: str) -> Call:
    """The compiled form of a network (as `for_inference` gives it) for inputs just like x.

    precision: that of the engine's config; TensorFloat-32 has x's type, but code of its own.

    It runs on as many threads as torch has now. Raises CannotCompile, with the reason.
    """
    threads = torch.get_num_threads()
    words = ["inductor", tuple(x.shape), precision, x.device.type, threads, _machine(x)]
    words += [x.is_contiguous()]
    path = files.get(words, ".pt2", partial(_make, files.network, x))
    try:
        return _loaded(path, x.device)
    except RuntimeError as failure:  # such as no room in /tmp, where torch unpacks it
        raise CannotCompile(f"{path}: {_reason(failure)}") from failure


def _make(network: Network, x: Tensor, path: Path) -> None:
    start, name = time.perf_counter(), network.graph.path
    logger.info("%s: compiling, once for this machine and batch %d ...", name, len(x))
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _compile(network, x, path)
    except Exception as failure:
        raise CannotCompile(_reason(failure)) from failure
    logger.info("%s: compiled in %.0f s", name, time.perf_counter() - start)


def _compile(network: Network, x: Tensor, path: Path) -> None:
    keep_inductor_private()
    exported = torch.export.export(_Followed(network, len(x)).eval(), (x,))
    # torch writes into the options it is given.
    torch._inductor.aoti_compile_and_package(
        exported, package_path=str(path), inductor_configs=dict(OPTIONS)
    )


def _loaded(path: Path, device: torch.device) -> Call:
    """The package, ready to run; torch's own way to load it imports the compiler, which is slow.

    On CUDA it goes to this device, not to the current one, and runs without the events between its
    threads, which cannot be recorded.
    """
    cuda = device.type == "cuda"
    loader = getattr(getattr(torch._C, "_aoti", None), "AOTIModelPackageLoader", None)
    if loader is None:
        with torch.cuda.device(device) if cuda else nullcontext():
            package = torch._inductor.aoti_load_package(str(path))
        return lambda x: list(package(x))
    package = loader(str(path), "model", cuda, 1, device.index if cuda else -1)
    return lambda x: list(package.run([x]))


def _reason(failure: Exception) -> str:
    """The first line of what went wrong."""
    lines = str(failure).strip().splitlines()
    return lines[0] if lines else type(failure).__name__


def _machine(x: Tensor) -> str:
    """What the machine code is made for."""
    return torch.cuda.get_device_name(x.device) if x.device.type == "cuda" else instruction_set()
