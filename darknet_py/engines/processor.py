"""The types this processor computes in."""

from __future__ import annotations

from collections.abc import Callable

import torch


def computes(dtype: torch.dtype) -> bool:
    """Whether this processor has instructions for a type; without, it is hundreds of times slower.

    Types oneDNN has no say in count as there.
    """
    ops = torch.ops.mkldnn
    asked: dict[torch.dtype, Callable[[], bool]] = {
        torch.bfloat16: ops._is_mkldnn_bf16_supported,
        torch.float16: ops._is_mkldnn_fp16_supported,
    }
    return dtype not in asked or asked[dtype]()
