"""program.cpp built for this machine, and its structures.

It includes no header of torch: it is built in seconds, and fits every version of torch.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import logging
from pathlib import Path
from typing import Any

from darknet_py.engines.cache import kept
from darknet_py.engines.compiler import FLAGS, THREADS, CannotBuild, build, compiler
from darknet_py.errors import OutputError
from darknet_py.system import instruction_set

logger = logging.getLogger(__name__)
FOLDER = Path(__file__).parent
SOURCE = FOLDER / "program.cpp"
RETURNING = ("lanes", "scratch_of", "gradient_scratch")
CONVOLUTION, WINOGRAD, DEPTHWISE, MAXPOOL, UPSAMPLE, ADD, BY_CHANNEL = range(7)
"""Kinds of operations, as operation.h counts them."""
BOUNDED, LOGISTIC, SWISH, MISH = range(4)
"""Activations, as activation.h counts them."""


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
                *("halves", "chunk", "parts", "summand"),
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


def library() -> Any:
    """The functions of program.cpp; raises CannotBuild with the reason."""
    functions, reason = _attempt()
    if functions is None:
        raise CannotBuild(reason)
    return functions


@functools.cache
def _attempt() -> tuple[Any, str]:
    """The functions, else why there are none: once for a process."""
    words = (*_sources(), FLAGS, instruction_set())
    key = hashlib.sha256(repr(words).encode()).hexdigest()[:32]
    try:
        path = kept(key, ".so", _build)
        functions = ctypes.CDLL(str(path))
    except (CannotBuild, OutputError, OSError) as failure:
        return None, str(failure)
    _declare(functions)
    return functions, ""


def _declare(functions: Any) -> None:
    number, floats = ctypes.c_int64, ctypes.c_void_p
    threads, operations = ctypes.c_int32, ctypes.POINTER(Operation)
    arguments: dict[str, list[Any]] = {
        "lanes": [],
        "scratch_of": [operations],
        "pack_direct": [floats, *[number] * 5, floats, threads],
        "pack_winograd": [floats, *[number] * 3, floats, threads],
        "pack_training": [floats, *[number] * 3, threads, floats, threads],
        "gradient_scratch": [operations, threads],
        "kernel_gradient": [operations, floats, floats, number, floats, floats, threads],
        "run": [operations, number, *[floats] * 4, number, number, threads],
    }
    for name, types in arguments.items():
        function = getattr(functions, name)
        function.argtypes = types
        function.restype = number if name in RETURNING else None


def _sources() -> list[bytes]:
    return [path.read_bytes() for path in sorted(FOLDER.iterdir()) if path.suffix in (".cpp", ".h")]


def _build(path: Path) -> None:
    logger.info("building the code for this processor's networks, once ...")
    command, source = [compiler(), f"-I{FOLDER}"], SOURCE.read_text()
    try:
        build(command, source, path)
    except CannotBuild:  # without threads, where the compiler has no OpenMP, as Apple's
        build(command, source, path, [flag for flag in FLAGS if flag != THREADS])
