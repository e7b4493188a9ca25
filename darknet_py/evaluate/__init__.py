"""Evaluation: what a network finds against what is there; `evaluate` is all of it for Python.

This package is also that function: `darknet_py.evaluate(detector, data)`.
"""

from __future__ import annotations

import inspect
import sys
from types import ModuleType

from darknet_py.evaluate.from_python import evaluate

__all__ = ["evaluate"]


class EvaluateModule(ModuleType):
    """This package as what it is too: a function."""

    evaluate = staticmethod(evaluate)
    __call__ = staticmethod(evaluate)
    __signature__ = inspect.signature(evaluate)


sys.modules[__name__].__class__ = EvaluateModule
