"""Modules that are imported when they are first used, all at once, or where they are installed.

Section kinds hold their options, their shape rule and their arithmetic in one place, yet `summary`
and `check` need only the first two: with `torch = deferred("torch")` they start in a tenth of the
time that importing torch takes.
"""

from __future__ import annotations

import gc
import importlib
import pkgutil
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from darknet_py.errors import DarknetError


class _Deferred(ModuleType):
    def __getattr__(self, name: str) -> Any:
        value = getattr(importlib.import_module(self.__name__), name)
        setattr(self, name, value)  # the next look-up is an ordinary one
        return value


def deferred(name: str) -> Any:
    """A stand-in for module `name`."""
    return _Deferred(name)


def import_modules(package: str, folders: Iterable[str]) -> None:
    """Import all modules of a package in order of their names, so that each registers its own.

    A kind then needs no line in a list beside its file.
    """
    for name in sorted(module.name for module in pkgutil.iter_modules(folders)):
        importlib.import_module(f"{package}.{name}")


def import_at_once(name: str) -> None:
    """Import a large module with the garbage collector at rest.

    torch makes a million objects that stay for good. Left alone, the collector walks through them
    again and again while they are made, and once more at exit: a third of the time of the import.
    """
    working = gc.isenabled()
    gc.disable()
    try:
        importlib.import_module(name)
    finally:
        gc.freeze()
        if working:
            gc.enable()


def optional_module(module: str, *more: str, package: str | None = None) -> Any:
    """A module of an extra of this package, imported where it is used.

    package: what it is installed as, where that is another name. Raises DarknetError with the line
    that installs it and `more`.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        cure = f"pip install {' '.join((package or module, *more))}"
        raise DarknetError(f"{module} is not installed; {cure}") from None
