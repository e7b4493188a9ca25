"""Recurrent layers over images: crnn, conv_lstm, history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from darknet_py.cfg.options import option
from darknet_py.errors import Problems
from darknet_py.layers.activations import ACTIVATIONS, activate
from darknet_py.layers.base import (
    Layer,
    LayerContext,
    Run,
    Weights,
    make,
    require_positive,
)
from darknet_py.layers.convolution import Convolutional
from darknet_py.layers.counted import Counted
from darknet_py.layers.recurrent import Part, Recurrent, Step, elman
from darknet_py.layers.sections import section
from darknet_py.layers.shape import ReceptiveField, Shape
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F
else:
    torch, F = deferred("torch"), deferred("torch.nn.functional")

FIXED_MEMORY = "its memory has a fixed size"


@dataclass(frozen=True, kw_only=True)
class _ImageRecurrent(Recurrent):
    """The options that crnn and conv_lstm hand on to their convolutions."""

    COUNTED: ClassVar[Counted] = Counted.TOTAL | Counted.PUBLISHED
    PART_INDENT: ClassVar[str] = ""
    CONVOLVES: ClassVar[bool] = True

    size: int = option(3)
    stride: int = option(1)
    dilation: int = option(1)
    pad: int = option(0)
    padding: int = option(0, low=0)
    groups: int = option(1)
    xnor: int = option(0)
    shortcut: int = option(0)

    def convolution(self, filters: int, activation: str, **changes: int) -> Layer:
        names = ("size", "stride", "dilation", "pad", "padding", "groups", "xnor")
        options = {name: getattr(self, name) for name in (*names, "batch_normalize")} | changes
        layer: Layer = make(
            Convolutional, self.section, filters=filters, activation=activation, **options
        )
        return layer

    def _same_size(self, ctx: LayerContext, layer: Layer) -> Shape:
        out = layer.shape(ctx)
        if (out.h, out.w) != (ctx.input.h, ctx.input.w):
            message = f"its convolutions turn {ctx.input} into {out}; the state needs the same size"
            raise self.shape_error(f"{message}: set pad=1 for size 3, pad=0 for size 1", "size")
        return out

    def fixed_size(self, ctx: LayerContext) -> str:
        return FIXED_MEMORY

    def noted_sides(self, ctx: LayerContext) -> tuple[int, int]:
        return ctx.input.w, ctx.input.h

    def receptive_field(self, inputs: Sequence[ReceptiveField]) -> ReceptiveField:
        return inputs[0].windowed(self.size, self.stride, self.dilation)


@section("crnn")
@dataclass(frozen=True, kw_only=True)
class Crnn(_ImageRecurrent):
    """[rnn] with convolutions. output_filters/hidden_filters are pjreddie's words: 3x3, pad 1."""

    TOLD: ClassVar[Mapping[str, str]] = {
        "output": "{0.output}",
        "hidden": "{0.hidden}",
        "activation": "{0.activation}",
    }
    LINE: ClassVar[str] = "CRNN Layer: {x.h} x {x.w} x {x.c} image, {y.c} filters"
    STARTS_EMPTY: ClassVar[bool] = True

    output: int = option(1)
    hidden: int = option(1)
    output_filters: int | None = option(None)
    hidden_filters: int | None = option(None)
    activation: str = option("logistic", words=ACTIVATIONS)

    def _filters(self) -> tuple[int, int, dict[str, int]]:
        """(hidden, output, geometry) in the words that were written."""
        if self.output_filters is None and self.hidden_filters is None:
            return self.hidden, self.output, {}
        fixed = {"size": 3, "stride": 1, "dilation": 1, "pad": 1, "groups": 1, "xnor": 0}
        return self.hidden_filters or 1, self.output_filters or 1, fixed

    def shape(self, ctx: LayerContext) -> Shape:
        hidden, output, geometry = self._filters()
        require_positive(self, hidden=hidden, output=output)
        self._same_size(ctx, self.convolution(hidden, self.activation, **geometry))
        return Shape(output, ctx.input.h, ctx.input.w)

    def parts(self, ctx: LayerContext) -> dict[str, Part]:
        hidden, output, geometry = self._filters()
        state = Shape(hidden, ctx.input.h, ctx.input.w)
        inner = self.convolution(hidden, self.activation, **geometry)
        outer = self.convolution(output, self.activation, **geometry)
        return {"input": (inner, ctx.input), "self": (inner, state), "output": (outer, state)}

    def start(self, ctx: LayerContext, sequences: int, like: torch.Tensor) -> Any:
        return like.new_zeros(sequences, self._filters()[0], ctx.input.h, ctx.input.w)

    def step(self, ctx: LayerContext, weights: Weights, run: Run) -> Step:
        return elman(self.runner(ctx, weights, run), self.shortcut)


@section("conv_lstm")
@dataclass(frozen=True, kw_only=True)
class ConvLstm(_ImageRecurrent):
    """LSTM with convolutions, optional peepholes (v*) and optional bottleneck before the gates."""

    TOLD: ClassVar[Mapping[str, str]] = {"output": "{0.output}", "activation": "{0.activation}"}
    TOLD_AFTER: ClassVar[Mapping[str, str]] = {"lstm_activation": "{0.lstm_activation}"}
    MADE: ClassVar[tuple[str, ...]] = (
        *("uf", "ui", "ug", "uo"),
        *("wf", "wi", "wg", "wo"),
        *("vf", "vi", "vo"),
    )
    LINE: ClassVar[str] = "CONV_LSTM Layer: {x.h} x {x.w} x {x.c} image, {y.c} filters"

    output: int = option(1)
    activation: str = option("linear", words=ACTIVATIONS)
    lstm_activation: str = option("tanh", words=ACTIVATIONS)
    peephole: int = option(0)
    bottleneck: int = option(0)
    state_constrain: int | None = option(None)
    time_normalizer: float = option(1.0)

    def shape(self, ctx: LayerContext) -> Shape:
        require_positive(self, output=self.output)
        out = self._same_size(ctx, self.convolution(self.output, self.activation))
        if self.bottleneck and ctx.input.c != self.output:
            message = f"needs output = {ctx.input.c}, the input's channels; it is {self.output}"
            raise self.shape_error(message, "bottleneck")
        return out

    def parts(self, ctx: LayerContext) -> dict[str, Part]:
        gate = self.convolution(self.output, self.activation)
        state = Shape(self.output, ctx.input.h, ctx.input.w)
        both = Shape(2 * self.output, ctx.input.h, ctx.input.w)
        peepholes = ("vf", "vi", "vo") if self.peephole else ()
        parts = dict.fromkeys(peepholes, (gate, state))
        parts |= {"wf": (gate, both)} if self.bottleneck else {}
        parts |= {f"w{k}": (gate, state) for k in "figo"} if not self.bottleneck else {}
        return parts | {f"u{k}": (gate, ctx.input) for k in "figo"}

    def start(self, ctx: LayerContext, sequences: int, like: torch.Tensor) -> Any:
        zero = like.new_zeros(sequences, self.output, ctx.input.h, ctx.input.w)
        return zero, zero

    def step(self, ctx: LayerContext, weights: Weights, run: Run) -> Step:
        part = self.runner(ctx, weights, run)
        limit = 32 * ctx.net.time_steps if self.state_constrain is None else self.state_constrain

        def gate(name: str, x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
            return (
                part(f"u{name}", x)
                if self.bottleneck
                else part(f"w{name}", h) + part(f"u{name}", x)
            )

        def advance(x: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
            h, c = state
            if self.bottleneck:
                past = _weighed(h, self.time_normalizer)
                narrow = part("wf", torch.cat([past, x], dim=1))
                # The program limits this delta as that of [connected].
                narrow = run.limit_delta(narrow) if run.limit_delta else narrow
                x = activate(self.lstm_activation, narrow)
            forget, enter, leave, new = (gate(name, x, h) for name in "fiog")
            if self.peephole:
                forget, enter = forget + part("vf", c), enter + part("vi", c)
            new = activate(self.lstm_activation, new)
            c = torch.sigmoid(forget) * c + torch.sigmoid(enter) * new
            if self.peephole:
                leave = leave + part("vo", c)
            h = torch.sigmoid(leave) * activate(self.lstm_activation, c)
            # The cell is limited after h has been computed from it.
            return self._residual(h, x), (h, c.clamp(-limit, limit) if limit else c)

        return advance

    def _residual(self, h: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """shortcut=1 adds the first half of the bottleneck to the output, not to the state."""
        if not (self.shortcut and self.bottleneck):
            return h
        half = h[0].numel() // 2
        kept = torch.arange(h[0].numel(), device=h.device).reshape(h.shape[1:]) < half
        return h + torch.where(kept, x, 0.0)

    def check(self, ctx: LayerContext, problems: Problems) -> None:
        # Where the gates read the state themselves, Darknet's own use of it is commented out.
        if self.time_normalizer != 1 and not self.bottleneck:
            problems.note(self.location("time_normalizer"), "no effect without bottleneck=1")

    def flops(self, ctx: LayerContext, out: Shape) -> float:
        return super().flops(ctx, out) + (12 if self.peephole else 9) * out.size


def _weighed(state: torch.Tensor, factor: float) -> torch.Tensor:
    """The state with `factor` times its gradient: what of the loss goes back in time."""
    return state if factor == 1 else state.detach() + factor * (state - state.detach())


@section("history")
@dataclass(frozen=True, kw_only=True)
class History(Layer):
    """The last frames' channels side by side, newest first.

    With time_steps=1 the C code fills only the first frame's channels; the others stay 0.
    """

    TOLD: ClassVar[Mapping[str, str]] = {"history_size": "{0.history_size}"}

    history_size: int = option(4)

    def table_line(self, ctx: LayerContext, out: Shape) -> str:
        counts = f"b = {ctx.net.mini_batch}, s = {self.history_size:2d}"
        steps = f"steps = {ctx.net.time_steps:2d}"
        return f"HISTORY {counts}, {steps}   {ctx.input.column} -> {out.column} "

    def fixed_size(self, ctx: LayerContext) -> str:
        return FIXED_MEMORY

    def shape(self, ctx: LayerContext) -> Shape:
        require_positive(self, history_size=self.history_size)
        return Shape(ctx.input.c * self.history_size, ctx.input.h, ctx.input.w)

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        x, steps = inputs[0], ctx.net.time_steps
        older = x.shape[1] * (self.history_size - 1)
        if steps == 1:
            return F.pad(x, (0, 0, 0, 0, 0, older))
        rows = x.unflatten(0, (steps, -1))
        past = (run.state or {}).get(ctx.index)
        if past is None:
            past = x.new_zeros(rows.shape[1], older + x.shape[1], *x.shape[2:])
        outputs = []
        for frame in rows:
            past = torch.cat([frame, past[:, :older]], dim=1)
            outputs.append(past)
        if run.state is not None:
            run.state[ctx.index] = past
        return torch.cat(outputs)
