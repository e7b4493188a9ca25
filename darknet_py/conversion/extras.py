"""Libraries that are extras of this package: imported where they are used, missed by name."""

from __future__ import annotations

import importlib
from typing import Any

from darknet_py.errors import DarknetError


def needed(module: str, *more: str) -> Any:
    """The module; raises DarknetError with the line that installs its package and `more`."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        cure = f"pip install {' '.join((module, *more))}"
        raise DarknetError(f"{module} is not installed; {cure}") from None
