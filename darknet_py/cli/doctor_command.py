"""`doctor`: what this machine offers to run networks, and what is amiss."""

from __future__ import annotations

import importlib
import platform
from collections.abc import Iterator
from importlib.util import find_spec
from typing import NamedTuple

import click

from darknet_py import __version__
from darknet_py.system import free_memory, processors, total_memory

LIBRARIES = {
    "torch": "torch",
    "numpy": "numpy",
    "cv2": "opencv-python",
    "pycocotools": "pycocotools",
    "click": "click",
}
"""Module -> the package that brings it. Nothing works without them."""
OPTIONAL = {
    "onnx": "export",
    "onnxruntime": "--engine onnxruntime",
    "openvino": "--engine openvino",
    "tensorrt": "--engine tensorrt",
    "matplotlib": "map --curves, benchmark --chart",
    "tensorboard": "train --tensorboard",
}
"""Packages that need not be there -> what they are for."""
CUDA_CURE = "a CUDA build is chosen at https://pytorch.org/get-started/locally"


class DoctorLine(NamedTuple):
    """A line of the report. issue: it says that something needed is missing or broken."""

    text: str
    issue: bool = False


@click.command()
@click.pass_context
def doctor(ctx: click.Context, /) -> None:
    """Show versions, devices, threads and memory, and the cure for each issue.

    Exit code 1 if something that every command needs is missing or broken.
    """
    lines = list(examined())
    issues = sum(line.issue for line in lines)
    click.echo("\n".join(line.text for line in lines))
    click.echo(f"{issues} issues" if issues != 1 else "1 issue")
    ctx.exit(1 if issues else 0)


def examined() -> Iterator[DoctorLine]:
    """The report, line by line."""
    python = f"python {platform.python_version()}, {platform.platform()}"
    yield DoctorLine(f"darknet-py {__version__}, {python}")
    for name, package in LIBRARIES.items():
        yield _library(name, package)
    yield DoctorLine(f"cuda: {_cuda()}")
    yield DoctorLine(f"cpu: {processors()} threads")
    yield DoctorLine(f"memory: {_memory()}")
    yield DoctorLine(f"C++ compiler: {_compiler()}")
    yield DoctorLine(f"optional: {'; '.join(map(_optional, OPTIONAL))}")


def _library(name: str, package: str) -> DoctorLine:
    from importlib.metadata import version

    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        return DoctorLine(f"{name}: missing; pip install {package}", True)
    except ImportError as failure:
        # The package is there and broken, as cv2 is without libGL.
        cure = f"pip install --force-reinstall {package}"
        return DoctorLine(f"{name}: cannot be imported ({failure}); {cure}", True)
    return DoctorLine(f"{name} {version(package)}")


def _optional(name: str) -> str:
    """Whether a package is there: importing all of them takes seconds."""
    there = "there" if find_spec(name) else f"missing ({OPTIONAL[name]})"
    return f"{name} {there}"


def _cuda() -> str:
    try:
        import torch
    except ImportError:
        return "unknown without torch"
    if torch.cuda.is_available():
        names = (torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count()))
        devices = ", ".join(f"{number}: {name}" for number, name in enumerate(names))
        return f"{torch.version.cuda}, devices {devices}"
    if torch.version.cuda:
        return f"{torch.version.cuda}, but no device or driver; see what nvidia-smi says"
    return f"not in this build of torch, networks run on the CPU; {CUDA_CURE}"


def _memory() -> str:
    whole, free = total_memory(), free_memory()
    if whole is None or free is None:
        return "unknown on this system"
    return f"{whole / 2**30:.1f} GiB, {free / 2**30:.1f} GiB free"


def _compiler() -> str:
    try:
        from darknet_py.engines.native.library import CannotBuild, compiler
    except ImportError:
        return "unknown without torch"
    try:
        return compiler()
    except CannotBuild:
        return "none; --compile needs one: install g++ or clang"
