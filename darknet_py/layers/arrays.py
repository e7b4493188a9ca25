"""The few functions that a formula needs, for torch's tensors and for numpy's arrays alike.

Boxes are decoded by numpy where a program starts without torch, and by torch otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import numpy as np
    import torch
else:
    np, torch = deferred("numpy"), deferred("torch")


class ArrayFunctions(NamedTuple):
    """exp(x). cat(parts, axis). permute(x, axes). like(numbers, x): of its type, and there."""

    exp: Callable[[Any], Any]
    cat: Callable[[Any, int], Any]
    permute: Callable[[Any, tuple[int, ...]], Any]
    like: Callable[[Any, Any], Any]


def functions_of(values: Any) -> ArrayFunctions:
    """Those of the package whose array it is; torch's for whatever an exporter records."""
    return _numpy() if type(values).__module__ == "numpy" else _torch()


def _numpy() -> ArrayFunctions:
    return ArrayFunctions(np.exp, np.concatenate, np.transpose, _as_numpy)


def _as_numpy(numbers: Any, like: Any) -> Any:
    return np.asarray(numbers, like.dtype)


def _torch() -> ArrayFunctions:
    return ArrayFunctions(torch.exp, torch.cat, torch.permute, _as_tensor)


def _as_tensor(numbers: Any, like: Any) -> Any:
    if isinstance(numbers, torch.Tensor):
        return numbers.to(like)
    return like.new_tensor(numbers)
