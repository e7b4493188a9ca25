"""Tensors of torch's as sources, without importing torch: whoever has one has it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from darknet_py.errors import ImageError
from darknet_py.images.frames import FrameSource, PendingFrame
from darknet_py.images.io import Pixels, bgr_pixels

BGR_ORDER = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}
"""By the number of channels: grey, RGB, RGBA."""
EXPECTED = "give (C, H, W) or (N, C, H, W) of 1, 3 or 4 channels, uint8 or RGB floats in 0..1"


def is_tensor(source: object) -> bool:
    """Whether an object is a tensor, or of a class made from it, such as a Parameter."""
    kinds = (kind for kind in type(source).__mro__ if kind.__name__ == "Tensor")
    return any(kind.__module__ == "torch" for kind in kinds)


def tensor_source(tensor: Any) -> FrameSource:
    """One image of a tensor (C, H, W), or those of a batch (N, C, H, W), on whatever device.

    Values: RGB, RGBA or grey, uint8 or floating point in [0, 1], which become 8 bits as those of
    files are. Raises ImageError for other shapes, and when it is read for other values.
    """
    if tensor.ndim not in (3, 4) or tensor.shape[-3] not in BGR_ORDER or 0 in tensor.shape[-3:]:
        raise ImageError(f"a tensor of shape {tuple(tensor.shape)} is no image; {EXPECTED}")
    if tensor.ndim == 3:
        return FrameSource([tensor_frame(tensor)], length=1, single=True)
    frames = [tensor_frame(image, number) for number, image in enumerate(tensor)]
    return FrameSource(frames, len(frames))


def tensor_frame(tensor: Any, number: int = 0) -> PendingFrame:
    """A tensor (C, H, W); what is read are other pixels, so that it may change."""

    def decode(channels: int, honour_exif: bool) -> Pixels:
        return bgr_pixels(_array(tensor), channels)

    return PendingFrame(decode, number=number)


def _array(tensor: Any) -> npt.NDArray[np.generic]:
    """(H, W, C) grey, BGR or BGRA in the main memory: a copy of the tensor's values."""
    kind = str(tensor.dtype).removeprefix("torch.")
    if kind != "uint8" and not tensor.dtype.is_floating_point:
        raise ImageError(f"a tensor of {kind} is no image; {EXPECTED}")
    try:
        here = tensor.detach().cpu()
        array = (here if kind == "uint8" else here.float()).numpy()
    except (RuntimeError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise ImageError(f"a tensor's values cannot be read: {reason[:200]}") from None
    return np.asarray(array[BGR_ORDER[len(array)]].transpose(1, 2, 0))
