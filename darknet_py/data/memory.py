"""How much memory is free, for this process and whatever group of processes it is limited by."""

from __future__ import annotations

import os
from pathlib import Path

MEMORY_FILE = Path("/proc/meminfo")
GROUPS = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_inactive_file"),
)
"""Files of a container's limit and use, by version; what of the use Linux gives back when asked."""
GROUP_FOLDER = Path("/sys/fs/cgroup")


def free_memory() -> int | None:
    """Bytes that can be taken without swapping; None where the system does not tell."""
    known = [value for value in (_of_system(), *map(_of_group, GROUPS)) if value is not None]
    return max(0, min(known)) if known else None


def _of_system() -> int | None:
    for line in _text(MEMORY_FILE).splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # macOS, Windows
        return None


def _of_group(names: tuple[str, str, str]) -> int | None:
    limit, used = (_text(GROUP_FOLDER / name).strip() for name in names[:2])
    if not (limit.isdigit() and used.isdigit()):  # "max", or no such file
        return None
    statistics = (GROUP_FOLDER / names[0]).with_name("memory.stat")
    words = dict(line.split()[:2] for line in _text(statistics).splitlines())
    return int(limit) - int(used) + int(words.get(names[2], 0))


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
