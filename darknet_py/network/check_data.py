"""Everything wrong with a .data file: its lists, names and folders, listed at once."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from darknet_py.cfg.datafile import DataFile, read_data_file
from darknet_py.cfg.names import read_names
from darknet_py.errors import CfgError, DarknetError, Location, Notice, OutputError, Problems
from darknet_py.files import require_writable

StrPath = str | os.PathLike[str]
LISTS = ("train", "valid")
"""Keys of the lists whose images are looked at."""
FILES = (*LISTS, "test", "names", "labels", "tree", "leaves", "map", "difficult")
"""Keys whose value is a file that is read, or a folder of images."""
FOLDERS = ("backup", "results")
"""Keys whose value is a folder that is written to, and made where there is none."""


def check_data(path: StrPath, strict: bool = False) -> list[Notice]:
    """All notices on a .data file: what it names that is not there, its names against classes."""
    problems = Problems(strict=strict, collect=True)
    try:
        data = read_data_file(path, problems)
        for key in FILES:
            _check_file(data, key, problems)
        for key in FOLDERS:
            _check_folder(data, key, problems)
        _check_names(data, problems)
    except DarknetError as error:
        problems.notices.append(notice_of(error, Location(os.fspath(path))))
    return problems.notices


def notice_of(error: DarknetError, location: Location) -> Notice:
    """The error at its own location; without one its message starts with the path already."""
    message = error.message.removeprefix(f"{location.path}: ")
    return Notice("error", error.location or location, message)


def _check_file(data: DataFile, key: str, problems: Problems) -> None:
    file = data.file(key)
    if file is not None and not file.exists():
        problems.fail(CfgError(f"{file}: no such file; check the path", data.location(key)))


def _check_folder(data: DataFile, key: str, problems: Problems) -> None:
    """Whether the folder, or the nearest one above that is there, can be written to."""
    if key not in data.options:
        return
    folder = Path(data.options[key])
    there = next(path for path in (folder, *folder.parents, Path()) if path.exists())
    try:
        require_writable(there / "new")
    except OutputError as error:
        message = "is a file, expected a folder" if there.is_file() else error.message
        problems.fail(CfgError(f"{folder}: {message}", data.location(key)))


def _check_names(data: DataFile, problems: Problems) -> None:
    file = data.file("names")
    if file is None:
        problems.warn(Location(data.path), "has no names=; classes are shown by number")
        return
    if not file.exists():
        return
    names, classes = len(read_names(file)), data.integer("classes", 0)
    if classes and names != classes:
        message = f"{file} has {names} names for classes={classes}"
        problems.warn(data.location("names"), message)


def data_sets(paths: Sequence[StrPath]) -> list[tuple[str, str | None]]:
    """The .data files with a train or valid list that exists, each with the cfg it belongs to.

    That is the next cfg behind it, else the last one before it.
    """
    names = [os.fspath(path) for path in paths]
    pairs = []
    for index, path in enumerate(names):
        around = [*names[index:], *reversed(names[:index])]
        cfg = next((other for other in around if suffix_of(other) == ".cfg"), None)
        with contextlib.suppress(DarknetError):  # already one of check()'s notices
            if suffix_of(path) == ".data" and _has_list(read_data_file(path, Problems())):
                pairs.append((path, cfg))
    return pairs


def _has_list(data: DataFile) -> bool:
    files = (data.file(key) for key in LISTS)
    return any(file is not None and file.exists() for file in files)


def suffix_of(path: str) -> str:
    """In small letters: what kind of file it is."""
    return os.path.splitext(path)[1].lower()
