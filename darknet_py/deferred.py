"""A module that is imported when it is first used.

Section kinds hold their options, their shape rule and their arithmetic in one place, yet `summary`
and `check` need only the first two: with `torch = deferred("torch")` they start in a tenth of the
time that importing torch takes.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any


class _Deferred(ModuleType):
    def __getattr__(self, name: str) -> Any:
        value = getattr(importlib.import_module(self.__name__), name)
        setattr(self, name, value)  # the next look-up is an ordinary one
        return value


def deferred(name: str) -> Any:
    """A stand-in for module `name`."""
    return _Deferred(name)
