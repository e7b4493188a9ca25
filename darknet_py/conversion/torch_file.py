"""A network as a file torch itself reads without this package: TorchScript, or torch.export."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Sequence
from typing import Any

import torch

from darknet_py.conversion.export_module import ExportModule
from darknet_py.conversion.export_target import ExportTarget
from darknet_py.conversion.metadata import foreign_words, metadata
from darknet_py.errors import DarknetError
from darknet_py.network.graph import Graph
from darknet_py.network.network import Network

CONFIG = "config.txt"
"""The extra file of a TorchScript program in which ultralytics' readers look for metadata."""


def to_torchscript(network: Network, target: ExportTarget, names: Sequence[str] = ()) -> bytes:
    """A TorchScript program for torch.jit.load; the metadata are its extra files.

    It takes images (N, C, H, W), float32 RGB in [0, 1], and gives a tuple of the target's outputs.
    Raises DarknetError, with the layer and the reason, for what has no such form.
    """
    module = _export_module(network, target, "TorchScript")
    file = io.BytesIO()
    with torch.no_grad(), warnings.catch_warnings():
        # Tracing warns of every number it takes as fixed, as is meant here.
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(module, (module.example(),), check_trace=False)
        extra = metadata(network.graph, target, names)
        if target.form == "ultralytics":
            extra[CONFIG] = json.dumps(foreign_words(extra))
        torch.jit.save(traced, file, _extra_files=extra)
    return file.getvalue()


def to_pt2(network: Network, target: ExportTarget, names: Sequence[str] = ()) -> bytes:
    """An exported program for torch.export.load; the metadata are its extra files.

    The rest as for to_torchscript.
    """
    module = _export_module(network, target, "a torch.export file")
    shapes = _dynamic_shapes(module.graph, target)
    file = io.BytesIO()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exported = _exported(module, shapes)
        extra = dict(metadata(network.graph, target, names))
        torch.export.save(exported, file, extra_files=extra)
    return file.getvalue()


def _exported(module: ExportModule, shapes: Any) -> torch.export.ExportedProgram:
    # Of a batch of 1 torch.export would conclude that it is always 1.
    example = module.example(least=2 if module.target.dynamic_batch else 1)
    try:
        return torch.export.export(module, (example,), dynamic_shapes=shapes, strict=False)
    except RuntimeError as failure:
        if not shapes:
            raise
        reason = str(failure).splitlines()[0]
        message = f"torch.export cannot leave its sizes open: {reason}"
        raise DarknetError(f"{message}; leave out --dynamic, or use --format torchscript") from None


def _export_module(network: Network, target: ExportTarget, what: str) -> ExportModule:
    if target.form == "nms":
        message = f"{what} knows no suppression"
        raise DarknetError(f"{message}; use --form boxes, or --format onnx or openvino")
    return ExportModule(network, target)


def _dynamic_shapes(graph: Graph, target: ExportTarget) -> tuple[Any, ...] | None:
    """A batch that torch.export takes as any number, and sides as any multiple of the strides."""
    axes: dict[int, Any] = {}
    if target.dynamic_batch:
        axes[0] = torch.export.Dim("batch", min=1)
    if target.dynamic_size:
        down, right = strides(graph)
        axes[2] = down * torch.export.Dim("rows", min=1)
        axes[3] = right * torch.export.Dim("columns", min=1)
    return (axes,) if axes else None


def strides(graph: Graph) -> tuple[int, int]:
    """(y, x): pixels of the input for one cell of the network's coarsest layer."""
    images = [node.out for node in graph.nodes if min(node.out.h, node.out.w) > 1]
    net = graph.net
    return (
        max((net.height // out.h for out in images), default=1),
        max((net.width // out.w for out in images), default=1),
    )
