"""Libraries that are extras of this package: imported where they are used, missed by name."""

from __future__ import annotations

import importlib
from typing import Any

from darknet_py.errors import DarknetError


def needed(module: str, extra: str = "") -> Any:
    """The module; raises DarknetError with the line that installs it. extra: the module's name."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        cure = f"pip install 'darknet-py[{extra or module}]'"
        raise DarknetError(f"{module} is not installed; {cure}") from None
