"""A dict in the place of a `.data` file: the same keys, written in Python."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from darknet_py.cfg.datafile import DataFile
from darknet_py.errors import DataError, nearest

NAME = "data"
"""What messages call it, in the place of a path."""
FILES = ("train", "valid", "names", "difficult", "map", "backup")
NUMBERS = ("classes", "saveweights", "savelast")


def data_of_mapping(mapping: Mapping[str, Any]) -> DataFile:
    """The options a .data file with these lines has; raises DataError.

    train, valid, difficult: paths of lists of images. names: the path of a names file, or the names
    themselves. map: the path of a class map. backup: the folder weights are kept in. classes,
    saveweights, savelast: whole numbers, of which classes must be the number of names.
    """
    given = {key: value for key, value in mapping.items() if value is not None}
    names = given.pop("names", ())
    options = {key: _text(key, value) for key, value in given.items()}
    if isinstance(names, (str, os.PathLike)):
        return DataFile(NAME, {**options, "names": os.fspath(names)})
    known = tuple(str(name) for name in names)
    if known and int(options.get("classes", len(known))) != len(known):
        counts = f"classes is {options['classes']}, and there are {len(known)} names"
        raise DataError(f"{NAME}: {counts}")
    return DataFile(NAME, options, names=known)


def _text(key: str, value: Any) -> str:
    if key in FILES and isinstance(value, (str, os.PathLike)):
        return os.fspath(value)
    if key in NUMBERS and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if key in (*FILES, *NUMBERS):
        expected = "a path" if key in FILES else "a whole number"
        message = f"{key} is of type {type(value).__name__}, expected {expected}"
        raise DataError(f"{NAME}: {message}")
    known = (*FILES, *NUMBERS)
    hint = nearest(key, known)
    raise DataError(f"{NAME}: unknown key '{key}', known are {', '.join(known)}{hint}")
