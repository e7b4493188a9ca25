"""Losses in Darknet's sense: the delta that trains, and the cost that is shown."""

from darknet_py.lazy import import_modules
from darknet_py.losses.head_loss import LOSSES, LossInput

__all__ = ["LOSSES", "LossInput"]

import_modules(__name__, __path__)  # each registers the losses it has
