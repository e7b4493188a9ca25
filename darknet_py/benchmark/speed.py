"""Darknet's `ops` and `speed`: operations counted, and passes of one image timed.

Counting needs no torch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from darknet_py.engines.table import EngineConfig
from darknet_py.network.graph import Graph
from darknet_py.progress import Progress, follow

TICS = 1000
"""What Darknet takes 0 for, and no number at all."""


def operations(graph: Graph) -> int:
    """Multiplications and additions of one image in convolutions and matrices, as a fork counts."""
    nodes = graph.nodes
    return sum(round(node.layer.operations(graph.context(node.index), node.out)) for node in nodes)


def ops_lines(graph: Graph) -> list[str]:
    """The two lines of `darknet ops`."""
    count = operations(graph)
    return [f"Floating Point Operations: {count}", f"Floating Point Operations: {billions(count)}"]


def billions(count: float) -> str:
    """Darknet's `%.2f Bn`."""
    return f"{count / 1e9:.2f} Bn"


def speed_lines(
    graph: Graph,
    tics: int,
    config: EngineConfig,
    progress: Progress = follow,
    clock: Callable[[], float] = time.perf_counter,
) -> list[str]:
    """Run a network with random weights on a black image, and say what `darknet speed` says.

    The first pass is not among the `tics`: it is where memory is taken and code compiled.
    """
    import torch

    from darknet_py.benchmark.bench_inputs import random_network
    from darknet_py.engines.devices import using_threads
    from darknet_py.engines.engine import open_engine

    with using_threads(config.threads):
        engine = open_engine(random_network(graph, seed=0), config)
        x = torch.zeros(1, *graph.net.input, device=engine.device)
        engine(x)
        tics = tics or TICS
        start = clock()
        for _ in progress(range(tics), tics, "speed"):
            engine(x)
        return list(_lines(graph, tics, clock() - start))


def _lines(graph: Graph, tics: int, seconds: float) -> Iterator[str]:
    """AlexeyAB's program counts whole seconds, a short run as 0; here they have parts."""
    yield f"\n{tics} evals, {seconds:f} Seconds"
    if graph.fork.log.speed_operations:
        ops = operations(graph)
        yield f"Floating Point Operations: {billions(ops)}"
        yield f"FLOPS: {billions(ops * tics / seconds)}"
    yield f"Speed: {seconds / tics:f} sec/eval"
    yield f"Speed: {tics / seconds:f} Hz"
