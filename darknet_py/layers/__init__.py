"""Section kinds. Importing this registers them; torch is imported when one first computes."""

from darknet_py.layers.base import Layer
from darknet_py.layers.sections import SECTIONS, read_layer
from darknet_py.lazy import import_modules

__all__ = ["SECTIONS", "Layer", "read_layer"]

import_modules(__name__, __path__)  # each registers the kinds it has
