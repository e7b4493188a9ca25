"""Time by layer, as AlexeyAB's -benchmark_layers measures it on a GPU."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from darknet_py.benchmark.peak_flops import synchronize
from darknet_py.layers.base import Run
from darknet_py.layers.shape import Shape
from darknet_py.network.graph import Graph
from darknet_py.network.network import Network
from darknet_py.progress import Progress

UNCOUNTED = 2
TITLE = f"{'rank':>6} {'layer':>5} {'kind':17} {'filters':>7}  {'size/strd':13} "
TITLE += f"{'output':>17} {'ms':>9} {'share':>6} {'GFLOP/s':>8}"


@dataclass(frozen=True)
class LayerTime:
    """A layer's median milliseconds, its share of all layers' and what it computes per second."""

    index: int
    kind: str
    filters: str
    size: str
    output: Shape
    ms: float
    share: float
    flops_per_s: float


@dataclass(frozen=True)
class KindTime:
    """All layers of one kind together."""

    kind: str
    layers: int
    ms: float
    share: float


def time_layers(
    network: Network, x: Tensor, dtype: torch.dtype, passes: int, progress: Progress
) -> list[LayerTime]:
    """Every layer of the inference form of the network, in cfg order.

    It is the plain form, one step a layer: engines join steps and keep no such boundaries, so the
    layers need not add up to an engine's time.
    """
    plain = network.for_inference().to(x.device, dtype)
    x = x.to(dtype)
    with torch.inference_mode():
        for _ in range(UNCOUNTED):
            list(_seconds(plain, x))
        counted = [list(_seconds(plain, x)) for _ in progress(range(passes), passes, "layers")]
    medians = [statistics.median(times) for times in zip(*counted, strict=True)]
    return layer_times(network.graph, medians, len(x))


def _seconds(network: Network, x: Tensor) -> Iterator[float]:
    """Of each layer in turn."""
    synchronize(x.device)
    start = time.perf_counter()
    for _ in network.outputs(x, Run()):
        synchronize(x.device)
        now = time.perf_counter()
        yield now - start
        start = time.perf_counter()


def layer_times(graph: Graph, seconds: Sequence[float], batch: int) -> list[LayerTime]:
    """What the seconds of every layer mean."""
    whole = sum(seconds)
    times = []
    for node, took in zip(graph.nodes, seconds, strict=True):
        context = graph.context(node.index)
        filters, size = node.layer.table_row(context, node.out)
        rate = batch * node.layer.flops(context, node.out) / took
        kind = node.layer.kind
        times.append(
            LayerTime(node.index, kind, filters, size, node.out, 1000 * took, took / whole, rate)
        )
    return times


def by_kind(layers: Sequence[LayerTime]) -> list[KindTime]:
    """The kinds, slowest first."""
    kinds: dict[str, list[LayerTime]] = {}
    for layer in layers:
        kinds.setdefault(layer.kind, []).append(layer)
    sums = [
        KindTime(kind, len(group), sum(x.ms for x in group), sum(x.share for x in group))
        for kind, group in kinds.items()
    ]
    return sorted(sums, key=lambda each: -each.ms)


def layer_lines(layers: Sequence[LayerTime]) -> Iterator[str]:
    """The layers, slowest first as AlexeyAB's program lists them, then their kinds."""
    yield "Sorted by time (forward), layer by layer in the plain inference form:"
    yield TITLE
    for rank, layer in enumerate(sorted(layers, key=lambda each: -each.ms)):
        shape = " x ".join(f"{side}" for side in (layer.output.w, layer.output.h, layer.output.c))
        yield (
            f"{rank:6d} {layer.index:5d} {layer.kind:17} {layer.filters:>7}  {layer.size:13} "
            f"{shape:>17} {layer.ms:9.3f} {layer.share:6.1%} {layer.flops_per_s / 1e9:8.1f}"
        )
    yield "By kind:"
    for kind in by_kind(layers):
        yield f"  {kind.kind:17} {kind.layers:4d} layers {kind.ms:9.3f} ms {kind.share:6.1%}"
