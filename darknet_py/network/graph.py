"""Sections to a graph: every layer with its index, inputs, shapes and last use."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from darknet_py.cfg import text
from darknet_py.cfg.text import Section
from darknet_py.errors import CfgError, DarknetError, Location, Notice, Problems, ShapeError
from darknet_py.forks import Fork, fork_named
from darknet_py.layers import read_layer
from darknet_py.layers.base import INPUT, Layer, LayerContext, Node, Stored
from darknet_py.layers.head import Head
from darknet_py.layers.net import Net, read_net
from darknet_py.layers.shape import Shape

MAX_ELEMENTS = 2**31 - 1
"""Darknet counts outputs and weights in C ints; nothing larger can be meant."""
LEAST_TEMPERATURE = 1e-3
"""Below this the likeliest answer has all the probability anyway, and smaller numbers overflow."""


@dataclass(frozen=True)
class Step:
    """A layer as a pass meets it: what it reads, whose outputs nobody needs after it.

    owner: index of the layer whose tensors it computes with, which most often is its own.
    """

    index: int
    inputs: tuple[int, ...]
    release_after: tuple[int, ...]
    owner: int
    layer: Layer
    context: LayerContext


@dataclass(frozen=True)
class Graph:
    """A network as data: no tensor, no torch."""

    path: str
    net: Net
    fork: Fork
    nodes: tuple[Node, ...]
    notices: tuple[Notice, ...] = field(default=(), compare=False)

    def context(self, index: int) -> LayerContext:
        return LayerContext(index, self.nodes[index].shapes, self.net, self.fork, self.nodes)

    def stored(self, index: int) -> list[Stored]:
        """A layer's own tensors in file order (none where it shares another layer's)."""
        return list(self.nodes[index].layer.stored(self.context(index)))

    @property
    def heads(self) -> list[int]:
        """Indices of what `net(x)` returns: the detection heads, else the last non-cost layer."""
        heads = [node.index for node in self.nodes if isinstance(node.layer, Head)]
        return heads or [self.last]

    @property
    def detection_heads(self) -> tuple[Head, ...]:
        """The detection heads in file order."""
        return tuple(node.layer for node in self.nodes if isinstance(node.layer, Head))

    @property
    def head_classes(self) -> int | None:
        """Classes of the last detection head, which names are compared with; None without one."""
        heads = self.detection_heads
        return heads[-1].classes if heads else None

    @property
    def last(self) -> int:
        """The network's output in Darknet's sense: the last layer that is not only a loss."""
        others = [node.index for node in self.nodes if not node.layer.IS_LOSS]
        return others[-1] if others else len(self.nodes) - 1

    @property
    def last_use(self) -> dict[int, int]:
        """Layer index -> the last layer that reads its output."""
        return {source: node.index for node in self.nodes for source in node.inputs}

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The layers in file order, ready to be run."""
        last_use = self.last_use
        return tuple(self._step(node, last_use) for node in self.nodes)

    def _step(self, node: Node, last_use: Mapping[int, int]) -> Step:
        """Its own output, too, is let go after a layer, where nobody reads it."""
        index, owner = node.index, node.layer.shares(node.index)
        done = {source for source in node.inputs if last_use[source] == index}
        if index not in last_use:
            done.add(index)
        return Step(
            index,
            node.inputs,
            tuple(done),
            index if owner is None else owner,
            node.layer,
            self.context(index),
        )

    def with_layers(self, layers: Iterable[Layer]) -> Graph:
        """The graph with other layers in the same places."""
        pairs = zip(self.nodes, layers, strict=True)
        return replace(self, nodes=tuple(replace(node, layer=layer) for node, layer in pairs))

    def __deepcopy__(self, memo: dict[int, Any]) -> Graph:
        """Itself: nothing in it ever changes."""
        return self

    @property
    def letter_box(self) -> bool:
        """Whether images keep their aspect and are padded; otherwise they are stretched."""
        return self.fork.detect.letter_box or bool(self.net.letter_box)

    @property
    def parameters(self) -> int:
        """Floats in the weights file, which counts what it stores and nothing twice."""
        tensors = (stored for node in self.nodes for stored in self.stored(node.index))
        return sum(stored.size for stored in tensors if stored.in_file)


def read_graph(
    path: str | os.PathLike[str],
    *,
    width: int | None = None,
    height: int | None = None,
    time_steps: int | None = None,
    batch: int | None = None,
    subdivisions: int | None = None,
    max_batches: int | None = None,
    fork: str | Fork = "alexeyab",
    problems: Problems | None = None,
) -> Graph:
    """The graph of a cfg file, with the values of [net] that are given instead of the file's.

    Raises CfgError, or collects into `problems` if that collects.
    """
    problems = problems or Problems()
    overrides = {
        "width": width,
        "height": height,
        "time_steps": time_steps,
        "batch": batch,
        "subdivisions": subdivisions,
        "max_batches": max_batches,
    }
    return build(text.read(path, problems), fork_named(fork), problems, **overrides)


def with_temperature(graph: Graph, temperature: float) -> Graph:
    """The graph whose [softmax] sections all have this temperature, as `-temp` sets it."""
    if not temperature >= LEAST_TEMPERATURE:
        message = f"temperature {temperature:g}, expected {LEAST_TEMPERATURE:g} or more"
        raise DarknetError(f"{message}; the smaller, the surer is the likeliest answer")
    nodes = (replace(node, layer=node.layer.at_temperature(temperature)) for node in graph.nodes)
    return replace(graph, nodes=tuple(nodes))


def build(
    sections: Sequence[Section],
    fork: Fork,
    problems: Problems,
    **overrides: int | None,
) -> Graph:
    """Sections to graph; overrides: values of options of [net], None for the section's own."""
    net = read_net(sections[0], problems, **overrides)
    if len(sections) == 1:
        raise CfgError("has no layer after [net]", Location(sections[0].path))
    builder = _Builder(net, fork, problems)
    for index, section in enumerate(sections[1:]):
        builder.add(index, section)
    nodes = tuple(builder.nodes)
    return Graph(sections[0].path, net, fork, nodes, tuple(problems.notices))


class _Builder:
    """Grows the list of nodes; after an error that is collected, a stand-in keeps the numbering."""

    def __init__(self, net: Net, fork: Fork, problems: Problems) -> None:
        self.net, self.fork, self.problems = net, fork, problems
        self.nodes: list[Node] = []
        self.broken: set[int] = set()

    def add(self, index: int, section: Section) -> None:
        try:
            node = self._node(index, read_layer(section, self.problems))
        except CfgError as error:
            self._fail(index, section, error)
        except DarknetError as error:
            self._fail(index, section, CfgError(str(error), section.location()))
        else:
            self.nodes.append(node)

    def _fail(self, index: int, section: Section, error: CfgError) -> None:
        self.problems.fail(error)
        self.broken.add(index)
        shape = self._shape(index - 1)
        self.nodes.append(Node(index, Layer(section=section), (index - 1,), (shape,), shape))

    def _node(self, index: int, layer: Layer) -> Node:
        inputs = layer.references(index)
        shapes = tuple(self._shape(source) for source in inputs)
        context = LayerContext(index, shapes, self.net, self.fork, self.nodes)
        if self.broken.intersection(inputs):
            # What a broken layer feeds cannot be checked: one mistake, one message.
            self.broken.add(index)
            return Node(index, layer, inputs, shapes, shapes[0])
        self._check_image(layer, inputs)
        out = layer.shape(context)
        layer.check(context, self.problems)
        self._check_memory(layer, context, out)
        return Node(index, layer, inputs, shapes, out)

    def _shape(self, index: int) -> Shape:
        return self.net.input if index == INPUT else self.nodes[index].out

    def _check_image(self, layer: Layer, inputs: tuple[int, ...]) -> None:
        """Both forks stop at a layer that needs width and height and gets a row of values."""
        for source in inputs if layer.READS_IMAGES else ():
            feeder = self.nodes[source] if source != INPUT else None
            if feeder and feeder.layer.flat(self._context(source)):
                message = f"layer {source} [{feeder.layer.kind}] gives no image"
                cure = ""
                if len(feeder.shapes) > 1:
                    sizes = " and ".join(f"{shape.w} x {shape.h}" for shape in feeder.shapes)
                    cure = f": it joins {sizes}; is the input a multiple of the net's stride?"
                raise layer.shape_error(message + cure)

    def _context(self, index: int) -> LayerContext:
        return LayerContext(index, self.nodes[index].shapes, self.net, self.fork, self.nodes)

    def _check_memory(self, layer: Layer, context: LayerContext, out: Shape) -> None:
        stored = sum(tensor.size for tensor in layer.stored(context))
        for what, count in (
            ("output", out.size),
            ("weights", stored),
            ("input", context.input.size),
        ):
            if count > MAX_ELEMENTS:
                message = f"its {what} would hold {count} values, Darknet's limit is {MAX_ELEMENTS}"
                raise ShapeError(f"{message}; is a size in this cfg too large?", layer.location())
