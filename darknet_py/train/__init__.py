"""Training as Darknet trains: `Trainer` makes the steps, `train` is a whole training.

This package is also that function: `darknet_py.train(data, cfg, weights)`.
"""

from __future__ import annotations

import inspect
import sys
from types import ModuleType

from darknet_py.train.from_python import train
from darknet_py.train.train_result import TrainResult
from darknet_py.train.trainer import Trainer

__all__ = ["TrainResult", "Trainer", "train"]


class TrainModule(ModuleType):
    """This package as what it is too: a function."""

    Trainer = Trainer
    TrainResult = TrainResult
    __call__ = staticmethod(train)
    __signature__ = inspect.signature(train)


sys.modules[__name__].__class__ = TrainModule
