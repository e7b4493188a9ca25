"""What `export` can write: formats and forms, known before anything heavy is imported."""

from __future__ import annotations

from dataclasses import dataclass

FORMS = {
    "heads": "what net(x) returns, one output for each head, (N, C, H, W)",
    "boxes": "boxes (N, K, 4) and scores (N, K, classes) of all K anchors and cells",
    "nms": "detections (D, 7), the boxes that are left of all images",
}


@dataclass(frozen=True)
class Format:
    """home: module and function that make it. suffix: of the file -o names.

    runtimes: rows of export.runtimes.RUNTIMES that run such a file.
    """

    home: str
    suffix: str
    runtimes: tuple[str, ...]


FORMATS = {
    "onnx": Format(
        "darknet_py.conversion.onnx_file:to_onnx", ".onnx", ("onnxruntime", "opencv", "openvino")
    ),
    "torchscript": Format(
        "darknet_py.conversion.torch_file:to_torchscript", ".torchscript", ("torchscript",)
    ),
    "pt2": Format("darknet_py.conversion.torch_file:to_pt2", ".pt2", ("pt2",)),
    "openvino": Format("darknet_py.conversion.openvino_file:to_openvino", ".xml", ("openvino",)),
}
"""To add a format, add a row."""
