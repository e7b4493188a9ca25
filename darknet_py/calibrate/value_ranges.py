"""Which values the convolutions of a network take on images: the least and the greatest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from darknet_py.conversion.onnx_file import INPUT_NAME
from darknet_py.engines.calibration import Ranges
from darknet_py.engines.quantized_onnx import rounded_values
from darknet_py.errors import DarknetError, DataError
from darknet_py.images.fitted_images import FittedImage
from darknet_py.lazy import optional_module

ERRORS_ONLY = 3


def value_ranges(data: bytes, images: Iterable[FittedImage], cfg: str = "") -> Ranges:
    """The ranges that `quantized` wants, from runs of an .onnx file in float32.

    data: of the file for one image. cfg: for the message. One image's values are in memory at a
    time. Raises DataError for no image and for values that are not finite, DarknetError without
    onnxruntime and for a network of which nothing would be rounded.
    """
    onnx = optional_module("onnx")
    model = onnx.load_from_string(data)
    names = rounded_values(model)
    if not names:
        message = "has no convolution that int8 rounds"
        raise DarknetError(f"{cfg}: {message}; take another --precision")
    shown = {value.name for value in model.graph.output}
    for name in names:
        if name not in shown | {INPUT_NAME}:
            model.graph.output.add(name=name)
    session = _session(model.SerializeToString())
    low, high = np.full(len(names), np.inf), np.full(len(names), -np.inf)
    asked = [name for name in names if name != INPUT_NAME]
    for image in images:
        x = image.chw[None]
        values = dict(zip(asked, session.run(asked, {INPUT_NAME: x}), strict=True)) | {
            INPUT_NAME: x
        }
        low = np.minimum(low, [values[name].min() for name in names])
        high = np.maximum(high, [values[name].max() for name in names])
    return _finite(names, low, high)


def _session(model: bytes) -> Any:
    tool = optional_module("onnxruntime", "onnx")
    options = tool.SessionOptions()
    options.log_severity_level = ERRORS_ONLY
    return tool.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _finite(names: list[str], low: Any, high: Any) -> Ranges:
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        message = "values of the network are not finite on these images"
        raise DataError(f"{message}, so that int8 has no range; take other weights or images")
    return tuple(zip(names, low.tolist(), high.tolist(), strict=True))
