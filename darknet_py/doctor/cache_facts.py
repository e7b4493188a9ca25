"""The cache folder: where it is, how much is in it, whether it can be used."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from darknet_py.doctor.section import Examined, Fact
from darknet_py.engines.cache_folder import CURE, FOLDER_VARIABLE, folder, private_folder
from darknet_py.errors import OutputError


def cache() -> Examined:
    """Nothing is made: a folder that is not there yet is judged by the one it would lie in."""
    home = folder()
    sizes = list(_sizes(home))
    failure = _failure(home)
    facts: dict[str, Fact] = {
        "folder": str(home),
        "chosen_by": FOLDER_VARIABLE if os.environ.get(FOLDER_VARIABLE) else "default",
        "exists": home.is_dir(),
        "files": len(sizes),
        "size_bytes": sum(sizes),
        "free_bytes": _free(home),
        "writable": not failure,
    }
    remark = f"nothing is kept, so that --compile and other engines start slowly: {failure}"
    return Examined(facts, remarks=(remark,) if failure else ())


def _sizes(home: Path) -> Iterator[int]:
    for place, _, names in os.walk(home):
        for name in names:
            try:
                yield os.lstat(os.path.join(place, name)).st_size
            except OSError:  # it went meanwhile
                continue


def _failure(home: Path) -> str:
    """Why machine code cannot be kept there; "" where it can."""
    if home.is_dir() or not home.is_absolute():
        try:
            private_folder()
        except OutputError as failure:
            return str(failure)
    place = _nearest(home)
    if not place.is_dir():
        return f"{place}: is no folder; {CURE}"
    return "" if os.access(place, os.W_OK | os.X_OK) else f"{place}: cannot be written; {CURE}"


def _free(home: Path) -> int | None:
    try:
        return shutil.disk_usage(_nearest(home)).free
    except OSError:
        return None


def _nearest(home: Path) -> Path:
    """The folder itself, or the one above it that is there."""
    return next((place for place in (home, *home.parents) if place.exists()), home)
