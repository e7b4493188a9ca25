"""Recurrent layers over vectors: rnn, gru, lstm; and what all recurrent layers share.

Rows are time-major: with S = rows / time_steps sequences, row t * S + s is step t of sequence s.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from darknet_py.cfg.options import option
from darknet_py.forks import Fork
from darknet_py.layers.activations import ACTIVATIONS
from darknet_py.layers.base import (
    Layer,
    LayerContext,
    Run,
    Stored,
    Weights,
    make,
    require_positive,
)
from darknet_py.layers.counted import Counted
from darknet_py.layers.dense import Connected
from darknet_py.layers.printed import Printed
from darknet_py.layers.sections import section
from darknet_py.layers.shape import Shape
from darknet_py.layers.weight_tool import ToolFacts, WeightTool
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F
else:
    torch, F = deferred("torch"), deferred("torch.nn.functional")

Part = tuple[Layer, Shape]
"""A layer inside a layer, and the shape of its input."""
Step = Callable[["torch.Tensor", Any], "tuple[torch.Tensor, Any]"]


@dataclass(frozen=True, kw_only=True)
class Recurrent(Layer):
    """A layer made of parts that runs step by step and carries a state."""

    PART_INDENT: ClassVar[str] = "\t\t"
    """what Darknet prints before the line of each layer inside."""
    MADE: ClassVar[tuple[str, ...]] = ()
    """its parts in the order in which Darknet makes them, where the file has another one."""

    STARTS_EMPTY: ClassVar[bool] = False
    """whether training starts every pass without memory, also those that go on with a sequence."""

    batch_normalize: int = option(0)

    def parts(self, ctx: LayerContext) -> dict[str, Part]:
        """Name -> part, in the order of the weights file."""
        raise NotImplementedError

    def start(self, ctx: LayerContext, sequences: int, like: torch.Tensor) -> Any:
        """The state before the first step."""
        raise NotImplementedError

    def step(self, ctx: LayerContext, weights: Weights, run: Run) -> Step:
        """The function from (input of one step, state) to (output, next state)."""
        raise NotImplementedError

    def stored(self, ctx: LayerContext) -> Iterator[Stored]:
        for name, (layer, into) in self.parts(ctx).items():
            for stored in layer.stored(_inside(ctx, into)):
                yield dataclasses.replace(stored, name=f"{name}.{stored.name}")

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        steps = ctx.net.time_steps
        rows = inputs[0].unflatten(0, (steps, -1))
        state = (run.state or {}).get(ctx.index)
        if state is None:
            state = self.start(ctx, rows.shape[1], inputs[0])
        advance = self.step(ctx, weights, run)
        outputs = []
        for x in rows:
            y, state = advance(x, state)
            outputs.append(y)
        if run.state is not None:
            run.state[ctx.index] = state
        return torch.cat(outputs)

    def runner(self, ctx: LayerContext, weights: Weights, run: Run) -> Callable[[str, Any], Any]:
        """A function that runs one part by name.

        A part's gradients through time are as they come: that the C programs' GPU code limits them
        in [connected] parts too is one of its habits there that are not followed.
        """
        run = dataclasses.replace(run, limit_delta=None)
        parts = {
            name: (layer, _inside(ctx, into), _under(name, weights))
            for name, (layer, into) in self.parts(ctx).items()
        }

        def apply(name: str, x: torch.Tensor) -> torch.Tensor:
            layer, inside, own = parts[name]
            return layer.forward(inside, own, (x,), run)

        return apply

    def flops(self, ctx: LayerContext, out: Shape) -> float:
        total = 0.0
        for layer, into in self.parts(ctx).values():
            inside = _inside(ctx, into)
            total += layer.flops(inside, layer.shape(inside))
        return total

    def table_row(self, ctx: LayerContext, out: Shape) -> tuple[str, str]:
        return str(out.c), f"{ctx.net.time_steps} steps"

    def printed(self, ctx: LayerContext, out: Shape) -> Iterator[Printed]:
        """Its own line, then those of the layers inside."""
        yield from super().printed(ctx, out)
        for part, inside in self._made(ctx):
            if self.PART_INDENT:
                yield Printed(self.PART_INDENT)
            yield from part.printed(inside, part.shape(inside))

    def plainly_printed(self, ctx: LayerContext, out: Shape) -> Iterator[Printed]:
        yield from super().plainly_printed(ctx, out)
        for part, inside in self._made(ctx):
            yield Printed(f"\t\t{part.plain_line(inside, part.shape(inside))}\n")

    def _made(self, ctx: LayerContext) -> Iterator[tuple[Layer, LayerContext]]:
        """Its parts, in the order Darknet makes them, each with what it reads."""
        parts = self.parts(ctx)
        for name in self.MADE or parts:
            if name in parts:
                part, into = parts[name]
                yield part, _inside(ctx, into)

    def noted_sides(self, ctx: LayerContext) -> tuple[int, int]:
        return 0, 0


def _inside(ctx: LayerContext, into: Shape) -> LayerContext:
    return dataclasses.replace(ctx, inputs=(into,))


def _under(part: str, weights: Weights) -> Weights:
    """The tensors of a part of the layer: uz.biases as biases."""
    start = f"{part}."
    own = {name: tensor for name, tensor in weights.items() if name.startswith(start)}
    return {name.removeprefix(start): tensor for name, tensor in own.items()}


@dataclass(frozen=True, kw_only=True)
class _VectorRecurrent(Recurrent):
    """What gru and lstm share: w* read the state, u* read the input, all linear."""

    COUNTED: ClassVar[Counted] = Counted.OPS

    output: int = option(1)

    def order(self, ctx: LayerContext) -> tuple[str, ...]:
        raise NotImplementedError

    def shape(self, ctx: LayerContext) -> Shape:
        require_positive(self, output=self.output)
        return Shape(self.output, 1, 1)

    def parts(self, ctx: LayerContext) -> dict[str, Part]:
        options = {"output": self.output, "batch_normalize": self.batch_normalize}
        matrix = make(Connected, self.section, activation="linear", **options)
        state, into = Shape(self.output, 1, 1), Shape(ctx.input.size, 1, 1)
        return {name: (matrix, state if name[0] == "w" else into) for name in self.order(ctx)}


@section("rnn")
@dataclass(frozen=True, kw_only=True)
class Rnn(Recurrent):
    """h = (shortcut ? h : 0) + act(Wi x) + act(Ws h); y = act(Wo h)."""

    TOLD: ClassVar[Mapping[str, str]] = {
        "output": "{0.output}",
        "hidden": "{0.hidden}",
        "activation": "{0.activation}",
    }
    COUNTED: ClassVar[Counted] = Counted.OPS
    LINE: ClassVar[str] = "RNN Layer: {x.size} inputs, {y.c} outputs"
    STARTS_EMPTY: ClassVar[bool] = True

    output: int = option(1)
    hidden: int = option(1)
    activation: str = option("logistic", words=ACTIVATIONS)
    logistic: int = option(0)
    shortcut: int = option(0)

    def _hidden(self, ctx: LayerContext) -> int:
        return self.hidden if ctx.fork.layers.rnn_hidden else self.output

    def shape(self, ctx: LayerContext) -> Shape:
        require_positive(self, output=self.output, hidden=self._hidden(ctx))
        return Shape(self.output, 1, 1)

    def parts(self, ctx: LayerContext) -> dict[str, Part]:
        hidden = self._hidden(ctx)
        own = {1: "logistic", 2: "loggy"}.get(self.logistic, self.activation)

        def part(output: int, activation: str) -> Layer:
            normalize = self.batch_normalize
            connected: Layer = make(
                Connected,
                self.section,
                output=output,
                activation=activation,
                batch_normalize=normalize,
            )
            return connected

        return {
            "input": (part(hidden, self.activation), Shape(ctx.input.size, 1, 1)),
            "self": (part(hidden, own), Shape(hidden, 1, 1)),
            "output": (part(self.output, self.activation), Shape(hidden, 1, 1)),
        }

    def start(self, ctx: LayerContext, sequences: int, like: torch.Tensor) -> Any:
        return like.new_zeros(sequences, self._hidden(ctx), 1, 1)

    def step(self, ctx: LayerContext, weights: Weights, run: Run) -> Step:
        return elman(self.runner(ctx, weights, run), self.shortcut)


def elman(part: Callable[[str, Any], Any], shortcut: int) -> Step:
    def advance(x: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        grown = part("input", x) + part("self", state)
        state = state + grown if shortcut else grown
        return part("output", state), state

    return advance


@section("gru")
@dataclass(frozen=True, kw_only=True)
class Gru(_VectorRecurrent):
    """Gated recurrent unit; the candidate is logistic unless tanh=1 (pjreddie's fork)."""

    TOLD: ClassVar[Mapping[str, str]] = {"output": "{0.output}"}
    MADE: ClassVar[tuple[str, ...]] = ("uz", "wz", "ur", "wr", "uh", "wh")
    LINE: ClassVar[str] = "GRU Layer: {x.size} inputs, {y.c} outputs"
    TOOL_FACTS: ClassVar[ToolFacts] = ToolFacts(
        tools=~WeightTool.FILTERS,
        title="GRU",
        parts={
            "uz.": "Input Z",
            "ur.": "Input R",
            "uh.": "Input H",
            "wz.": "State Z",
            "wr.": "State R",
            "wh.": "State H",
        },
    )

    tanh: int = option(0)

    def order(self, ctx: LayerContext) -> tuple[str, ...]:
        return ctx.fork.weights.gru_order

    def start(self, ctx: LayerContext, sequences: int, like: torch.Tensor) -> Any:
        return like.new_zeros(sequences, self.output, 1, 1)

    def step(self, ctx: LayerContext, weights: Weights, run: Run) -> Step:
        part = self.runner(ctx, weights, run)
        squash = torch.tanh if self.tanh else torch.sigmoid

        def advance(x: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            keep = torch.sigmoid(part("uz", x) + part("wz", state))
            reset = torch.sigmoid(part("ur", x) + part("wr", state))
            candidate = squash(part("uh", x) + part("wh", reset * state))
            state = keep * state + (1 - keep) * candidate
            return state, state

        return advance


@section("lstm")
@dataclass(frozen=True, kw_only=True)
class Lstm(_VectorRecurrent):
    """Long short-term memory; every matrix has its own bias (and batch normalisation)."""

    TOLD: ClassVar[Mapping[str, str]] = {"output": "{0.output}"}
    MADE: ClassVar[tuple[str, ...]] = ("uf", "ui", "ug", "uo", "wf", "wi", "wg", "wo")
    LINE: ClassVar[str] = "LSTM Layer: {x.size} inputs, {y.c} outputs"
    TOOL_FACTS: ClassVar[ToolFacts] = ToolFacts(
        tools=~WeightTool.FILTERS,
        title="LSTM",
        parts={f"{name}.": name for name in ("wf", "wi", "wg", "wo", "uf", "ui", "ug", "uo")},
    )

    def tool_facts(self, fork: Fork) -> ToolFacts:
        return self.TOOL_FACTS if fork.weights.lstm_tools else super().TOOL_FACTS

    def order(self, ctx: LayerContext) -> tuple[str, ...]:
        return ctx.fork.weights.lstm_order

    def start(self, ctx: LayerContext, sequences: int, like: torch.Tensor) -> Any:
        zero = like.new_zeros(sequences, self.output, 1, 1)
        return zero, zero

    def step(self, ctx: LayerContext, weights: Weights, run: Run) -> Step:
        part = self.runner(ctx, weights, run)

        def advance(x: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
            h, c = state
            forget, enter, leave, new = (part(f"w{k}", h) + part(f"u{k}", x) for k in "fiog")
            c = torch.sigmoid(forget) * c + torch.sigmoid(enter) * torch.tanh(new)
            h = torch.sigmoid(leave) * torch.tanh(c)
            return h, (h, c)

        return advance
