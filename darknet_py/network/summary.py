"""What a network is: its layers one by one, and what it costs to store and to run."""

from __future__ import annotations

import dataclasses
import json
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from darknet_py.layers.base import INPUT, Node
from darknet_py.layers.counted import Counted
from darknet_py.layers.printed import Printed
from darknet_py.layers.shape import ReceptiveField, Shape
from darknet_py.network.graph import Graph

TITLE = "   layer   filters  size/strd(dil)      input                output"
HEADER_BYTES = 20
FLOAT_BYTES = 4


@dataclass(frozen=True)
class LayerRow:
    """One layer; shapes are (channels, height, width) of one image.

    printed: what Darknet prints of it behind its index.
    """

    index: int
    kind: str
    filters: str
    size: str
    inputs: tuple[Shape, ...]
    output: Shape
    bflops: float
    parameters: int
    receptive_field: int
    printed: tuple[Printed, ...]

    @property
    def line(self) -> str:
        """Darknet's line, and what else it prints of the layer on lines below."""
        return "".join(piece.text for piece in self.printed).removesuffix("\n")


@dataclass(frozen=True)
class Totals:
    """Sums over a network for one image.

    avg_outputs: the mean size of an output as AlexeyAB's program prints it.

    bflops: what networks are known by, AlexeyAB's count of convolutions and pools.
    printed_bflops: what his program prints today as Total BFLOPS, which has shortcuts in it as
    well. all_bflops: with the connected, local and recurrent layers that program leaves out.
    parameters: floats in the weights file. activation_bytes: all outputs as float32.
    peak_activation_bytes: the same when each output is freed after its last use. stride: the
    largest downsampling on the way to a head. receptive_field: side in pixels, the largest of any
    layer.
    """

    avg_outputs: int
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
    rows: tuple[LayerRow, ...]
    totals: Totals

    def text(self) -> str:
        """The table as AlexeyAB's program prints it, then the totals in words."""
        lines = [f"{row.index:4d} {row.line}" for row in self.rows]
        return "\n".join([TITLE, *lines, *_totals_lines(self.totals)])

    def to_json(self) -> str:
        """Everything the table says, for programs: {cfg, fork, input, layers, totals}."""
        layers = [dataclasses.asdict(row) for row in self.rows]
        for layer in layers:
            del layer["printed"]
        facts = {"cfg": self.path, "fork": self.fork, "input": self.input, "layers": layers}
        return json.dumps(facts | {"totals": dataclasses.asdict(self.totals)}, indent=1)


def summarize(graph: Graph) -> Summary:
    """The layer table and the totals of a graph."""
    fields = receptive_fields(graph)
    rows = tuple(_row(graph, node, fields[node.index]) for node in graph.nodes)
    totals = _totals(graph, rows, fields)
    return Summary(graph.path, graph.fork.name, graph.net.input, rows, totals)


def _row(graph: Graph, node: Node, field: ReceptiveField) -> LayerRow:
    context = graph.context(node.index)
    filters, size = node.layer.table_row(context, node.out)
    parameters = sum(tensor.size for tensor in graph.stored(node.index) if tensor.in_file)
    return LayerRow(
        index=node.index,
        kind=node.layer.kind,
        filters=filters,
        size=size,
        inputs=node.shapes,
        output=node.out,
        bflops=node.layer.flops(context, node.out) / 1e9,
        parameters=parameters,
        receptive_field=field.size,
        printed=tuple(node.layer.printed(context, node.out)),
    )


def _totals(graph: Graph, rows: tuple[LayerRow, ...], fields: dict[int, ReceptiveField]) -> Totals:
    def counted(total: Counted) -> Iterator[float]:
        pairs = zip(graph.nodes, rows, strict=True)
        return (row.bflops for node, row in pairs if total in node.layer.COUNTED)

    return Totals(
        avg_outputs=avg_outputs(graph),
        bflops=sum(counted(Counted.PUBLISHED)),
        printed_bflops=printed_bflops(graph),
        all_bflops=sum(row.bflops for row in rows),
        parameters=graph.parameters,
        weights_bytes=HEADER_BYTES + FLOAT_BYTES * graph.parameters,
        receptive_field=max(row.receptive_field for row in rows),
        activation_bytes=FLOAT_BYTES * sum(row.output.size for row in rows),
        peak_activation_bytes=peak_activation_bytes(graph),
        stride=net_stride(graph, fields),
    )


def printed_bflops(graph: Graph) -> float:
    """What AlexeyAB's program prints as Total BFLOPS."""
    return _float32_sum(
        node.layer.flops(graph.context(node.index), node.out) / 1e9
        for node in graph.nodes
        if Counted.TOTAL in node.layer.COUNTED
    )


def avg_outputs(graph: Graph) -> int:
    """The mean size, cut to a whole number, of the outputs that AlexeyAB's program counts."""
    sizes = [
        node.layer.averaged_outputs(graph.context(node.index), node.out) for node in graph.nodes
    ]
    return sum(sizes) // max(1, sum(map(bool, sizes)))


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


def receptive_fields(graph: Graph) -> dict[int, ReceptiveField]:
    """Of every layer by its index, and of the network's input."""
    fields = {INPUT: ReceptiveField(1, 1)}
    for node in graph.nodes:
        fields[node.index] = node.layer.receptive_field([fields[i] for i in node.inputs])
    return fields


def net_stride(graph: Graph, fields: dict[int, ReceptiveField] | None = None) -> int:
    """The largest downsampling on the way to a head; input sizes are multiples of it."""
    fields = fields or receptive_fields(graph)
    return max(fields[index].stride for index in _ancestors(graph))


def _ancestors(graph: Graph) -> set[int]:
    """The heads and every layer they depend on."""
    reached: set[int] = set()
    pending = list(graph.heads)
    while pending:
        index = pending.pop()
        if index != INPUT and index not in reached:
            reached.add(index)
            pending.extend(graph.nodes[index].inputs)
    return reached


def _totals_lines(totals: Totals) -> Iterator[str]:
    yield f"Total BFLOPS {totals.printed_bflops:5.3f} "
    yield f"avg_outputs = {totals.avg_outputs} "
    if f"{totals.bflops:.3f}" != f"{totals.printed_bflops:.3f}":
        yield f"without shortcuts: {totals.bflops:.3f} BFLOPS, as published"
    if f"{totals.all_bflops:.2f}" != f"{totals.printed_bflops:.2f}":
        yield f"with the layers Darknet does not count: {totals.all_bflops:.3f} BFLOPS"
    yield f"parameters: {totals.parameters:,} (weights file: {totals.weights_bytes:,} bytes)"
    yield f"receptive field: {totals.receptive_field} x {totals.receptive_field} pixels"
    yield f"stride: {totals.stride} pixels (width and height are multiples of it)"
    whole, peak = (
        count / 2**20 for count in (totals.activation_bytes, totals.peak_activation_bytes)
    )
    yield f"activations of one image: {whole:.1f} MiB, at most {peak:.1f} MiB at a time"
