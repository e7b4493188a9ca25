"""A layer of the network where it stands in a program of ncnn, and what is often added there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from darknet_py.conversion.ncnn_program import NcnnProgram, Params
from darknet_py.errors import DarknetError
from darknet_py.layers.activations import SELU_ALPHA, SELU_SCALE
from darknet_py.layers.base import LayerContext, Weights
from darknet_py.layers.shape import Shape

ADD, SUBTRACT, MULTIPLY = 0, 1, 2
"""ncnn's numbers of BinaryOp's operations."""
CHANNELS, ROWS, COLUMNS = 0, 1, 2
"""ncnn's numbers of the axes of a blob (C, H, W)."""


@dataclass(frozen=True)
class LayerSite:
    """A layer of the network where it stands: what it reads as blobs, its tensors, its output."""

    program: NcnnProgram
    layer: Any
    context: LayerContext
    inputs: tuple[str, ...]
    weights: Weights
    out: Shape

    def add(self, kind: str, blob: str, params: Params | None = None, weights: bytes = b"") -> str:
        """A layer with one input."""
        return self.program.add(kind, (blob,), params, weights)

    def scalar(self, operation: int, blob: str, value: float) -> str:
        """Every value of a blob with a number; nothing where that changes nothing."""
        if value == (1 if operation == MULTIPLY else 0):
            return blob
        return self.add("BinaryOp", blob, {0: operation, 1: 1, 2: float(value)})

    def both(self, operation: int, one: str, other: str) -> str:
        """Two blobs value by value; a side of 1 is repeated."""
        return self.program.add("BinaryOp", (one, other), {0: operation})

    def part(self, blob: str, axis: int, start: int, end: int) -> str:
        return self.add("Crop", blob, {9: [start], 10: [end], 11: [axis]})

    def reshaped(self, blob: str, shape: Shape) -> str:
        return self.add("Reshape", blob, {0: shape.w, 1: shape.h, 2: shape.c})

    def refuse(self, what: str, key: str = "") -> NoReturn:
        location = self.layer.location(key)
        raise DarknetError(
            f"{what} is not written for ncnn; --format onnx, --engine torch have it", location
        )

    def require(self, **usual: object) -> None:
        """Refuses the layer where one of these options has another value."""
        for key, value in usual.items():
            if getattr(self.layer, key) != value:
                self.refuse(f"{key}={getattr(self.layer, key)}", key)

    def activated(self, blob: str) -> str:
        """By the layer's own activation."""
        name = self.layer.activation
        if name == "linear":
            return blob
        if name not in ACTIVATION_LAYERS:
            self.refuse(f"activation={name}", "activation")
        kind, params = ACTIVATION_LAYERS[name]
        return self.add(kind, blob, params)


ACTIVATION_LAYERS: Mapping[str, tuple[str, Params]] = {
    "logistic": ("Sigmoid", {}),
    "relu": ("ReLU", {}),
    "relu6": ("Clip", {0: 0.0, 1: 6.0}),
    "leaky": ("ReLU", {0: 0.1}),
    "revleaky": ("ReLU", {0: 0.1}),
    "relie": ("ReLU", {0: 0.01}),
    "hardtan": ("Clip", {0: -1.0, 1: 1.0}),
    "elu": ("ELU", {0: 1.0}),
    "selu": ("SELU", {0: SELU_ALPHA, 1: SELU_SCALE}),
    "gelu": ("GELU", {0: 1}),
    "tanh": ("TanH", {}),
    "swish": ("Swish", {}),
    "mish": ("Mish", {}),
}
FUSED: Mapping[str, tuple[int, tuple[float, ...]]] = {
    "relu": (1, ()),
    "leaky": (2, (0.1,)),
    "revleaky": (2, (0.1,)),
    "relie": (2, (0.01,)),
    "relu6": (3, (0.0, 6.0)),
    "hardtan": (3, (-1.0, 1.0)),
    "logistic": (4, ()),
    "mish": (5, ()),
}
"""Activations that ncnn's convolutions and matrices do themselves: its number, its parameters."""
