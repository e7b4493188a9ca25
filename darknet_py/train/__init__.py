"""Training as Darknet trains: `Trainer` is the one loop under everything."""

from darknet_py.train.trainer import Trainer

__all__ = ["Trainer"]
