"""Files of class names, and the names of a network: given, the .data file's, or beside the cfg."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from darknet_py.cfg.datafile import DataFile, read_data_file
from darknet_py.cfg.text_file import read_text
from darknet_py.errors import DataError, Location

logger = logging.getLogger(__name__)

Names = str | os.PathLike[str] | Sequence[str] | None


def read_names(path: str | os.PathLike[str], paths: bool = False) -> list[str]:
    """Class names, one a line; an empty last line is none. Raises DataError for no names at all.

    paths: the names are parts of paths, whose bytes are kept (see `text_file.decoded`).
    """
    text = read_text(path, "a names", DataError, paths=paths)
    names = [line.rstrip("\r") for line in text.split("\n")]
    while names and not names[-1].strip():
        names.pop()
    if not names:
        raise DataError("has no names, expected one class name a line", Location(os.fspath(path)))
    return names


def class_names(
    names: Names, cfg: str, classes: int, data: str | DataFile | None = None
) -> list[str]:
    """`classes` names: `names` (a file or list), else the .data file's, else those beside the cfg.

    Beside the cfg means NAME.names, or the one names file in the cfg's folder or in ../data that
    has as many names as the network has classes. Without any, the class numbers serve.
    Raises DataError for a file that was asked for and cannot be read.
    """
    if names is not None and not isinstance(names, (str, os.PathLike)):
        return fitted_names(list(names), classes, "names")
    path = names if names is not None else _from_data(data)
    if path is not None:
        return fitted_names(read_names(path), classes, os.fspath(path))
    if isinstance(data, DataFile) and data.names:
        return fitted_names([*data.names], classes, data.path)
    return _neighbour(Path(cfg), classes) or _numbers(0, classes)


def fitting_data(path: str, classes: int) -> DataFile | None:
    """A .data file that nobody has asked for, where it is there and names so many classes."""
    if not os.path.isfile(path):
        return None
    try:
        data = read_data_file(path)
        names = _from_data(data)
        fits = names is not None and len(read_names(names)) == classes
    except DataError:
        return None
    if fits:
        logger.info("names: %s, of %s", names, path)
    return data if fits else None


def names_of_data(data: DataFile, classes: int) -> list[str]:
    """`classes` names: those of names= in a .data file, numbers where it has none."""
    path = data.file("names")
    names = read_names(path) if path else [*data.names]
    return fitted_names(names, classes, path or data.path) if names else _numbers(0, classes)


def fitted_names(names: list[str], classes: int, source: str | os.PathLike[str]) -> list[str]:
    """`classes` of these names; class numbers stand in for missing ones. Warns of both counts.

    source: where they come from, for the warning.
    """
    if len(names) == classes:
        return names
    more = len(names) > classes
    outcome = "the rest is not used" if more else "class numbers stand in for the missing ones"
    counts = f"has {len(names)} names, the network has classes={classes}"
    logger.warning("%s: %s; %s", os.fspath(source), counts, outcome)
    return names[:classes] if more else [*names, *_numbers(len(names), classes)]


def _numbers(first: int, end: int) -> list[str]:
    return [str(number) for number in range(first, end)]


def _from_data(data: str | DataFile | None) -> Path | None:
    if data is None:
        return None
    file = data if isinstance(data, DataFile) else read_data_file(data)
    return file.file("names") or file.file("labels")


def _neighbour(cfg: Path, classes: int) -> list[str] | None:
    own = cfg.with_suffix(".names")
    if os.path.isfile(own):
        return fitted_names(read_names(own), classes, own)
    for folder in (cfg.parent, cfg.parent.parent / "data"):
        files = map(_readable, sorted(folder.glob("*.names")))
        fitting = [names for names in files if len(names) == classes]
        if len(fitting) == 1:
            return fitting[0]
    return None


def _readable(path: Path) -> list[str]:
    """Of a file that nobody has named: no names where it cannot be read."""
    try:
        return read_names(path)
    except DataError:
        return []
