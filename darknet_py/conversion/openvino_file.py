"""A network as OpenVINO's IR: an .xml file with the layers and a .bin file with the weights."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from darknet_py.conversion.export_target import ExportTarget
from darknet_py.conversion.metadata import PREFIX, metadata
from darknet_py.conversion.onnx_file import to_onnx
from darknet_py.lazy import optional_module
from darknet_py.network.network import Network


def to_openvino(
    network: Network, target: ExportTarget, names: Sequence[str] = ()
) -> dict[str, bytes]:
    """The contents of both files by their endings, float32; the metadata are in rt_info/darknet,
    the words of other programs in rt_info/ultralytics.

    Input and outputs as of to_onnx. Raises DarknetError where the network has no such form, and
    where openvino is not installed.
    """
    openvino = optional_module("openvino", "onnx")
    model = read_model(to_onnx(network, target, names))
    for key, value in metadata(network.graph, target, names).items():
        owner = "darknet" if key.startswith(PREFIX) else target.form
        model.set_rt_info(value, [owner, key.removeprefix(PREFIX)])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.xml")
        openvino.save_model(model, path, compress_to_fp16=False)
        return {suffix: path.with_suffix(suffix).read_bytes() for suffix in (".xml", ".bin")}


def read_model(data: bytes) -> Any:
    """An openvino.Model of an .onnx file's bytes."""
    return openvino_core().read_model(data, b"")


@functools.cache
def openvino_core() -> Any:
    """OpenVINO's one core of this process; raises DarknetError where it is not installed.

    Its CPU plugin gives the thread another stack for signals and puts the old one back when it
    ends. With two cores ended in the order they came, signals would arrive on freed memory.
    """
    return optional_module("openvino").Core()
