"""Files of class names, and the names of a network: given, the .data file's, or beside the cfg."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from darknet_py.cfg.datafile import read_data_file
from darknet_py.cfg.text import read_text
from darknet_py.errors import DataError, Location

Names = str | os.PathLike[str] | Sequence[str] | None


def read_names(path: str | os.PathLike[str]) -> list[str]:
    """Class names, one a line; an empty last line is none. Raises DataError for no names at all."""
    names = [line.rstrip("\r") for line in read_text(path, "a names", DataError).split("\n")]
    while names and not names[-1].strip():
        names.pop()
    if not names:
        raise DataError("has no names, expected one class name a line", Location(os.fspath(path)))
    return names


def class_names(names: Names, cfg: str, classes: int, data: str | None = None) -> list[str]:
    """`classes` names: `names` (a file or list), else the .data file's, else those beside the cfg.

    Beside the cfg means NAME.names, or the one names file in the cfg's folder or in ../data that
    has as many names as the network has classes. Without any, the class numbers serve.
    Raises DataError when a file that was asked for has another number of names.
    """
    if names is not None and not isinstance(names, (str, os.PathLike)):
        return _counted(list(names), classes, Location("names"))
    path = Path(names) if names is not None else _from_data(data)
    if path is not None:
        return _counted(read_names(path), classes, Location(os.fspath(path)))
    return _neighbour(Path(cfg), classes) or [str(number) for number in range(classes)]


def _counted(names: list[str], classes: int, location: Location) -> list[str]:
    if len(names) != classes:
        cure = "use the names file of this network"
        message = f"has {len(names)} names, the network has classes={classes}; {cure}"
        raise DataError(message, location)
    return names


def _from_data(data: str | None) -> Path | None:
    if data is None:
        return None
    file = read_data_file(data)
    return file.file("names") or file.file("labels")


def _neighbour(cfg: Path, classes: int) -> list[str] | None:
    own = cfg.with_suffix(".names")
    for folder in (cfg.parent, cfg.parent.parent / "data"):
        files = [own] if os.path.isfile(own) else sorted(folder.glob("*.names"))
        fitting = [names for names in map(read_names, files) if len(names) == classes]
        if len(fitting) == 1:
            return fitting[0]
    return None
