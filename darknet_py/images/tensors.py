"""Images as torch's tensors: from pixels to the network's input."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from darknet_py.images.io import Pixels
from darknet_py.images.resize import Floats, fit, letterboxed, resized


def to_tensor(pixels: Pixels) -> Tensor:
    """Float32 (C, H, W) in [0, 1] of a uint8 image (H, W, C)."""
    chw = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)
    return chw.float().div_(255).contiguous()


def resize(image: Tensor, width: int, height: int) -> Tensor:
    """Float32 (C, height, width): Darknet's bilinear resize of an image (C, H, W)."""
    return torch.from_numpy(resized(image.numpy(), width, height))


def letterbox(image: Tensor, width: int, height: int) -> Tensor:
    """Float32 (C, height, width): the whole image (C, H, W) in [0, 1], centred on grey 0.5."""
    return torch.from_numpy(letterboxed(image.numpy(), width, height))


def prepare(pixels: Pixels, channels: int, width: int, height: int, letter_box: bool) -> Tensor:
    """The network's input, float32 (channels, height, width) in [0, 1], of a uint8 image.

    pixels: (H, W, 1, 3 or 4) grey, RGB or RGBA; turned into another when `channels` asks for it.

    Raises ImageError when the channels do not fit.
    """
    return torch.from_numpy(fit(pixels, channels, width, height, letter_box)).contiguous()


def stacked(images: Sequence[Floats], layout: torch.memory_format, pinned: bool = False) -> Tensor:
    """Float32 (N, C, H, W) of fitted images (C, H, W), lying in memory as an engine wants it.

    pinned: in memory that a CUDA device copies from by itself.
    """
    shape = (len(images), *images[0].shape)
    x = torch.empty(shape, memory_format=layout, pin_memory=pinned)
    for target, chw in zip(x, images, strict=True):
        target.copy_(torch.from_numpy(chw))
    return x


def batch_on(device: torch.device, images: Sequence[Floats], layout: torch.memory_format) -> Tensor:
    """The same on a device. One of CUDA takes the batch in a copy that nobody waits for, and as the
    images are: it is quicker at changing types and layouts than the host."""
    if device.type != "cuda":
        return stacked(images, layout).to(device)
    return stacked(images, torch.contiguous_format, pinned=True).to(device, non_blocking=True)
