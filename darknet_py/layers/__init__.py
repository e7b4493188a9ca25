"""Section kinds. Importing this registers all of them; nothing here imports torch before it is used."""

from darknet_py.layers import (  # noqa: F401  (imported for their registration)
    convolution,
    dense,
    detection,
    joins,
    local,
    normalize,
    pointwise,
    pooling,
    recurrent,
    region,
    resample,
    scores,
    yolo,
)
from darknet_py.layers.base import SECTIONS, Layer, read_layer

__all__ = ["SECTIONS", "Layer", "read_layer"]
