"""A device without memory for a sub-batch: which errors tell of that, and room for the next try."""

from __future__ import annotations

import torch

TOLD_BY = (
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDA error: out of memory",
)
"""What cuDNN, cuBLAS and CUDA itself say; they do not ask torch, which has an error of its own."""


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether a smaller sub-batch could help."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return any(text in str(error) for text in TOLD_BY)


def release_memory(device: torch.device) -> None:
    """Give back what torch keeps for later: the libraries beside it cannot use that."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
