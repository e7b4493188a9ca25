"""A program of ncnn: layers in a row, each with its parameters and the bytes of its weights.

A .param file is text, a line a layer; a .bin file holds the weights in the order of the lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from torch import Tensor

MAGIC = "7767517"
"""First line of every .param file."""
ARRAY = -23300
"""What an array's number is taken off of."""
AS_FLOAT32 = bytes(4)
"""Stands before weights that ncnn may hold in other types too."""

Value = int | float | Sequence[int] | Sequence[float]
Params = Mapping[int, Value]


@dataclass(frozen=True)
class NcnnLayer:
    """A line of the file; inputs, outputs: names of blobs."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    params: Params = field(default_factory=dict)
    weights: bytes = b""

    def line(self, number: int) -> str:
        """Kind, name, how many blobs, the blobs, the parameters."""
        counts = f"{len(self.inputs)} {len(self.outputs)}"
        words = [f"{self.kind:24}", f"{self.kind.lower()}_{number:<4}", counts]
        values = (_parameter(key, value) for key, value in self.params.items())
        return " ".join([*words, *self.inputs, *self.outputs, *values]).rstrip()


class NcnnProgram:
    """Grows layer by layer; a blob is written once and may be read often."""

    def __init__(self) -> None:
        self.layers = list[NcnnLayer]()
        self.prefix = ""
        """Of the names of new blobs: the network's layer they belong to."""

    def add(
        self, kind: str, inputs: Sequence[str], params: Params | None = None, weights: bytes = b""
    ) -> str:
        """A layer with one output, whose name is returned."""
        output = f"{self.prefix}_{len(self.layers)}"
        self.name(kind, inputs, output, params, weights)
        return output

    def name(
        self,
        kind: str,
        inputs: Sequence[str],
        output: str,
        params: Params | None = None,
        weights: bytes = b"",
    ) -> None:
        """A layer whose output has this very name."""
        self.layers.append(NcnnLayer(kind, tuple(inputs), (output,), params or {}, weights))

    def constant(self, values: Tensor) -> str:
        """A blob (C, H, W) of fixed numbers."""
        c, h, w = values.shape
        return self.add("MemoryData", (), {0: w, 1: h, 2: c}, raw_bytes(values))

    def files(self) -> tuple[bytes, bytes]:
        """The contents of the .param and of the .bin file."""
        layers = list(_split(self.layers))
        blobs = sum(len(layer.outputs) for layer in layers)
        lines = [MAGIC, f"{len(layers)} {blobs}"]
        lines += [layer.line(number) for number, layer in enumerate(layers)]
        return "\n".join([*lines, ""]).encode(), b"".join(layer.weights for layer in layers)


def _split(layers: Sequence[NcnnLayer]) -> Iterator[NcnnLayer]:
    """The layers with a copy of each blob for each of its readers: ncnn allows a blob only one."""
    readers = Counter(blob for layer in layers for blob in layer.inputs)
    copies: dict[str, Iterator[str]] = {}
    for layer in layers:
        inputs = (next(copies[blob]) if blob in copies else blob for blob in layer.inputs)
        yield replace(layer, inputs=tuple(inputs))
        for blob in layer.outputs:
            if (count := readers[blob]) > 1:
                names = [f"{blob}_copy{number}" for number in range(count)]
                copies[blob] = iter(names)
                yield NcnnLayer("Split", (blob,), tuple(names))


def _parameter(key: int, value: Value) -> str:
    if isinstance(value, (int, float)):
        return f"{key}={_number(value)}"
    return f"{ARRAY - key}={','.join([str(len(value)), *map(_number, value)])}"


def _number(value: float) -> str:
    """ncnn tells floats from integers by their point."""
    return str(value) if isinstance(value, int) else f"{value:.8e}"


def raw_bytes(values: Tensor) -> bytes:
    return np.ascontiguousarray(values.detach().cpu().numpy(), "<f4").tobytes()


def weight_bytes(weights: Tensor, bias: Tensor) -> bytes:
    """Of a convolution or a matrix; whole words of four bytes, as ncnn reads them."""
    return AS_FLOAT32 + raw_bytes(weights) + raw_bytes(bias)
