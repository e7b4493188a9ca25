"""Arrays that scripts for OpenCV before and after 4.5.4 can both read.

Before it, numbers of layers, of classes and of boxes that stay came as (N, 1), so that scripts say
`i[0]`; since then as (N,). Here they are (N,), and each element answers both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray


class EitherInt(np.int32):
    """A number whose `[0]` is the number itself."""

    def __getitem__(self, index: Any) -> Any:
        return np.asarray(self).reshape(1)[index]


class EitherFloat(np.float32):
    """The same for confidences."""

    def __getitem__(self, index: Any) -> Any:
        return np.asarray(self).reshape(1)[index]


ELEMENTS: dict[np.dtype[Any], type[Any]] = {
    np.dtype(np.int32): EitherInt,
    np.dtype(np.float32): EitherFloat,
}


class EitherShape(np.ndarray[Any, Any]):
    """(N,) int32 or float32."""

    def __getitem__(self, index: Any) -> Any:
        return _either(super().__getitem__(index))

    def __iter__(self) -> Iterator[Any]:
        return iter([_either(value) for value in super().__iter__()])


def _either(value: Any) -> Any:
    kind = ELEMENTS.get(value.dtype) if isinstance(value, np.generic) else None
    return value if kind is None else kind(value)


def either_shape(array: NDArray[Any]) -> EitherShape:
    """The same values; an element `i` answers `i[0]` with itself."""
    return array.view(EitherShape)
