"""A network made into machine code by torch's own compiler, kept on disk for the next start.

torch.export follows the network once, Inductor turns what it saw into C++ (or Triton) with the
weights inside ("freezing"), and the result is a package that loads in an instant without either.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import torch
from torch import Tensor, nn

from darknet_py.engines.cache import cached
from darknet_py.layers.base import INPUT, Run
from darknet_py.network import HALVES, Network

Call = Callable[[Tensor], list[Tensor]]
OPTIONS = {"freezing": True}


class _Followed(nn.Module):
    """The network's arithmetic without its bookkeeping, as torch.export follows it."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        graph, kept, run = self.network.graph, {INPUT: x}, Run()
        for node in graph.nodes:
            inputs = [kept[source] for source in node.inputs]
            if node.layer.HEAD:
                inputs = [x.float() if x.dtype in HALVES else x for x in inputs]
            site, tensors = graph.site(node.index), self.network.used(node.index)
            kept[node.index] = node.layer.forward(site, tensors, inputs, run)
        return tuple(kept[index] for index in graph.heads)


def compiled(network: Network, x: Tensor) -> Call:
    """The compiled form of a network (as `for_inference` gives it) for inputs just like x.

    It runs on as many threads as torch has now. Raises CannotCompile, with the reason.
    """
    threads = torch.get_num_threads()
    words = ["inductor", tuple(x.shape), x.dtype, x.device.type, threads, _processor(x)]

    def make(path: Path) -> None:
        start = time.perf_counter()
        click.echo(f"{network.graph.path}: compiling, once for this machine ...", err=True)
        _compile(network, x, path)
        seconds = time.perf_counter() - start
        click.echo(f"{network.graph.path}: compiled in {seconds:.0f} s", err=True)

    path = cached(network, words, ".pt2", make)
    package = torch._C._aoti.AOTIModelPackageLoader(str(path), "model", False, 1, -1)
    return lambda x: list(package.run([x]))


class CannotCompile(Exception):
    """There is no compiler here, or it failed."""


def _compile(network: Network, x: Tensor, path: Path) -> None:
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exported = torch.export.export(_Followed(network).eval(), (x,))
            options: dict[str, Any] = dict(OPTIONS)
            torch._inductor.aoti_compile_and_package(
                exported, package_path=str(path), inductor_configs=options
            )
    except Exception as failure:
        raise CannotCompile(_reason(failure)) from failure


def _reason(failure: Exception) -> str:
    """The first line of what went wrong, or that there is no compiler."""
    text = str(failure).strip() or type(failure).__name__
    if type(failure).__name__ == "InvalidCxxCompiler":
        return "no C++ compiler found; install g++ or clang"
    return text.splitlines()[0]


def _processor(x: Tensor) -> str:
    """What the machine code is made for."""
    if x.device.type == "cuda":
        return torch.cuda.get_device_name(x.device)
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return torch.backends.cpu.get_cpu_capability()
    return " ".join(sorted({line for line in lines if line.startswith(("model name", "flags"))}))
