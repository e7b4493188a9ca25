"""Values of one bit, and the gradients that the GPU code passes straight through them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F
else:
    torch, F = deferred("torch"), deferred("torch.nn.functional")


def binarized(kernel: torch.Tensor) -> torch.Tensor:
    """Of a kernel (n, c, k, k) the sign times the mean magnitude of each filter.

    The gradient is taken for that of the kernel itself.
    """
    mean = kernel.abs().mean(dim=(1, 2, 3), keepdim=True)
    return _straight_through(torch.where(kernel > 0, mean, -mean), kernel)


def signs(x: torch.Tensor) -> torch.Tensor:
    """1 where x > 0, else -1; the gradient passes where x is between -1 and 1.

    Only what this reader of x passes back is stopped elsewhere: the GPU code also stops what others
    have left for the same x by then, which is no gradient.
    """
    return _straight_through(torch.where(x > 0, 1.0, -1.0), F.hardtanh(x))


def _straight_through(value: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
    """Exactly this value, with the gradient of the source."""
    if not source.requires_grad:
        return value
    return value.detach() + (source - source.detach())
