"""Which processor this is: machine code made for one does not run on every other."""

from __future__ import annotations

import platform
from pathlib import Path


def processor() -> str:
    """A text that is the same on machines that run the same machine code."""
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    return " ".join(sorted({line for line in lines if line.startswith(("model name", "flags"))}))
