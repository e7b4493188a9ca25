"""What `export` can write: formats and forms, known before anything heavy is imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class OutputForm:
    """What a program gives.

    meaning: in a line. needs: what the network must end in: "layers" of any kind, detection
    "heads", or heads whose "boxes" can be worked out without a choice of the caller's. outputs:
    their names; without, there is one for each layer that is taken, named after it. batch_axis,
    rows_axis: of the outputs, that depend on the number of images and on the size of the input.
    """

    meaning: str
    needs: Literal["layers", "heads", "boxes"]
    outputs: tuple[str, ...] = ()
    batch_axis: int | None = 0
    rows_axis: int | None = None


FORMS = {
    "heads": OutputForm("what net(x) returns, one output for each head, (N, C, H, W)", "layers"),
    "boxes": OutputForm(
        "boxes (N, K, 4) and scores (N, K, classes) of all K anchors and cells",
        "boxes",
        ("boxes", "scores"),
        rows_axis=1,
    ),
    "nms": OutputForm(
        "detections (D, 7), the boxes that are left of all images",
        "boxes",
        ("detections",),
        batch_axis=None,
        rows_axis=0,
    ),
    "ultralytics": OutputForm(
        "output0 (N, 4 + classes, K), for readers of YOLOv8's files",
        "boxes",
        ("output0",),
        rows_axis=2,
    ),
    "deepstream": OutputForm(
        "output (N, K, 6), rows x1 y1 x2 y2 score class, for DeepStream",
        "boxes",
        ("output",),
        rows_axis=1,
    ),
    "raw": OutputForm("what each head reads, for the tool chains of NPUs", "heads"),
}
"""To add a form, add a row; one with outputs of its own has its arithmetic in
conversion.box_forms.ARRANGED, and how its boxes are read in export.box_rows.READERS."""


@dataclass(frozen=True)
class Format:
    """home: module and function that make it. suffix: of the file -o names.

    runtimes: rows of export.runtimes.RUNTIMES that run such a file. beside: endings of the files
    that lie beside it. unfit: form -> why the format does not have it. one_image: why neither
    --batch nor --dynamic is for it, "" where they are. unfolded: it holds the tensors as the
    weights file has them, which an engine's form of the network has no more. folder: what the
    name of a folder of such files ends in for ultralytics' readers, who want a metadata.yaml there.
    """

    home: str
    suffix: str
    runtimes: tuple[str, ...]
    beside: tuple[str, ...] = ()
    unfit: Mapping[str, str] = field(default_factory=dict)
    one_image: str = ""
    unfolded: bool = False
    folder: str = ""


WEIGHTS_ONLY = "it holds weights and no program; use --form heads"
NOT_IN_NCNN = "it is written for ncnn in no such form; use --form ultralytics, heads or raw"

FORMATS = {
    "onnx": Format(
        "darknet_py.conversion.onnx_file:to_onnx", ".onnx", ("onnxruntime", "opencv", "openvino")
    ),
    "torchscript": Format(
        "darknet_py.conversion.torch_file:to_torchscript", ".torchscript", ("torchscript",)
    ),
    "pt2": Format("darknet_py.conversion.torch_file:to_pt2", ".pt2", ("pt2",)),
    "openvino": Format(
        "darknet_py.conversion.openvino_file:to_openvino",
        ".xml",
        ("openvino",),
        (".bin",),
        folder="_openvino_model",
    ),
    "ncnn": Format(
        "darknet_py.conversion.ncnn_file:to_ncnn",
        ".param",
        ("ncnn",),
        (".bin", ".json"),
        dict.fromkeys(("boxes", "nms", "deepstream"), NOT_IN_NCNN),
        "ncnn runs single images of one size",
        folder="_ncnn_model",
    ),
    "safetensors": Format(
        "darknet_py.conversion.safetensors_file:to_safetensors",
        ".safetensors",
        ("safetensors",),
        unfit={form: WEIGHTS_ONLY for form in FORMS if form != "heads"},
        one_image="it holds weights and no program",
        unfolded=True,
    ),
}
"""To add a format, add a row."""
