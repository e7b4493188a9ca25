"""How much memory something takes at its peak, beyond what there was before."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import torch

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
RESET_PEAK = "5"
"""What Linux takes, written to clear_refs, as: let VmHWM start again from VmRSS."""


class Meter:
    """Measures from its making on; the device's own memory on CUDA, the process's elsewhere."""

    def __init__(self, device: torch.device) -> None:
        gc.collect()
        self.device = device
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
            self.start: int | None = torch.cuda.memory_allocated(device)
            self.outside = _outside_torch(device)
        else:
            self.start = _resident_from_now()

    def growth(self) -> int | None:
        """Bytes of the peak above the start; None where the system does not say.

        On CUDA what torch's allocator gave at the most, and what others hold now. On a CPU the
        libraries that were loaded on the way count too.
        """
        if self.start is None:
            return None
        if self.device.type == "cuda":
            inside = torch.cuda.max_memory_allocated(self.device) - self.start
            return inside + max(0, _outside_torch(self.device) - self.outside)
        peak = _peak_resident()
        return None if peak is None else max(0, peak - self.start)


def _outside_torch(device: torch.device) -> int:
    """Bytes of the device that are taken, by others than torch's allocator."""
    free, total = torch.cuda.mem_get_info(device)
    return int(total - free - torch.cuda.memory_reserved(device))


def _resident_from_now() -> int | None:
    """Bytes this process has; its peak starts from there where the system can do that."""
    try:
        RESET.write_text(RESET_PEAK)
        return _status("VmRSS")
    except OSError:
        # Without it only what goes beyond the highest peak so far is seen.
        return _peak_resident()


def _peak_resident() -> int | None:
    try:
        return _status("VmHWM")
    except OSError:
        return _most_resident()


def _most_resident() -> int | None:
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


def _status(key: str) -> int:
    lines = STATUS.read_text().splitlines()
    rows = dict(line.split(":", 1) for line in lines if ":" in line)
    return 1024 * int(rows[key].split()[0])
