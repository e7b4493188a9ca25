"""What this machine has: processors, memory, and the processor's name. Light to import."""

from __future__ import annotations

import os
import platform
from pathlib import Path

CPU_FILE = Path("/proc/cpuinfo")
MEMORY_FILE = Path("/proc/meminfo")
GROUPS = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_inactive_file"),
)
"""Files of a container's limit and use, by version; what of the use Linux gives back when asked."""
GROUP_FOLDER = Path("/sys/fs/cgroup")


def processors() -> int:
    """Those this process may use, which can be fewer than the machine has."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def cpu_model() -> str:
    """The processor's name as the system gives it; its architecture where it gives none."""
    lines = _text(CPU_FILE).splitlines()  # only Linux has the file
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def instruction_set() -> str:
    """A text that is the same on machines that run the same machine code."""
    telling = ("model name", "flags", "Features")
    lines = {line for line in _text(CPU_FILE).splitlines() if line.startswith(telling)}
    return " ".join(sorted(lines)) or f"{platform.machine()} {platform.processor()}"


def total_memory() -> int | None:
    """Bytes of memory in this machine; None where the system does not tell."""
    return _pages("SC_PHYS_PAGES")


def free_memory() -> int | None:
    """Bytes that can be taken without swapping; None where the system does not tell.

    For this process and whatever group of processes (a container) it is limited by.
    """
    known = [value for value in (_of_system(), *map(_of_group, GROUPS)) if value is not None]
    return max(0, min(known)) if known else None


def memory_limit() -> int | None:
    """Bytes that the container this runs in may have; None without a limit below what there is."""
    texts = [_text(GROUP_FOLDER / limit).strip() for limit, _, _ in GROUPS]
    limits = [int(text) for text in texts if text.isdigit()]
    whole = total_memory()
    known = [limit for limit in limits if whole is None or limit < whole]
    return min(known, default=None)


def _of_system() -> int | None:
    for line in _text(MEMORY_FILE).splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return _pages("SC_AVPHYS_PAGES")


def _of_group(names: tuple[str, str, str]) -> int | None:
    limit, used = (_text(GROUP_FOLDER / name).strip() for name in names[:2])
    if not (limit.isdigit() and used.isdigit()):  # "max", or no such file
        return None
    statistics = (GROUP_FOLDER / names[0]).with_name("memory.stat")
    words = dict(line.split()[:2] for line in _text(statistics).splitlines())
    return int(limit) - int(used) + int(words.get(names[2], 0))


def _pages(name: str) -> int | None:
    try:
        return os.sysconf(name) * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # macOS lacks some, Windows all
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
