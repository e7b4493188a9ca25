"""program.cpp built for this machine, and its structures.

It includes no header of torch: it is built in seconds, and fits every version of torch.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from darknet_py.engines.cache import kept
from darknet_py.system import instruction_set

FOLDER = Path(__file__).parent
SOURCE = FOLDER / "program.cpp"
COMPILERS = ("g++", "clang++", "c++")
FLAGS = ("-O3", "-march=native", "-std=c++17", "-shared", "-fPIC")
THREADED = ("-fopenmp",)
SECONDS = 300
"""A compiler that takes longer is taken for one that hangs."""
CONVOLUTION, WINOGRAD, DEPTHWISE, MAXPOOL, UPSAMPLE, ADD = range(6)
"""Kinds of operations, as operation.h counts them."""
BOUNDED, LOGISTIC, SWISH, MISH = range(4)
"""Activations, as activation.h counts them."""


class CannotBuild(Exception):
    """There is no C++ compiler here, or it refused."""


class Tensor(ctypes.Structure):
    """Where images lie, channels last, in floats; offset -1: the network's input."""

    _fields_ = tuple(
        (name, ctypes.c_int64) for name in ("offset", "height", "width", "channels", "pitch")
    )


class Activation(ctypes.Structure):
    """kind: BOUNDED is x above 0 up to `top` and slope * x below."""

    _fields_ = (("kind", ctypes.c_int32), ("slope", ctypes.c_float), ("top", ctypes.c_float))


class Operation(ctypes.Structure):
    """One step; operation.h says what its numbers are."""

    _fields_ = (
        *(
            (name, ctypes.c_int32)
            for name in (
                *("kind", "size", "stride_y", "stride_x", "pad_y", "pad_x", "dilation", "groups"),
                *("vectors", "chunk", "parts", "summand"),
            )
        ),
        ("activation", Activation),
        ("scale", ctypes.c_float),
        ("weights", ctypes.c_void_p),
        ("biases", ctypes.c_void_p),
        ("input", Tensor),
        ("input2", Tensor),
        ("output", Tensor),
    )


@functools.cache
def library() -> Any:
    """The functions of program.cpp; raises CannotBuild with the reason."""
    words = (*_sources(), FLAGS, THREADED, instruction_set())
    key = hashlib.sha256(repr(words).encode()).hexdigest()[:32]
    path = kept(key, ".so", _build)
    try:
        functions = ctypes.CDLL(str(path))
    except OSError as failure:
        raise CannotBuild(f"{path}: {failure}") from None
    functions.lanes.restype = functions.scratch_of.restype = ctypes.c_int64
    functions.scratch_of.argtypes = [ctypes.POINTER(Operation)]
    pointers = [ctypes.c_void_p] * 4
    functions.run.argtypes = [
        *(ctypes.POINTER(Operation), ctypes.c_int64, *pointers),
        *(ctypes.c_int64, ctypes.c_int64, ctypes.c_int32),
    ]
    functions.run.restype = None
    return functions


def compiler() -> str:
    """The C++ compiler: $CXX, else the first known one; raises CannotBuild without any."""
    for name in (os.environ.get("CXX", ""), *COMPILERS):
        if name and shutil.which(name):
            return name
    raise CannotBuild("no C++ compiler found; install g++ or clang")


def _sources() -> list[bytes]:
    return [path.read_bytes() for path in sorted(FOLDER.iterdir()) if path.suffix in (".cpp", ".h")]


def _build(path: Path) -> None:
    """With threads; without where the compiler has no OpenMP."""
    try:
        _compile(path, THREADED)
    except CannotBuild:
        _compile(path, ())


def _compile(path: Path, more: tuple[str, ...]) -> None:
    command = [compiler(), *FLAGS, *more, str(SOURCE), "-o", str(path)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise CannotBuild(f"{command[0]} took over {SECONDS} s") from None
    except subprocess.CalledProcessError as failure:
        errors = [line for line in failure.stderr.splitlines() if "error" in line]
        raise CannotBuild(f"{command[0]}: {(errors or ['it failed'])[0]}") from None
