"""setInput's blob as the network's input: OpenCV's mean and scale, the size it takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from darknet_py.dnn.opencv_error import OpenCvError

INPUT_NAMES = ("", "data")
"""OpenCV's names of a Darknet network's only input."""


def input_tensor(blob: Any, scalefactor: float = 1.0, mean: Any = ()) -> Tensor:
    """(N, C, H, W) or (N, inputs) float32, a copy: (blob - mean) * scalefactor.

    blob: an array of any number type, or a UMat. mean: up to four numbers, of the first channels.
    Raises OpenCvError for what is no blob.
    """
    array = blob.get() if isinstance(blob, cv2.UMat) else blob
    if not isinstance(array, np.ndarray) or array.ndim not in (2, 4) or not array.size:
        what = f"an array of shape {array.shape}" if isinstance(array, np.ndarray) else repr(blob)
        cure = "use cv2.dnn.blobFromImage"
        raise OpenCvError(f"setInput: read {what[:80]}, expected a blob (N, C, H, W); {cure}")
    layout = torch.channels_last if array.ndim == 4 else torch.contiguous_format
    native = np.asarray(array, array.dtype.newbyteorder("="))
    x = torch.from_numpy(np.ascontiguousarray(native)).to(
        torch.float32, copy=True, memory_format=layout
    )
    shift = _by_channel(mean, x)
    return (
        (x if shift is None else x - shift).mul_(scalefactor) if _changes(scalefactor, shift) else x
    )


def _changes(scalefactor: float, shift: Tensor | None) -> bool:
    return scalefactor != 1 or shift is not None


def _by_channel(mean: Any, x: Tensor) -> Tensor | None:
    """The mean laid out as the channels are, None where it is 0."""
    values = four(mean)[: x.shape[1]]
    if not any(values) or x.dim() != 4:
        return None
    padded = [*values, *[0.0] * (x.shape[1] - len(values))]
    return torch.tensor(padded).view(1, -1, 1, 1)


def four(scalar: Any) -> tuple[float, float, float, float]:
    """OpenCV's Scalar: up to four numbers, the missing ones 0; a single number is the first."""
    given: Sequence[float] = [scalar] if np.isscalar(scalar) else list(scalar)  # type: ignore[list-item]
    if len(given) > 4:
        raise OpenCvError(f"read {len(given)} numbers, expected up to four, one for each channel")
    first, second, third, fourth = [*map(float, given), *[0.0] * 4][:4]
    return first, second, third, fourth
