"""The cache folder. Engines load machine code from it, so that for them it must be ours alone.

Whoever may write to the folder, or may put another in its place, may run code as us. So it is made
for its owner only, and refused, as ssh does with its keys, when somebody else could have written
there.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from darknet_py.errors import CANNOT_OPEN, OutputError, open_failure

FOLDER_VARIABLE = "DARKNET_PY_CACHE"
INDUCTOR_VARIABLE = "TORCHINDUCTOR_CACHE_DIR"
OTHERS = stat.S_IWGRP | stat.S_IWOTH
ALONE = 0o700
ROOT = 0
CURE = f"set {FOLDER_VARIABLE} to a folder that can be written"
ELSEWHERE = f"set {FOLDER_VARIABLE} to a folder of your own"


def folder() -> Path:
    """The folder the files lie in; it may not exist yet."""
    if chosen := os.environ.get(FOLDER_VARIABLE):
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "darknet-py"


def subfolder(name: str) -> Path:
    """A folder of that name in it for what is no code, made if it is not there.

    It may be shared with others. Raises OutputError when it cannot be made, and for a relative
    path.
    """
    made = _absolute(folder()) / name
    try:
        _make(made)
    except CANNOT_OPEN as failure:
        raise OutputError(f"{made}: {open_failure(failure)}; {CURE}") from None
    return made


def private_folder() -> Path:
    """The folder, made if it is not there, with rights for its owner only.

    Raises OutputError when it cannot be made, when its path is relative, and when it or a folder
    above it is somebody else's or may be written by others. A folder above may be root's, and one
    where only owners may rename (/tmp) may be written by all.
    """
    home = _absolute(folder())
    try:
        _make(home)
        _require_ours(home, home.stat())
        for parent in _above(home):
            _require_safe(parent, parent.stat())
        if stat.S_IMODE(home.stat().st_mode) != ALONE:
            home.chmod(ALONE)
    except OSError as failure:
        raise OutputError(f"{home}: {failure.strerror}; {CURE}") from None
    return home


def require_ours(path: Path) -> None:
    """Raises OutputError for a file of the cache that is not ours or that others may write."""
    _require_ours(path, path.stat())


def keep_inductor_private() -> None:
    """Have torch's compiler keep its own machine code there too, unless it was told where.

    Its default is a name in /tmp that anybody can foresee, and whoever makes it first owns it.
    Raises OutputError as private_folder.
    """
    if not os.environ.get(INDUCTOR_VARIABLE):
        os.environ[INDUCTOR_VARIABLE] = str(private_folder() / "inductor")


def _absolute(home: Path) -> Path:
    if not home.is_absolute():
        cure = f"set {FOLDER_VARIABLE} to an absolute path"
        raise OutputError(f"{home}: the cache folder's path is relative; {cure}")
    return home


def _make(home: Path) -> None:
    missing = [parent for parent in (home, *home.parents) if not parent.exists()]
    for parent in reversed(missing):
        parent.mkdir(ALONE, exist_ok=True)


def _above(home: Path) -> Iterator[Path]:
    """The folders that lead there, by its name and by where links of its name lead."""
    yield from dict.fromkeys((*home.parents, *home.resolve().parents))


def _require_ours(path: Path, found: os.stat_result) -> None:
    if not hasattr(os, "geteuid"):  # Windows: a user's folder is the user's
        return
    if found.st_uid != os.geteuid():
        raise OutputError(f"{path}: {_whose(found)}, not yours; remove it, or {ELSEWHERE}")
    if found.st_mode & OTHERS:
        # What is in it may be anybody's already, so that rights alone are no cure.
        reason = "others may write it, and machine code is loaded from there"
        raise OutputError(f"{path}: {reason}; remove it, or {ELSEWHERE}")


def _require_safe(parent: Path, found: os.stat_result) -> None:
    if not hasattr(os, "geteuid"):
        return
    if found.st_uid not in (ROOT, os.geteuid()):
        message = f"{_whose(found)}, who could replace the cache in it; {ELSEWHERE}"
        raise OutputError(f"{parent}: {message}")
    if found.st_mode & OTHERS and not found.st_mode & stat.S_ISVTX:
        message = "others may write it, and could replace the cache in it"
        raise OutputError(f"{parent}: {message}; `chmod go-w {parent}`, or {ELSEWHERE}")


def _whose(found: os.stat_result) -> str:
    return f"belongs to user {found.st_uid}"
