"""The arguments of the functions that people call: what each may be, and what is said otherwise."""

from __future__ import annotations

import numbers
import os
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from darknet_py.engines.table import ENGINE_PRECISIONS, EngineConfig, engine_names
from darknet_py.errors import ArgumentError, DataError, nearest
from darknet_py.forks import FORKS, Fork

ENGINE_WORDS = (
    *("device", "precision", "engine", "compiled", "exact"),
    *("calibrate", "calibrate_images", "max_map_loss"),
)
"""What a Detector is told of its engine, by the names of EngineConfig's fields."""


def share(name: str, value: Any) -> float:
    """A number in [0, 1]. Raises ArgumentError for what is none, DataError for one beyond."""
    expected = "expected a number from 0 to 1, such as 0.25"
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        raise ArgumentError(f"{name} {value!r:.60}: {expected}, not {type(value).__name__}")
    number = float(value)
    if not 0 <= number <= 1:
        raise DataError(f"{name} {number:g}: {expected}")
    return number


def whole_number(name: str, value: Any, least: int = 1) -> int:
    """An integer of `least` or more; raises as `share`."""
    expected = f"expected a whole number of {least} or more"
    if not isinstance(value, numbers.Integral) or isinstance(value, bool):
        raise ArgumentError(f"{name} {value!r:.60}: {expected}, not {type(value).__name__}")
    if value < least:
        raise DataError(f"{name} {value}: {expected}")
    return int(value)


def require_type(name: str, value: Any, kinds: tuple[type, ...], expected: str) -> None:
    """Raises ArgumentError for a value of another type; expected: as in "a path"."""
    if not isinstance(value, kinds):
        raise ArgumentError(
            f"{name} {value!r:.60}: expected {expected}, not {type(value).__name__}"
        )


def require_switch(name: str, value: Any, or_none: bool = False) -> None:
    """Raises ArgumentError for what is neither True nor False, nor None where that is one."""
    if not (or_none and value is None):
        require_type(name, value, (bool,), "True, False or None" if or_none else "True or False")


def require_path(name: str, value: Any, expected: str) -> None:
    """Raises ArgumentError for what is no path."""
    require_type(name, value, (str, os.PathLike), f"{expected}, as text or pathlib.Path")


def given_names(names: Any) -> Any:
    """Class names as a path or a list of texts; None stays. A dict by the class's number, as other
    programs have, is a list here. Raises ArgumentError for anything else."""
    if names is None or isinstance(names, (str, os.PathLike)):
        return names
    expected = "the path of a names file, or a list of class names"
    if isinstance(names, Mapping):
        if sorted(names) != list(range(len(names))):
            raise ArgumentError(f"names: expected {expected}; this dict's keys are not 0, 1, 2 ...")
        names = [names[number] for number in range(len(names))]
    require_type("names", names, (Collection,), expected)
    if isinstance(names, (bytes, bytearray)) or not all(isinstance(one, str) for one in names):
        raise ArgumentError(f"names: expected {expected}; not all of these are texts")
    return list(names)


def refuse_keywords(
    function: str, given: Iterable[str], known: Collection[str], foreign: Mapping[str, str]
) -> None:
    """Raises ArgumentError for keywords that a function does not have.

    foreign: what is done here for a word of other libraries.
    """
    for word in given:
        if word in known:
            continue
        cure = f"; here it is {foreign[word]}" if word in foreign else nearest(word, known)
        raise ArgumentError(f"{function} has no argument '{word}'{cure}")


def require_load(cfg: Any, weights: Any, data: Any, fork: Any, width: Any, height: Any) -> None:
    """Raises ArgumentError and DataError for arguments of `load` that cannot be."""
    require_path("cfg", cfg, "the path of a cfg file or a network's name")
    if weights is not None:
        require_path("weights", weights, "the path of a .weights file")
    if data is not None:
        require_path("data", data, "the path of a .data file")
    require_type("fork", fork, (str, Fork), f"one of {', '.join(FORKS)}")
    for name, side in (("width", width), ("height", height)):
        if side is not None:
            whole_number(name, side)


def checked_config(
    device: Any,
    precision: Any,
    engine: Any,
    compiled: Any,
    exact: Any,
    calibrate: Any,
    calibrate_images: Any,
    max_map_loss: Any,
) -> EngineConfig:
    """Raises ArgumentError and DataError for what none of EngineConfig's fields can be."""
    require_type("engine", engine, (str,), f"one of {', '.join(engine_names())}")
    require_type("precision", precision, (str,), f"one of {', '.join(ENGINE_PRECISIONS)}")
    if compiled is not None:
        require_switch("compiled", compiled)
    require_switch("exact", exact)
    if calibrate is not None:
        require_path("calibrate", calibrate, "the path of a .data file, a folder or a zip")
    images, most = calibrate_images, max_map_loss
    return EngineConfig(
        engine,
        precision,
        compiled,
        str(device),
        exact=exact,
        calibrate=None if calibrate is None else os.fspath(calibrate),
        calibrate_images=None if images is None else whole_number("calibrate_images", images),
        max_map_loss=None if most is None else share("max_map_loss", most),
    )
