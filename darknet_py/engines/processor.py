"""Which processor this is, and the types it computes in."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path

import torch


def processor() -> str:
    """A text that is the same on machines that run the same machine code."""
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    return " ".join(sorted({line for line in lines if line.startswith(("model name", "flags"))}))


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
