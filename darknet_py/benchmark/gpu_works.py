"""What the rows of a GPU's table call: engines and bare twins, ready to be timed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from darknet_py.benchmark.bare_twin import BareTwin, training_step
from darknet_py.benchmark.bench_inputs import input_of, random_network
from darknet_py.benchmark.gpu_rows import OTHER_LAYOUT, STEP, TRAINING, TWIN_STEP, GpuNet, GpuRow
from darknet_py.benchmark.peak_flops import synchronize
from darknet_py.benchmark.timing import Work
from darknet_py.engines.cuda_graphs import Call, Recorded, float32_arithmetic, unrecorded
from darknet_py.engines.eager import EagerProgram
from darknet_py.engines.engine import open_engine
from darknet_py.engines.table import EngineConfig
from darknet_py.engines.torch_engine import TYPES, layout_for
from darknet_py.errors import DarknetError
from darknet_py.network.graph import Graph, read_graph
from darknet_py.network.network import Network
from darknet_py.network.summary import summarize
from darknet_py.weights_registry.shipped import PLACES

PASSES_OF_A_STEP = 3
"""Backward takes about twice the operations of forward."""
LABELS, LABEL_VALUES = 5, 4


@dataclass(frozen=True)
class GpuWork:
    """A call that a row times. flops: of one image in it. finished: it waits for the device."""

    call: Work
    flops: float


def work_of(row: GpuRow, device: torch.device) -> GpuWork:
    """Ready to be timed; raises whatever stands in the way."""
    graph = graph_of(row.net, row.batch)
    flops = 1e9 * summarize(graph).totals.all_bflops
    if row.work == TRAINING:
        return GpuWork(STEPS[row.form](graph, row, device), PASSES_OF_A_STEP * flops)
    x = input_of(graph, row.batch, device, seed=0)
    call = CALLS[row.form](random_network(graph, seed=0), x, row)
    return GpuWork(partial(_finished, call, x), flops)


def graph_of(net: GpuNet, batch: int) -> Graph:
    """Raises DarknetError where the cfg is neither a file nor shipped."""
    path = Path(net.cfg)
    if not path.is_file():
        path = next(
            (found for place in PLACES if (found := place / "cfg" / f"{net.cfg}.cfg").is_file()),
            path,
        )
    return read_graph(
        path, width=net.side, height=net.side, time_steps=1, batch=batch, subdivisions=1
    )


def _finished(call: Call, x: Tensor) -> None:
    with torch.inference_mode():
        call(x)
    synchronize(x.device)


def _engine(network: Network, x: Tensor, row: GpuRow, *, compiled: bool = False) -> Call:
    config = EngineConfig(precision=row.precision, compiled=compiled, device=str(x.device))
    engine = open_engine(network, config, shared=True)
    if engine.config.precision != row.precision:
        raise DarknetError(f"this device has no instructions for {row.precision}")
    engine.prepare(row.batch)
    if engine.compiled != compiled:
        raise DarknetError("was not compiled; the line above says why")
    return engine


def _eager(network: Network, x: Tensor, row: GpuRow) -> Call:
    layout = layout_for(row.precision, x.device)
    program = EagerProgram(_placed(network, x.device, row.precision, layout), row.batch)
    return _as_is(_converting(program, row.precision, layout), x.device, row)


def _twin(
    network: Network, x: Tensor, row: GpuRow, *, recorded: bool, swapped: bool = False
) -> Call:
    layout = layout_for(row.precision, x.device)
    layout = OTHER[layout] if swapped else layout
    twin = BareTwin(_placed(network, x.device, row.precision, layout))
    call = _converting(twin, row.precision, layout)
    if not recorded or x.device.type != "cuda":
        return _as_is(call, x.device, row)
    with torch.inference_mode():
        return Recorded(call, x, row.precision == "tf32")


OTHER = {
    torch.channels_last: torch.contiguous_format,
    torch.contiguous_format: torch.channels_last,
}


def _placed(
    network: Network, device: torch.device, precision: str, layout: torch.memory_format
) -> Network:
    """The inference form, its tensors as the engine has them."""
    folded = network.for_inference(shared=True).to(device, TYPES[precision])
    return folded.to(memory_format=layout)  # type: ignore[call-overload]


def _converting(call: Call, precision: str, layout: torch.memory_format) -> Call:
    """From the float32 that a caller has, as the engine does it."""
    dtype = TYPES[precision]
    return lambda x: call(x.to(dtype, memory_format=layout))


def _as_is(call: Call, device: torch.device, row: GpuRow) -> Call:
    return unrecorded(call, device, row.precision == "tf32") if device.type == "cuda" else call


CALLS: dict[str, Callable[[Network, Tensor, GpuRow], Call]] = {
    "graphs": _engine,
    "compiled": partial(_engine, compiled=True),
    "eager": _eager,
    "twin graphs": partial(_twin, recorded=True),
    "twin eager": partial(_twin, recorded=False),
    OTHER_LAYOUT: partial(_twin, recorded=True, swapped=True),
}


def _step(graph: Graph, row: GpuRow, device: torch.device) -> Work:
    """A whole step of ours, which ends with the loss as a number."""
    from darknet_py.train.trainer import Trainer

    trainer = Trainer(random_network(graph, seed=0).to(device), precision=row.precision)
    x = input_of(graph, row.batch, device, seed=0)
    return partial(trainer.step, x, _labels(graph, row.batch).to(device))


def _labels(graph: Graph, batch: int) -> Tensor:
    """(batch, truths): a few boxes an image."""
    rows = graph.detection_heads[-1].most_labels(graph.fork)
    truth = torch.zeros(batch, rows, LABEL_VALUES + 2)
    generator = torch.Generator().manual_seed(0)
    boxes = torch.rand(batch, LABELS, LABEL_VALUES, generator=generator)
    truth[:, :LABELS, :LABEL_VALUES] = 0.4 * boxes + 0.2
    return truth.flatten(1)


def _twin_step(graph: Graph, row: GpuRow, device: torch.device) -> Work:
    network = random_network(graph, seed=0).to(device)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    x = input_of(graph, row.batch, device, seed=0).contiguous(memory_format=torch.channels_last)
    kind = None if row.precision == "fp32" else TYPES[row.precision]
    step = training_step(BareTwin(network), x, kind)

    def run() -> float:
        with float32_arithmetic():
            return step()

    return run


STEPS: dict[str, Callable[[Graph, GpuRow, torch.device], Work]] = {
    STEP: _step,
    TWIN_STEP: _twin_step,
}
