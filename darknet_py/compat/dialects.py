"""The darknet.py of each Darknet: where they answer the same call in different ways.

Most scripts say by the functions they call which one they were written for. What cannot be told is
settled by `dialect=`, by `use_dialect`, or by the environment's DARKNET_PY_DIALECT.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from darknet_py.errors import DarknetError, nearest
from darknet_py.forks import ALEXEYAB, PJREDDIE, Fork

VARIABLE = "DARKNET_PY_DIALECT"


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """What one darknet.py does.

    fork: whose numbers its library gives. letterboxes: `predict_image` pads an image to keep its
    aspect; otherwise it stretches it. by_objectness: `detect` suppresses boxes whatever their
    classes; otherwise class by class. loads_alone: `load_network` returns the network, without
    names and colours. hashed_colors: `class_colors` are made of the names; otherwise of Python's
    random numbers. bytewise_images: `load_image` resizes with OpenCV in whole byte values.
    quiet: loading prints nothing unless `set_verbose` asks for it.
    """

    name: str
    fork: Fork = ALEXEYAB
    letterboxes: bool = False
    by_objectness: bool = False
    loads_alone: bool = False
    hashed_colors: bool = False
    bytewise_images: bool = False
    quiet: bool = False


TODAY = Dialect(name="alexeyab")
BEFORE_2020_04 = Dialect(name="alexeyab-2019")
ORIGINAL = Dialect(name="pjreddie", fork=PJREDDIE, letterboxes=True, by_objectness=True)
HANK = Dialect(
    name="hank-ai", loads_alone=True, hashed_colors=True, bytewise_images=True, quiet=True
)
DIALECTS = {dialect.name: dialect for dialect in (TODAY, BEFORE_2020_04, ORIGINAL, HANK)}


def dialect_named(name: str) -> Dialect:
    """A row of DIALECTS; raises DarknetError for any other name."""
    if name not in DIALECTS:
        known = f"known are {', '.join(DIALECTS)}{nearest(str(name), DIALECTS)}"
        raise DarknetError(f"unknown dialect '{name}' of darknet.py, {known}")
    return DIALECTS[name]


@dataclass
class _Told:
    """What has been said of the dialect, and what the functions called so far tell."""

    said: str = ""
    shown: Dialect | None = None


_TOLD = _Told()


def use_dialect(name: str) -> None:
    """Answer as this darknet.py from here on, whatever is called; "" goes by the calls again.

    name: alexeyab, alexeyab-2019, pjreddie or hank-ai. Raises DarknetError for any other.
    """
    if name:
        dialect_named(name)
    _TOLD.said, _TOLD.shown = name, None


def said_dialect(name: str | None = None) -> Dialect | None:
    """The dialect that is asked for: by an argument, else `use_dialect`, else the environment."""
    name = name or _TOLD.said or os.environ.get(VARIABLE)
    return dialect_named(name) if name else None


def notice(dialect: Dialect) -> None:
    """A function was called that this dialect has, and other dialects have not."""
    _TOLD.shown = dialect


def present_dialect(name: str | None = None) -> Dialect:
    """The dialect in force for a call that any of them may make."""
    return said_dialect(name) or _TOLD.shown or TODAY
