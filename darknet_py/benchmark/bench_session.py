"""The measurements of one benchmark, in their order."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import torch

from darknet_py.benchmark.bench_inputs import image_of, input_of, network_of
from darknet_py.benchmark.bench_report import Report
from darknet_py.benchmark.engine_runs import BenchmarkRow, TimingConfig, compare_engines
from darknet_py.benchmark.entries import Entry
from darknet_py.benchmark.layers import LayerTime, time_layers
from darknet_py.benchmark.machine import machine
from darknet_py.benchmark.parts import Parts, time_parts
from darknet_py.benchmark.peak_flops import matmul_peak
from darknet_py.engines.devices import using_threads
from darknet_py.engines.engine import open_engine
from darknet_py.engines.torch_engine import TYPES
from darknet_py.network.graph import Graph
from darknet_py.network.network import Network
from darknet_py.network.summary import summarize
from darknet_py.network.weights_layout import Layout
from darknet_py.options.benchmarking import BenchmarkOptions
from darknet_py.progress import Progress, follow

logger = logging.getLogger(__name__)
PASSES = 20
"""Of --layers, unless --runs says."""


def measure(
    options: BenchmarkOptions,
    chosen: Sequence[Entry],
    graph: Graph,
    plan: Layout | None,
    device: torch.device,
    progress: Progress = follow,
) -> Report:
    """All that the options ask for, on one network with one number of threads."""
    with using_threads(options.threads):
        return _measured(options, chosen, graph, plan, device, progress)


def measure_layers(
    options: BenchmarkOptions,
    graph: Graph,
    plan: Layout | None,
    device: torch.device,
    progress: Progress = follow,
) -> list[LayerTime]:
    """Time by layer, and nothing else."""
    network, _ = network_of(graph, plan, options.seed)
    return _layers(options, network, device, progress)


def _measured(
    options: BenchmarkOptions,
    chosen: Sequence[Entry],
    graph: Graph,
    plan: Layout | None,
    device: torch.device,
    progress: Progress,
) -> Report:
    network, notes = network_of(graph, plan, options.seed)
    for note in notes:
        logger.warning(note)
    before = _peaks(options, device)
    config = TimingConfig(device, options.threads, options.runs, options.time, options.seed)
    measured = compare_engines(network, chosen, config, progress)
    # Measured twice, minutes apart, for a machine that is busy now and then.
    peaks = {name: max(before[name], peak) for name, peak in _peaks(options, device).items()}
    return Report(
        cfg=options.cfg,
        weights=options.weights,
        seed=options.seed,
        fork=graph.fork.name,
        input=graph.net.input,
        flops=1e9 * summarize(graph).totals.all_bflops,
        machine=machine(device),
        peaks=peaks,
        rows=measured.rows,
        failures=measured.failures,
        parts=_parts(options, network, measured.rows, config, progress),
        layers=_layers(options, network, device, progress) if options.layers else (),
    )


def _peaks(options: BenchmarkOptions, device: torch.device) -> dict[str, float]:
    """fp32 is always among them, and int8 never: torch has no product of it on all devices."""
    names = dict.fromkeys(("fp32", *options.precision))
    return {name: matmul_peak(device, TYPES[name]) for name in names if name in TYPES}


def _parts(
    options: BenchmarkOptions,
    network: Network,
    rows: Sequence[BenchmarkRow],
    config: TimingConfig,
    progress: Progress,
) -> Parts | None:
    """Of the first entry that ran, one image at a time; None where not asked for."""
    if not options.parts or not rows:
        return None
    single = replace(rows[0].entry, batch=1)
    engine = open_engine(network, single.config(str(config.device), config.threads))
    image = image_of(options.image, options.seed)
    return time_parts(engine, single.label, image, config.runs, config.seconds, progress)


def _layers(
    options: BenchmarkOptions, network: Network, device: torch.device, progress: Progress
) -> list[LayerTime]:
    x = input_of(network.graph, options.batch[0], device, options.seed)
    x = x.contiguous(memory_format=torch.channels_last)
    dtype = TYPES[options.precision[0]]
    return time_layers(network, x, dtype, options.runs or PASSES, progress)
