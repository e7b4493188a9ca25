"""What darknet.py's callers hand over: checked, so that a wrong one is named and no memory is read.

ctypes said `argument 2: <class 'TypeError'>: wrong type`; here the argument has its name.
"""

from __future__ import annotations

import ctypes
import os
from numbers import Integral, Real
from typing import Any

Path = bytes | str | os.PathLike[str]


def whole(value: Any, name: str) -> int:
    """A whole number; raises TypeError for anything else."""
    if not isinstance(value, (Integral, ctypes.c_int)):
        raise TypeError(f"{name}: expected a whole number, got {_kind(value)}")
    return int(getattr(value, "value", value))


def real(value: Any, name: str) -> float:
    """A number; raises TypeError for anything else."""
    if not isinstance(value, (Real, ctypes.c_float, ctypes.c_double)):
        raise TypeError(f"{name}: expected a number, got {_kind(value)}")
    return float(getattr(value, "value", value))


def path_text(value: Any, name: str) -> str:
    """A path given as bytes, str or a path object; raises TypeError for anything else."""
    if not isinstance(value, (bytes, str, os.PathLike)):
        raise TypeError(f"{name}: expected a path as bytes or str, got {_kind(value)}")
    return os.fsdecode(value)


def class_map(value: Any) -> tuple[int, ...] | None:
    """The `map` of a class tree: None, or numbers of classes; raises TypeError for a pointer,
    which does not say how many there are."""
    if value is None:
        return None
    if not isinstance(value, (list, tuple, ctypes.Array)):
        raise TypeError(f"map: expected None or a list of whole numbers, got {_kind(value)}")
    return tuple(whole(number, "map") for number in value)


def store(target: Any, value: int, name: str) -> None:
    """Write where the caller wants a number: `pointer(c_int(0))`, `byref(...)`, a c_int, or None.

    Raises TypeError for anything else.
    """
    if target is None:
        return
    owner = getattr(target, "_obj", target)
    owner = owner if isinstance(owner, ctypes.c_int) else getattr(owner, "contents", owner)
    if not isinstance(owner, ctypes.c_int):
        raise TypeError(f"{name}: expected pointer(c_int(0)) or None, got {_kind(target)}")
    owner.value = value


def required(value: Any, kind: type, name: str, source: str) -> Any:
    """The value, which must be of this kind; source: what gives such a one, for the TypeError."""
    if not isinstance(value, kind):
        raise TypeError(f"{name}: expected what {source} returned, got {_kind(value)}")
    return value


def _kind(value: object) -> str:
    return type(value).__name__
