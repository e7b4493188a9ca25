"""What a network is: its layers one by one, and what it costs to store and to run."""

from __future__ import annotations

import dataclasses
import json
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from darknet_py.graph import Graph
from darknet_py.layers.base import INPUT, Layer, Node, Shape
from darknet_py.layertable import TITLE, table_line

HEADER_BYTES = 20
FLOAT_BYTES = 4


class Reach(NamedTuple):
    """How much of the input an output sees: the field's side and the stride, in input pixels."""

    field: int
    stride: int


@dataclass(frozen=True)
class Row:
    """One layer; shapes are (channels, height, width) of one image, `line` is Darknet's line."""

    index: int
    kind: str
    filters: str
    size: str
    inputs: tuple[Shape, ...]
    output: Shape
    bflops: float
    parameters: int
    receptive_field: int
    line: str


@dataclass(frozen=True)
class Totals:
    """Sums over a network for one image.

    bflops: the figure networks are known by, AlexeyAB's count of convolutions and pools.
    printed_bflops: what his program prints today as Total BFLOPS, which has shortcuts in it as
    well. all_bflops: with the connected, local and recurrent layers that program leaves out.
    parameters: floats in the weights file. activation_bytes: all outputs as float32.
    peak_activation_bytes: the same when each output is freed after its last use. stride: the
    largest downsampling on the way to a head. receptive_field: side in pixels, the largest of any
    layer.
    """

    bflops: float
    printed_bflops: float
    all_bflops: float
    parameters: int
    weights_bytes: int
    receptive_field: int
    activation_bytes: int
    peak_activation_bytes: int
    stride: int


@dataclass(frozen=True)
class Summary:
    """The layer table of a network and its totals."""

    path: str
    fork: str
    input: Shape
    rows: tuple[Row, ...]
    totals: Totals

    def text(self) -> str:
        """The table as AlexeyAB's program prints it, then the totals in words."""
        lines = [f"{row.index:4d} {row.line}".rstrip() for row in self.rows]
        return "\n".join([TITLE, *lines, *_totals_lines(self.totals)])

    def to_json(self) -> str:
        """Everything the table says, for programs: {cfg, fork, input, layers, totals}."""
        layers = [dataclasses.asdict(row) for row in self.rows]
        for layer in layers:
            del layer["line"]
        facts = {"cfg": self.path, "fork": self.fork, "input": self.input, "layers": layers}
        return json.dumps(facts | {"totals": dataclasses.asdict(self.totals)}, indent=1)


def summarize(graph: Graph) -> Summary:
    """The layer table and the totals of a graph."""
    reaches = reach_of(graph)
    rows = tuple(_row(graph, node, reaches[node.index]) for node in graph.nodes)
    return Summary(
        graph.path, graph.fork.name, graph.net.input, rows, _totals(graph, rows, reaches)
    )


def _row(graph: Graph, node: Node, reach: Reach) -> Row:
    site = graph.site(node.index)
    filters, size = node.layer.table_row(site, node.out)
    parameters = sum(tensor.size for tensor in graph.stored(node.index) if tensor.in_file)
    return Row(
        index=node.index,
        kind=node.layer.kind,
        filters=filters,
        size=size,
        inputs=node.shapes,
        output=node.out,
        bflops=node.layer.flops(site, node.out) / 1e9,
        parameters=parameters,
        receptive_field=reach.field,
        line=table_line(node.layer, site, node.out),
    )


DARKNET_COUNTS = (
    "convolutional",
    "maxpool",
    "local_avgpool",
    "shortcut",
    "crnn",
    "conv_lstm",
)
"""Kinds whose l.bflops AlexeyAB's program sets; connected, local, rnn, gru and lstm stay at 0."""
KNOWN_BY = frozenset(DARKNET_COUNTS) - {"shortcut"}
"""Published figures (65.86 for yolov3 at 416) are from before that program counted shortcuts."""


def _totals(graph: Graph, rows: tuple[Row, ...], reaches: dict[int, Reach]) -> Totals:
    return Totals(
        bflops=sum(row.bflops for row in rows if row.kind in KNOWN_BY),
        printed_bflops=_float32_sum(row.bflops for row in rows if row.kind in DARKNET_COUNTS),
        all_bflops=sum(row.bflops for row in rows),
        parameters=graph.parameters,
        weights_bytes=HEADER_BYTES + FLOAT_BYTES * graph.parameters,
        receptive_field=max(row.receptive_field for row in rows),
        activation_bytes=FLOAT_BYTES * sum(row.output.size for row in rows),
        peak_activation_bytes=peak_activation_bytes(graph),
        stride=net_stride(graph, reaches),
    )


def _float32_sum(values: Iterable[float]) -> float:
    """Added up in float32 as the C program does, which shows in the third decimal of large nets."""
    total = 0.0
    for value in values:
        total = _float32(total + _float32(value))
    return total


def _float32(value: float) -> float:
    rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    return rounded


def peak_activation_bytes(graph: Graph) -> int:
    """The most bytes of outputs alive at once for one image, as float32.

    Outputs go after their last use; heads stay to the end.
    """
    last_use, heads = graph.last_use, set(graph.heads)
    live, peak = {INPUT: graph.net.input.size}, graph.net.input.size
    for node in graph.nodes:
        live[node.index] = node.out.size
        peak = max(peak, sum(live.values()))
        finished = (*node.inputs, node.index)
        for index in set(finished) - heads:
            if last_use.get(index, node.index) == node.index:
                del live[index]
    return FLOAT_BYTES * peak


def _steps(layer: Any) -> tuple[int, int, int]:
    """(size, dilation, stride) of a layer that has them: 1, 1, 1 for any other."""
    return _WINDOWS.get(layer.kind, lambda layer: (1, 1, 1))(layer)


_WINDOWS: dict[str, Callable[[Any], tuple[int, int, int]]] = {
    "convolutional": lambda layer: (layer.size, layer.spread, max(layer.strides)),
    "maxpool": lambda layer: (layer.window, 1, max(layer.strides)),
    "local_avgpool": lambda layer: (layer.window, 1, max(layer.strides)),
    "local": lambda layer: (layer.size, 1, layer.stride),
    "normalization": lambda layer: (layer.size, 1, 1),
    "crnn": lambda layer: (layer.size, layer.dilation, layer.stride),
    "conv_lstm": lambda layer: (layer.size, layer.dilation, layer.stride),
}
_GROWTH: dict[str, Callable[[Any], int]] = {
    "upsample": lambda layer: int(layer.stride),
    "deconvolutional": lambda layer: int(layer.stride),
    "reorg": lambda layer: int(layer.stride if layer.reverse else -layer.stride),
    "reorg3d": lambda layer: int(layer.stride if layer.reverse else -layer.stride),
}
"""Kinds that change the resolution without a window: how often larger, or smaller when negative."""


def reach_of(graph: Graph) -> dict[int, Reach]:
    """Receptive field and stride of every layer, by the rule of show_receptive_field.

    Two slips of that rule are not repeated: [reorg3d] and an upsample with a negative stride make
    the picture smaller, yet the C program divides the stride for them as for any upsample.
    """
    reaches = {INPUT: Reach(1, 1)}
    for node in graph.nodes:
        # Only a route looks elsewhere; for all others the layer above counts, as in Darknet.
        sources = node.inputs if node.layer.kind == "route" else node.inputs[:1]
        field = max(reaches[source].field for source in sources)
        stride = max(reaches[source].stride for source in sources)
        reaches[node.index] = _advance(node.layer, field, stride)
    return reaches


def _advance(layer: Layer, field: int, stride: int) -> Reach:
    if layer.kind in _GROWTH:
        growth = _GROWTH[layer.kind](layer)
        return Reach(field, max(1, stride // growth) if growth > 0 else stride * -growth)
    size, dilation, step = _steps(layer)
    return Reach(field + (size + (dilation - 1) * 2 - 1) * stride, stride * step)


def net_stride(graph: Graph, reaches: dict[int, Reach] | None = None) -> int:
    """The largest downsampling on the way to a head; input sizes are multiples of it."""
    reaches = reaches or reach_of(graph)
    return max(reaches[index].stride for index in _ancestors(graph))


def _ancestors(graph: Graph) -> set[int]:
    """The heads and every layer they depend on."""
    found: set[int] = set()
    pending = list(graph.heads)
    while pending:
        index = pending.pop()
        if index != INPUT and index not in found:
            found.add(index)
            pending.extend(graph.nodes[index].inputs)
    return found


def _totals_lines(totals: Totals) -> Iterator[str]:
    yield f"Total BFLOPS {totals.printed_bflops:5.3f}"
    if f"{totals.bflops:.3f}" != f"{totals.printed_bflops:.3f}":
        yield f"without shortcuts: {totals.bflops:.3f} BFLOPS, as figures are published"
    if f"{totals.all_bflops:.2f}" != f"{totals.printed_bflops:.2f}":
        yield f"with the layers Darknet does not count: {totals.all_bflops:.3f} BFLOPS"
    yield f"parameters: {totals.parameters:,} (weights file: {totals.weights_bytes:,} bytes)"
    yield f"receptive field: {totals.receptive_field} x {totals.receptive_field} pixels"
    yield f"stride: {totals.stride} pixels (width and height are multiples of it)"
    whole, peak = (
        count / 2**20 for count in (totals.activation_bytes, totals.peak_activation_bytes)
    )
    yield f"activations of one image: {whole:.1f} MiB, at most {peak:.1f} MiB at a time"
