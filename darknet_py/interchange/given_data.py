"""A folder, a zip or a data.yaml in the place of a .data file: imported once, and kept."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from darknet_py.cfg.data_mapping import data_of_mapping
from darknet_py.cfg.datafile import DataFile, is_foreign, read_data_file
from darknet_py.engines.cache_folder import folder as cache_folder
from darknet_py.errors import DataError, OutputError, Problems
from darknet_py.images.image_paths import listed
from darknet_py.interchange.darknet_writer import DATA_NAME, write_darknet_set
from darknet_py.interchange.layouts import read_labelled_set
from darknet_py.interchange.open_tree import folder_tree
from darknet_py.interchange.set_builder import ImportRules

logger = logging.getLogger(__name__)

FOLDER = "data"
"""Below the cache folder."""
BACKUP = "backup"
"""Weights of a training are kept in the working folder, not in the cache."""
VERSION = 1
"""Of what is written: another one is imported anew."""


DataSource = str | os.PathLike[str] | Mapping[str, Any]
"""What Python's functions take: a path, as the command line does, or a dict of the keys."""


def read_given_data(source: DataSource) -> DataFile:
    """The .data file that is given, or that `as_data_file` gives; raises DataError, OutputError."""
    if isinstance(source, Mapping):
        return data_of_mapping(source)
    if not isinstance(source, (str, os.PathLike)) or not os.fspath(source):
        accepted = "a .data file, a folder, a zip, a data.yaml, or a dict of a .data file's keys"
        raise DataError(f"data is {source!r}, expected {accepted}")
    return read_data_file(as_data_file(os.fspath(source)))


def as_data_file(path: str) -> str:
    """The .data file for what stands in its place; one that is given as it should be stays.

    A data set of another layout is imported into the cache folder, once for what its files are now,
    with links to the images of a folder; of a folder as Darknet's programs take it the .data file
    in it is meant. Raises DataError, OutputError.
    """
    if not is_foreign(path):
        return path
    if own := _own_data_file(path):
        return own
    home = cache_folder().absolute() / FOLDER / _name_of(path)
    data = home / DATA_NAME
    if data.exists():
        logger.info("%s: imported before, to %s", path, data)
        return os.fspath(data)
    found = read_labelled_set(path, ImportRules())
    try:
        _, remarks = write_darknet_set(found, home, "link", BACKUP)
    except OutputError:
        if not data.exists():  # else another process has made it meanwhile
            raise
        remarks = ()
    for remark in remarks:
        logger.warning("%s: %s", path, remark)
    logger.info("%s: imported to %s", path, data)
    return os.fspath(data)


def _own_data_file(path: str) -> str | None:
    """The one .data file of a folder, when the images of its first list are where it says."""
    files = sorted(Path(path).glob("*.data")) if os.path.isdir(path) else []
    if len(files) != 1:
        return None
    data = read_data_file(files[0], Problems())
    lists = [data.file(key) for key in ("train", "valid") if key in data.options]
    there = [file for file in lists if file is not None and file.is_file()]
    is_own = bool(there) and os.path.exists(listed(there[0])[0])
    return os.fspath(files[0]) if is_own else None


def _name_of(path: str) -> str:
    """Another one for every path and every change of its files; without words of label rules."""
    real = os.path.realpath(path)
    facts = hashlib.sha256(f"{VERSION}\n{real}\n".encode("utf-8", "surrogateescape"))
    around = real if os.path.isdir(real) else os.path.dirname(real)
    for file in [real] if real.lower().endswith(".zip") else _files_below(around):
        facts.update(_fact(file))
    return facts.hexdigest()[:20]


def _files_below(folder: str) -> list[str]:
    tree = folder_tree(Path(folder))
    return [os.fspath(tree.path(name)) for name in tree.names]


def _fact(file: str) -> bytes:
    try:
        found = os.stat(file)
    except OSError:  # a link that leads nowhere
        return f"{file}\n".encode("utf-8", "surrogateescape")
    line = f"{file} {found.st_size} {found.st_mtime_ns}\n"
    return line.encode("utf-8", "surrogateescape")
