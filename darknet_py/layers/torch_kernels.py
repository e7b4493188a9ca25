"""torch's convolutions, kept from those kernels of oneDNN that are wrong (torch 2.13, oneDNN 3.12).

Found by comparing small shapes with float64 while memory was guarded; all are gradients of weights
on the CPU. What is avoided is computed by a kernel that is right, so the numbers are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F
else:
    torch, F = deferred("torch"), deferred("torch.nn.functional")

LEAST_CHANNELS = 8
"""With fewer, channels last, AVX2's kernel for 1x1 at a stride writes outside its memory."""
Pair = tuple[int, int]
Convolve = Callable[..., "torch.Tensor"]
"""A function with the arguments of `convolve`."""


class Repair(NamedTuple):
    """What training with try_fix_nan puts around a convolution: finite values, limited gradients.

    Both take a tensor and return it, repaired.
    """

    input: Callable[[torch.Tensor], torch.Tensor]
    output: Callable[[torch.Tensor], torch.Tensor]


def convolve(
    x: torch.Tensor,
    kernel: torch.Tensor,
    bias: torch.Tensor | None,
    strides: Pair,
    padding: int,
    dilation: int,
    groups: int,
) -> torch.Tensor:
    """F.conv2d of x (N, C, H, W); strides: (y, x)."""
    if not _learns(x, kernel):
        return F.conv2d(x, kernel, bias, strides, padding, dilation, groups)
    if _picks_pixels(x, kernel, strides, padding, groups):
        return F.conv2d(x[:, :, :: strides[0], :: strides[1]], kernel, bias)
    # bf16's kernels give garbage where the width is below the stride, and garbage or a crash in
    # groups at a dilation.
    if x.shape[3] < strides[1] or (groups > 1 and dilation > 1):
        with torch.autocast("cpu", enabled=False):
            full = _full(x, kernel, bias)
            return F.conv2d(*full, strides, padding, dilation, groups).to(x.dtype)
    return F.conv2d(x, kernel, bias, strides, padding, dilation, groups)


def convolve_transposed(
    x: torch.Tensor, kernel: torch.Tensor, bias: torch.Tensor | None, stride: int, padding: int
) -> torch.Tensor:
    """F.conv_transpose2d of x (N, C, H, W)."""
    width = (x.shape[3] - 1) * stride + kernel.shape[3] - 2 * padding
    if _learns(x, kernel) and width < stride:
        with torch.autocast("cpu", enabled=False):
            return F.conv_transpose2d(*_full(x, kernel, bias), stride, padding).to(x.dtype)
    return F.conv_transpose2d(x, kernel, bias, stride, padding)


def _learns(x: torch.Tensor, kernel: torch.Tensor) -> bool:
    """Whether a gradient of the kernel may be asked for on the CPU."""
    return x.device.type == "cpu" and torch.is_grad_enabled() and kernel.requires_grad


def _picks_pixels(
    x: torch.Tensor, kernel: torch.Tensor, strides: Pair, padding: int, groups: int
) -> bool:
    """Whether the pixels that a 1x1 kernel reads are picked out before."""
    plain = kernel.shape[2:] == (1, 1) and groups == 1 and not padding
    return plain and strides != (1, 1) and x.shape[1] < LEAST_CHANNELS


def _full(
    x: torch.Tensor, kernel: torch.Tensor, bias: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """All in float32."""
    return x.float(), kernel.float(), None if bias is None else bias.float()
