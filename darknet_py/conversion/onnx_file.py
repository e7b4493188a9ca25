"""A network as ONNX, made by torch's tracing exporter.

Only the arithmetic goes through the exporter: the weights are added to what it wrote, which for
yolov3 takes a fifth of the time. Of torch's two exporters it is the one whose graphs of fixed size
need no optimiser afterwards, and which is several times faster.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from darknet_py.conversion.export_module import ExportModule
from darknet_py.conversion.export_target import ExportTarget, output_names
from darknet_py.conversion.formats import FORMS
from darknet_py.conversion.metadata import metadata
from darknet_py.errors import DarknetError
from darknet_py.lazy import optional_module
from darknet_py.network.graph import Graph
from darknet_py.network.network import Network

if TYPE_CHECKING:
    import onnx

OPSET = 17
"""What OpenCV 5, onnxruntime, OpenVINO and TensorRT all read."""
INPUT_NAME = "images"
LIMIT = 2**31 - 2**20
"""A file of protobuf ends at 2 GiB."""


def to_onnx(
    network: Network, target: ExportTarget | None = None, names: Sequence[str] = ()
) -> bytes:
    """The bytes of an .onnx file with the network's inference form, weights inside.

    Input `images` (N, C, H, W), float32 RGB in [0, 1]; outputs by target.form, named as in
    conversion.export_target. names: of the classes, for the file's metadata.
    Raises DarknetError, with the layer and the reason, for what has no such form.
    """
    target = target or ExportTarget()
    module = ExportModule(network, target)
    _require_room(module)
    model = _traced(module, inside=False)
    if not _add_weights(model, module):
        model = _traced(module, inside=True)
    for key, value in metadata(network.graph, target, names).items():
        model.metadata_props.add(key=key, value=value)
    model.producer_name = "darknet-py"
    data: bytes = model.SerializeToString()
    return data


def _traced(module: ExportModule, inside: bool) -> onnx.ModelProto:
    """The module as ONNX; its weights are inside, or inputs."""
    read = optional_module("onnx").load_from_string
    target, file = module.target, io.BytesIO()
    with torch.no_grad(), warnings.catch_warnings():
        # Tracing warns of every number it takes as fixed, as is meant here.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            (module.example(),),
            file,  # type: ignore[arg-type]
            dynamo=False,
            opset_version=OPSET,
            export_params=inside,
            input_names=[INPUT_NAME],
            output_names=output_names(module.graph, target.form),
            dynamic_axes=_dynamic_axes(module.graph, target),
        )
    model: onnx.ModelProto = read(file.getvalue())
    return model


def _dynamic_axes(graph: Graph, target: ExportTarget) -> dict[str, dict[int, str]]:
    batch = {0: "batch"} if target.dynamic_batch else {}
    size = {2: "height", 3: "width"} if target.dynamic_size else {}
    axes = {INPUT_NAME: batch | size}
    for name in output_names(graph, target.form):
        axes[name] = _output_axes(name, target)
    return {name: axis for name, axis in axes.items() if axis}


def _output_axes(name: str, target: ExportTarget) -> dict[int, str]:
    form = FORMS[target.form]
    if form.batch_axis is None:
        return {0: "found"}
    batch = {form.batch_axis: "batch"} if target.dynamic_batch else {}
    if not target.dynamic_size:
        return batch
    grid = {2: f"{name}_height", 3: f"{name}_width"}
    return batch | (grid if form.rows_axis is None else {form.rows_axis: "rows"})


def _require_room(module: ExportModule) -> None:
    if sum(4 * tensor.numel() for tensor in module.parameters()) > LIMIT:
        raise DarknetError(f"{module.graph.path}: more than 2 GiB of weights, ONNX's limit")


def _add_weights(model: onnx.ModelProto, module: ExportModule) -> bool:
    """The weights as constants; in the exporter's graph they are inputs by their names.

    False when the exporter has computed other weights from them (recurrent layers' batch norm).
    """
    tensors = dict(module.named_parameters())
    entries = [entry for entry in model.graph.input if entry.name != INPUT_NAME]
    if not {entry.name for entry in entries} <= set(tensors):
        return False
    for entry in entries:
        tensor = tensors[entry.name].detach().contiguous()
        model.graph.initializer.add(
            name=entry.name,
            dims=list(tensor.shape),
            data_type=entry.type.tensor_type.elem_type,
            raw_data=tensor.numpy().tobytes(),
        )
        model.graph.input.remove(entry)
    return True
