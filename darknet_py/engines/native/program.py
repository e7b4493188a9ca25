"""A network as runs of operations in C++, with torch's own arithmetic for what has no rule."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from darknet_py.engines.eager import RULES as TORCH_RULES
from darknet_py.engines.eager import RuleContext, call_of
from darknet_py.engines.native import library as native
from darknet_py.engines.native.operations import Planned, ProgramOptions, Work
from darknet_py.engines.native.placement import Joined, Step, TorchStep, View, placed
from darknet_py.engines.native.plan import planned
from darknet_py.engines.native.stored_program import ProgramRecord, ProgramSizes
from darknet_py.engines.native.workspace import Workspace, Workspaces, WorkspaceSize
from darknet_py.layers.base import INPUT
from darknet_py.network.execute import Call
from darknet_py.network.network import Network

ZEROS = 64 * 1024
"""Floats at least: a row of a window, of few channels, is no longer."""


@dataclass(frozen=True)
class Run:
    """Operations that follow each other, in one call."""

    operations: ctypes.Array[native.Operation]


@dataclass(frozen=True)
class TorchCall:
    """A layer that torch computes. kept: in the workspace, because others read it. head: it is
    one of the answers."""

    index: int
    inputs: tuple[int, ...]
    call: Call
    kept: bool
    head: bool


class NativeProgram:
    """The calls for one batch size and number of threads; several threads may call it at once."""

    def __init__(self, network: Network, images: int, options: ProgramOptions) -> None:
        """network: as `for_inference` gives it, float32 on the CPU. Raises CannotBuild."""
        self._library = native.library()
        self._images, self._threads = images, options.threads
        graph = network.graph
        self._heads = graph.heads
        self._filled: list[int] = []
        contexts = _contexts(network, images)
        self._plan = planned(contexts, self._heads, options)
        shapes = {INPUT: graph.net.input, **{node.index: node.out for node in graph.nodes}}
        self._placement = placed(self._plan, shapes, images, self._heads)
        self._parts = list(self._made(contexts))
        self._scratch_each = self._most_scratch()
        zeros = max(ZEROS, *(shape.c for shape in shapes.values()))
        scratch = self._scratch_each * self._threads
        self._size = WorkspaceSize(images, self._placement, scratch, zeros)
        self._workspaces = Workspaces(self._size)

    @property
    def torch_layers(self) -> list[int]:
        """Those that torch computes."""
        return [part.index for part in self._parts if isinstance(part, TorchCall)]

    def record(self) -> ProgramRecord | None:
        """What is stored of a program of one image; None where torch computes a layer of it."""
        if self._images != 1 or self.torch_layers or not set(self._heads) <= set(self._filled):
            return None
        runs = [part.operations for part in self._parts if isinstance(part, Run)]
        works = [step for step in self._plan.values() if isinstance(step, Work)]
        packed = [work.packed for work in works if work.packed]
        tensors = [tensor for each in packed for tensor in (each.weights, each.biases)]
        size = self._size
        return ProgramRecord(
            [operation for run in runs for operation in run],
            {tensor.data_ptr(): tensor.numpy() for tensor in tensors},
            ProgramSizes(
                self._threads,
                size.placement.floats,
                size.scratch,
                self._scratch_each,
                size.zeros,
            ),
            [self._placement.views[index].shape for index in self._filled],
            [self._filled.index(index) for index in self._heads],
        )

    def __call__(self, x: Tensor) -> list[Tensor]:
        """The heads (N, C, H, W) for x, float32."""
        x = x.contiguous(memory_format=torch.channels_last)
        outputs = {index: self._empty(index) for index in self._filled}
        pointers = (ctypes.c_void_p * len(outputs))(*(y.data_ptr() for y in outputs.values()))
        with self._workspaces.one() as workspace:
            for part in self._parts:
                if isinstance(part, Run):
                    self._run(part, workspace, x, pointers)
                else:
                    _call(part, workspace, x, outputs)
        return [outputs[index] for index in self._heads]

    def _empty(self, index: int) -> Tensor:
        """For a head's output. No copy by torch: its threads would spin a while after it."""
        c, h, w = self._placement.views[index].shape
        return torch.empty(self._images, h, w, c).permute(0, 3, 1, 2)

    def _run(
        self, part: Run, workspace: Workspace, x: Tensor, outputs: ctypes.Array[ctypes.c_void_p]
    ) -> None:
        self._library.run(
            part.operations,
            len(part.operations),
            workspace.memory.data_ptr(),
            x.data_ptr(),
            workspace.zeros.data_ptr(),
            outputs,
            len(outputs),
            workspace.scratch.data_ptr(),
            self._scratch_each,
            self._images,
            self._threads,
        )

    def _made(self, contexts: Mapping[int, RuleContext]) -> list[Run | TorchCall]:
        read = {source for step in self._plan.values() for source in step.reads}
        parts: list[Run | TorchCall] = []
        run: list[native.Operation] = []
        for index, step in self._plan.items():
            if isinstance(step, TorchStep):
                _end(parts, run)
                call = call_of(contexts[index], TORCH_RULES)
                found = TorchCall(index, step.reads, call, index in read, index in self._heads)
                parts.append(found)
            else:
                run += self._operations(index, step)
                if index in self._heads:
                    run.append(self._output(index))
        _end(parts, run)
        return parts

    def _operations(self, index: int, step: Step | Planned) -> list[native.Operation]:
        views = self._placement.views
        if isinstance(step, Work):
            return [_operation(step, [views[source] for source in step.reads], views[index])]
        return self._copies(index, step.reads) if isinstance(step, Joined) else []

    def _output(self, index: int) -> native.Operation:
        """The copy that is given away."""
        view = self._placement.views[index]
        copy = _operation(Work(native.ADD, (index,)), [view], view)
        number = native.FIRST_OUTPUT - len(self._filled)
        copy.output = native.Tensor(number, view.shape.h, view.shape.w, view.shape.c, view.shape.c)
        self._filled.append(index)
        return copy

    def _copies(self, join: int, reads: Sequence[int]) -> list[native.Operation]:
        """Of what could not be written into the joined tensor at once."""
        views, into, copies, channel = self._placement.views, self._placement.views[join], [], 0
        for source in reads:
            view, to = views[source], into.channel + channel
            if (view.root, view.channel) != (into.root, to):
                place = View(into.root, to, view.shape, into.pitch, into.offset)
                copies.append(_operation(Work(native.ADD, (source,)), [view], place))
            channel += view.shape.c
        return copies

    def _most_scratch(self) -> int:
        runs = [part.operations for part in self._parts if isinstance(part, Run)]
        sizes = [self._library.scratch_of(operation) for run in runs for operation in run]
        return native.whole_lines(max(sizes, default=0))


def _contexts(network: Network, images: int) -> dict[int, RuleContext]:
    cpu = torch.device("cpu")
    nodes, steps = network.graph.nodes, network.graph.steps
    return {
        node.index: RuleContext(node, step.context, network.used(step.index), images, cpu)
        for node, step in zip(nodes, steps, strict=True)
    }


def _call(part: TorchCall, workspace: Workspace, x: Tensor, outputs: dict[int, Tensor]) -> None:
    y = part.call([workspace.views.get(source, x) for source in part.inputs])
    if part.kept:
        workspace.views[part.index].copy_(y)
    if part.head:
        ours = y.untyped_storage().data_ptr() == workspace.memory.untyped_storage().data_ptr()
        outputs[part.index] = y.clone() if ours else y


def _operation(work: Work, inputs: Sequence[View], output: View) -> native.Operation:
    operation = native.new_operation(work.kind, **work.numbers)
    operation.input, operation.input2 = inputs[0].tensor, inputs[-1].tensor
    operation.output = output.tensor
    if work.packed:
        operation.weights = work.packed.weights.data_ptr()
        operation.biases = work.packed.biases.data_ptr()
    return operation


def _end(parts: list[Run | TorchCall], run: list[native.Operation]) -> None:
    if run:
        parts.append(Run((native.Operation * len(run))(*run)))
        run.clear()
