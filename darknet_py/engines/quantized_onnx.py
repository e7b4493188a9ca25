"""An .onnx file with the values of its convolutions rounded to int8, by onnxruntime's quantizer.

The file computes in float32 with pairs of QuantizeLinear and DequantizeLinear in it (QDQ), which
engines put together with the convolutions between them. Weights are rounded channel by channel.

Depthwise convolutions stay in float32: they have so few products that int8 gains nothing, and their
channels differ so much that it loses mAP. So do those that heads are made from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from darknet_py.engines.calibration import Ranges
from darknet_py.lazy import optional_module

if TYPE_CHECKING:
    import onnx

CONV = "Conv"


@dataclass(frozen=True)
class Int8Form:
    """outputs: a convolution's output is rounded too. onnxruntime has no int8 convolution without;
    OpenVINO does bias and activation in float32 before it rounds for the next one."""

    outputs: bool


FORMS = {"onnxruntime": Int8Form(outputs=True), "openvino": Int8Form(outputs=False)}
"""By engine."""


def rounded_values(model: onnx.ModelProto) -> list[str]:
    """The names of all values whose ranges `quantized` may ask for."""
    return list(
        dict.fromkeys(name for node in _rounded(model) for name in (node.input[0], *node.output))
    )


def quantized(data: bytes, ranges: Ranges, engine: str) -> bytes:
    """The .onnx file in int8. ranges: of `rounded_values`.

    Raises DarknetError without onnxruntime.
    """
    onnx = optional_module("onnx")
    tool = optional_module("onnxruntime.quantization", package="onnxruntime")
    model = onnx.shape_inference.infer_shapes(onnx.load_from_string(data))
    _part_shared(model)
    names = [node.name for node in _rounded(model)]
    excluded = {} if FORMS[engine].outputs else {"OpTypesToExcludeOutputQuantization": [CONV]}
    maker = tool.qdq_quantizer.QDQQuantizer(
        model,
        per_channel=True,
        reduce_range=False,
        weight_qType=tool.QuantType.QInt8,
        activation_qType=tool.QuantType.QUInt8,
        tensors_range=_ranges(tool, ranges),
        nodes_to_quantize=names,
        nodes_to_exclude=[],
        op_types_to_quantize=[CONV],
        extra_options=excluded,
    )
    maker.quantize_model()
    made: bytes = maker.model.model.SerializeToString()
    return made


def _part_shared(model: onnx.ModelProto) -> None:
    """The exporter keeps equal tensors once; the quantizer wants one for each convolution."""
    graph = model.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for node in [node for node in graph.node if node.op_type == "Identity"]:
        if node.input[0] in constants:
            graph.initializer.add().CopyFrom(constants[node.input[0]])
            graph.initializer[-1].name = node.output[0]
            graph.node.remove(node)


def _ranges(tool: Any, ranges: Ranges) -> Any:
    bounds = {name: (np.float32(low), np.float32(high)) for name, low, high in ranges}
    calibrate = tool.calibrate
    return calibrate.TensorsData(calibrate.CalibrationMethod.MinMax, bounds)


def _rounded(model: onnx.ModelProto) -> Iterator[onnx.NodeProto]:
    """The convolutions that compute in int8."""
    last = _last_convolutions(model)
    for node in model.graph.node:
        if node.op_type == CONV and _groups(node) == 1 and node.name not in last:
            yield node


def _groups(node: onnx.NodeProto) -> int:
    return next((value.i for value in node.attribute if value.name == "group"), 1)


def _last_convolutions(model: onnx.ModelProto) -> set[str]:
    """Those with no other convolution between them and an output."""
    maker = {name: node for node in model.graph.node for name in node.output}
    todo, seen, found = [value.name for value in model.graph.output], set[str](), set[str]()
    while todo:
        name = todo.pop()
        node = maker.get(name)
        if node is None or name in seen:
            continue
        seen.add(name)
        if node.op_type == CONV:
            found.add(node.name)
        else:
            todo += node.input
    return found
