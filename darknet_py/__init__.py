"""darknet-py: Darknet's networks in Python. Importing this imports nothing heavy."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from darknet_py.errors import DarknetError
from darknet_py.version import __version__ as __version__

if TYPE_CHECKING:
    from darknet_py.detect.detector import Detector
    from darknet_py.detect.load_detector import load
    from darknet_py.detect.result import Result
    from darknet_py.detect.result_boxes import Boxes
    from darknet_py.evaluate import EvaluateModule
    from darknet_py.network.network import Network
    from darknet_py.train import TrainModule

    evaluate: EvaluateModule
    train: TrainModule

__all__ = [
    "Boxes",
    "DarknetError",
    "Detector",
    "Network",
    "Result",
    "evaluate",
    "load",
    "train",
]

_HOMES = {
    "Boxes": "darknet_py.detect.result_boxes",
    "Detector": "darknet_py.detect.detector",
    "Network": "darknet_py.network.network",
    "Result": "darknet_py.detect.result",
    "load": "darknet_py.detect.load_detector",
}
_CALLABLE = ("evaluate", "train")
"""Packages that can be called as well: each is a function of its own name."""


def __getattr__(name: str) -> Any:
    """Public names are imported when they are first used."""
    if name in _CALLABLE:
        return importlib.import_module(f"darknet_py.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'darknet_py' has no attribute '{name}'")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
