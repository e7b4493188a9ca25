"""A network as runs of operations in C++, with torch's own arithmetic for what has no rule."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from darknet_py.engines.eager import RULES as TORCH_RULES
from darknet_py.engines.eager import RuleContext, call_of
from darknet_py.engines.native import library as native
from darknet_py.engines.native.operations import RULES, Joined, ProgramOptions, Work
from darknet_py.engines.native.placement import Alias, Made, Placement, View, placed
from darknet_py.layers.base import INPUT
from darknet_py.network.execute import Call
from darknet_py.network.network import Network

IDENTITY = native.Activation(native.BOUNDED, 1.0, 3.4028234662852886e38)


@dataclass(frozen=True)
class Run:
    """Operations that follow each other, in one call."""

    operations: ctypes.Array[native.Operation]


@dataclass(frozen=True)
class Torch:
    """A layer that torch computes. kept: others read its output, or it is no head."""

    index: int
    inputs: tuple[int, ...]
    call: Call
    kept: bool


class Workspace:
    """The memory of one pass: `memory` has the outputs, `scratch` what each thread works in."""

    def __init__(self, images: int, placement: Placement, scratch: int, zeros: int) -> None:
        self.memory = torch.empty(placement.floats)
        self.scratch = torch.empty(scratch)
        self.zeros = torch.zeros(zeros)
        self.views = {
            index: self._view(images, view)
            for index, view in placement.views.items()
            if view.root != INPUT
        }

    def _view(self, images: int, view: View) -> Tensor:
        c, h, w = view.shape
        strides = (h * w * view.pitch, 1, w * view.pitch, view.pitch)
        return self.memory.as_strided((images, c, h, w), strides, view.offset + view.channel)


class NativeProgram:
    """The calls for one batch size and number of threads; several threads may call it at once."""

    def __init__(self, network: Network, images: int, options: ProgramOptions) -> None:
        """network: as `for_inference` gives it, float32 on the CPU. Raises CannotBuild."""
        self._library = native.library()
        self._images, self._threads = images, options.threads
        graph = network.graph
        self._heads = graph.heads
        contexts = {
            node.index: RuleContext(
                node, step.context, network.used(step.index), images, torch.device("cpu")
            )
            for node, step in zip(graph.nodes, graph.steps, strict=True)
        }
        plan = _planned(contexts, options)
        shapes = {INPUT: graph.net.input, **{node.index: node.out for node in graph.nodes}}
        steps = {index: _step(ctx, plan[index]) for index, ctx in contexts.items()}
        self._placement = placed(steps, shapes, images, graph.heads)
        self._keep = [work for work in plan.values() if isinstance(work, Work)]
        self._parts = self._made(contexts, plan)
        self._scratch = self._scratch_each()
        self._zeros = max(shape.c for shape in shapes.values())
        self._free: list[Workspace] = []
        self._lock = threading.Lock()

    def __call__(self, x: Tensor) -> list[Tensor]:
        """The heads (N, C, H, W) for x, float32."""
        x = x.contiguous(memory_format=torch.channels_last)
        workspace = self._taken()
        outputs: dict[int, Tensor] = {}
        for part in self._parts:
            if isinstance(part, Run):
                self._run(part, workspace, x)
            else:
                self._torch(part, workspace, x, outputs)
        heads = [self._head(index, workspace, x, outputs) for index in self._heads]
        with self._lock:
            self._free.append(workspace)
        return heads

    def _head(
        self, index: int, workspace: Workspace, x: Tensor, outputs: Mapping[int, Tensor]
    ) -> Tensor:
        if index in outputs:
            return outputs[index]
        view = workspace.views.get(index)
        return x if view is None else view.clone()

    def _taken(self) -> Workspace:
        with self._lock:
            if self._free:
                return self._free.pop()
        scratch = self._scratch * self._threads
        return Workspace(self._images, self._placement, scratch, self._zeros)

    def _run(self, part: Run, workspace: Workspace, x: Tensor) -> None:
        self._library.run(
            part.operations,
            len(part.operations),
            workspace.memory.data_ptr(),
            x.data_ptr(),
            workspace.zeros.data_ptr(),
            workspace.scratch.data_ptr(),
            self._scratch,
            self._images,
            self._threads,
        )

    def _torch(
        self, part: Torch, workspace: Workspace, x: Tensor, outputs: dict[int, Tensor]
    ) -> None:
        y = part.call([workspace.views.get(source, x) for source in part.inputs])
        if part.kept:
            workspace.views[part.index].copy_(y)
        else:
            outputs[part.index] = y

    def _made(
        self, contexts: Mapping[int, RuleContext], plan: Mapping[int, object]
    ) -> list[Run | Torch]:
        read = {source for ctx in contexts.values() for source in ctx.node.inputs}
        parts: list[Run | Torch] = []
        run: list[native.Operation] = []
        for index, ctx in contexts.items():
            planned = plan[index]
            if planned is None:
                _end(parts, run)
                kept = index in read or index not in self._heads
                parts.append(Torch(index, ctx.node.inputs, call_of(ctx, TORCH_RULES), kept))
            else:
                run += self._operations(ctx, planned)
        _end(parts, run)
        return parts

    def _operations(self, ctx: RuleContext, planned: object) -> list[native.Operation]:
        index, inputs = ctx.node.index, ctx.node.inputs
        views = self._placement.views
        if isinstance(planned, Work):
            return [_operation(planned, [views[source] for source in inputs], views[index])]
        if isinstance(planned, Joined):
            return self._copies(index, inputs)
        return []

    def _copies(self, join: int, inputs: Sequence[int]) -> list[native.Operation]:
        """Of what could not be written into the joined tensor at once."""
        views, channel, copies = self._placement.views, 0, []
        written = set()
        for source in inputs:
            view, into = views[source], views[join]
            there = (join, source) in self._placement.written and source not in written
            written.add(source)
            if not there:
                place = View(into.root, into.channel + channel, view.shape, into.pitch, into.offset)
                copies.append(_operation(Work(native.ADD), [view], place))
            channel += view.shape.c
        return copies

    def _scratch_each(self) -> int:
        sizes = [
            self._library.scratch_of(operation)
            for part in self._parts
            if isinstance(part, Run)
            for operation in part.operations
        ]
        return -(-max(sizes, default=0) // 16) * 16


def _planned(
    contexts: Mapping[int, RuleContext], options: ProgramOptions
) -> dict[int, Work | Joined | Alias | None]:
    plan: dict[int, Work | Joined | Alias | None] = {}
    for index, ctx in contexts.items():
        rule = RULES.get(type(ctx.node.layer))
        plan[index] = rule(ctx, options) if rule else None
    return plan


def _step(ctx: RuleContext, planned: object) -> Alias | Made:
    if isinstance(planned, Alias):
        return planned
    return Made(ctx.node.inputs, isinstance(planned, Joined))


def _operation(work: Work, inputs: Sequence[View], output: View) -> native.Operation:
    numbers = {"activation": IDENTITY, "scale": 1.0, "dilation": 1, "groups": 1, **work.numbers}
    operation = native.Operation(kind=work.kind, **numbers)
    operation.input, operation.output = inputs[0].tensor, output.tensor
    operation.input2 = inputs[-1].tensor
    operation.weights = 0 if work.weights is None else work.weights.data_ptr()
    operation.biases = 0 if work.biases is None else work.biases.data_ptr()
    return operation


def _end(parts: list[Run | Torch], run: list[native.Operation]) -> None:
    if run:
        parts.append(Run((native.Operation * len(run))(*run)))
        run.clear()
