"""program.cpp built for this machine, and its structures."""

from __future__ import annotations

import ctypes
import functools
from typing import Any

from darknet_py.engines.compiler import CannotBuild
from darknet_py.engines.native.machine_code import FOLDER, loaded

SOURCE = FOLDER / "program.cpp"
RETURNING = ("lanes", "scratch_of", "gradient_scratch")
CONVOLUTION, WINOGRAD, DEPTHWISE, MAXPOOL, UPSAMPLE, ADD, BY_CHANNEL = range(7)
"""Kinds of operations, as operation.h counts them."""
INPUT, FIRST_OUTPUT = -1, -2
"""Instead of an offset, as operation.h has them."""
BOUNDED, LOGISTIC, SWISH, MISH = range(4)
"""Activations, as activation.h counts them."""


class Tensor(ctypes.Structure):
    """Where images lie, channels last, in floats; offset: INPUT, FIRST_OUTPUT and below, or from
    the start of the memory."""

    _fields_ = tuple(
        (name, ctypes.c_int64) for name in ("offset", "height", "width", "channels", "pitch")
    )


class Activation(ctypes.Structure):
    """kind: BOUNDED is x above 0 up to `top` and slope * x below."""

    _fields_ = (("kind", ctypes.c_int32), ("slope", ctypes.c_float), ("top", ctypes.c_float))


UNBOUNDED = 3.4028234662852886e38
"""The largest float32."""
IDENTITY = Activation(BOUNDED, 1.0, UNBOUNDED)
LINE = 16
"""Floats of a line of the cache."""


def whole_lines(floats: int) -> int:
    """So many floats, or the few more that fill a line."""
    return -(-floats // LINE) * LINE


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


def new_operation(kind: int, **numbers: Any) -> Operation:
    """With the fields that are named, and the others as they are where they change nothing."""
    plain = {"activation": IDENTITY, "scale": 1.0, "dilation": 1, "groups": 1}
    return Operation(kind=kind, **(plain | numbers))


def library() -> Any:
    """The functions of program.cpp; raises CannotBuild with the reason."""
    functions, reason = _attempt()
    if functions is None:
        raise CannotBuild(reason)
    return functions


@functools.cache
def _attempt() -> tuple[Any, str]:
    """The functions, else why there are none: once for a process."""
    try:
        functions = loaded(SOURCE)
    except CannotBuild as failure:
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
        "run": [operations, number, *[floats] * 4, number, floats, number, number, threads],
    }
    for name, types in arguments.items():
        function = getattr(functions, name)
        function.argtypes = types
        function.restype = number if name in RETURNING else None
