"""Section kinds. Importing this registers them; torch is imported when one first computes."""

from darknet_py.layers import (  # noqa: F401  (imported for their registration)
    convolution,
    deconvolution,
    dense,
    detection,
    joins,
    local,
    normalize,
    pointwise,
    pooling,
    recurrent,
    recurrent_image,
    region,
    resample,
    scores,
    shortcut,
    yolo,
)
from darknet_py.layers.base import Layer
from darknet_py.layers.sections import SECTIONS, read_layer

__all__ = ["SECTIONS", "Layer", "read_layer"]
