"""Layers that end classifiers and losses: softmax, cost, contrastive, iseg."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from darknet_py.cfg.options import option
from darknet_py.errors import BadOption, Problems
from darknet_py.layers.base import (
    Layer,
    LayerContext,
    Node,
    Run,
    Weights,
    passing,
    require_positive,
)
from darknet_py.layers.printed import Printed
from darknet_py.layers.references import resolve, resolve_all
from darknet_py.layers.sections import section
from darknet_py.layers.shape import Shape
from darknet_py.layers.tree import Tree, read_tree
from darknet_py.layers.yolo import Yolo
from darknet_py.lazy import deferred

if TYPE_CHECKING:
    import torch
else:
    torch = deferred("torch")

ISEG_INSTANCES = 90
"""Labelled instances of an image that [iseg] learns from."""
COSTS = ("sse", "masked", "smooth", "seg", "L1", "wgan")


@section("softmax", "soft")
@dataclass(frozen=True, kw_only=True)
class Softmax(Layer):
    """Probabilities within equal groups of the flat input, tree siblings, or channels per pixel."""

    CLASSIFIES: ClassVar[bool] = True
    LINE: ClassVar[str] = "softmax                                        {x.size:4d}"

    groups: int = option(1)
    temperature: float = option(1.0)
    tree: str | None = option(None)
    spatial: float = option(0.0)
    noloss: int = option(0)

    @cached_property
    def hierarchy(self) -> Tree | None:  # kept with what it has on a device
        return read_tree(self.section, self.tree) if self.tree else None

    def at_temperature(self, temperature: float) -> Layer:
        return dataclasses.replace(self, temperature=temperature)

    def shape(self, ctx: LayerContext) -> Shape:
        require_positive(self, groups=self.groups)
        if ctx.input.size % self.groups:
            message = f"groups={self.groups} does not divide the {ctx.input.size} inputs"
            raise self.shape_error(message, "groups")
        if self.hierarchy and len(self.hierarchy.names) != ctx.input.size:
            message = f"the tree has {len(self.hierarchy.names)} nodes for {ctx.input.size} inputs"
            raise self.shape_error(message, "tree")
        return ctx.input if self.spatial else Shape(ctx.input.size, 1, 1)

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        y = self._probabilities(inputs[0])
        return passing(inputs[0], y) if run.training else y

    def _probabilities(self, x: torch.Tensor) -> torch.Tensor:
        if self.spatial:
            # The GPU path of both forks: over channels, temperature 1.
            return torch.softmax(x, dim=1)
        x = x.flatten(1)
        tree = self.hierarchy
        if tree:
            return tree.softmax(x, 1, self.temperature)[:, :, None, None]
        grouped = x.unflatten(1, (self.groups, -1)) / self.temperature
        return torch.softmax(grouped, dim=2).flatten(1)[:, :, None, None]


@section("cost")
@dataclass(frozen=True, kw_only=True)
class Cost(Layer):
    """A loss over the previous layer; without truth its output stays 0, as in the C programs."""

    TOLD: ClassVar[Mapping[str, str]] = {"type": "{0.type}"}
    IS_LOSS: ClassVar[bool] = True
    NO_EFFECT: ClassVar[Mapping[str, str]] = {
        "ratio": "both programs find the limit for it, print it, and then take 0 instead"
    }
    LINE: ClassVar[str] = "cost                                           {x.size:4d}"

    type: str = option("sse", words=COSTS)
    scale: float = option(1.0)
    noobj: float = option(1.0)
    thresh: float = option(0.0)

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        return torch.zeros_like(inputs[0])

    def noted_sides(self, ctx: LayerContext) -> tuple[int, int]:
        return 0, 0


@section("contrastive")
@dataclass(frozen=True, kw_only=True)
class Contrastive(Layer):
    """A loss over embeddings: of a [yolo] head's boxes, or of images; its output stays 0."""

    TOLD: ClassVar[Mapping[str, str]] = {"classes": "{0.classes}"}

    classes: int = option(1000)
    yolo_layer: int = option(0)
    temperature: float = option(1.0)
    cls_normalizer: float = option(1.0)
    max_delta: float = option(float("inf"))
    contrastive_neg_max: int = option(3)

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        return torch.zeros_like(inputs[0])

    def head(self, ctx: LayerContext) -> Yolo | None:
        """The head whose boxes the embeddings belong to; None: they belong to whole images."""
        if not self.yolo_layer:
            return None
        target = resolve_all(self, "yolo_layer", (self.yolo_layer,), ctx.index)[0]
        head = ctx.nodes[target].layer
        if not isinstance(head, Yolo):
            message = f"layer {target} is [{head.kind}], expected [yolo]"
            raise BadOption(message, self.location("yolo_layer"))
        return head

    def embeddings_per_cell(self, ctx: LayerContext) -> int:
        head = self.head(ctx)
        return len(head.masks) if head else 1

    def table_line(self, ctx: LayerContext, out: Shape) -> str:
        """Its boxes are those of the head it belongs to."""
        x, batch = ctx.input, ctx.net.mini_batch * ctx.net.time_steps
        head, boxes = self.head(ctx), self.embeddings_per_cell(ctx)
        size, step = x.size // (boxes * x.h * x.w), batch * boxes * x.h * x.w
        sizes = f"{x.w:4d} x{x.h:4d} x{boxes:4d} x emb_size {size:4d} x batch: {batch:4d}"
        classes = head.classes if head else self.classes
        return f"contrastive {sizes}  classes = {classes:4d}, step = {step:4d} "

    def printed(self, ctx: LayerContext, out: Shape) -> Iterator[Printed]:
        yield from super().printed(ctx, out)
        if self.head(ctx):
            yield Printed("detection \n")

    def check(self, ctx: LayerContext, problems: Problems) -> None:
        require_positive(self, classes=self.classes)
        if not self.temperature > 0:
            message = f"read {self.temperature:g}, expected a number above 0"
            problems.fail(BadOption(message, self.location("temperature")))
        if self.head(ctx):
            self._check_cells(ctx, problems)

    def _check_cells(self, ctx: LayerContext, problems: Problems) -> None:
        """Every box of the head has an embedding."""
        target = ctx.nodes[resolve(self.yolo_layer, ctx.index)]
        x, grid, count = ctx.input, target.out, self.embeddings_per_cell(ctx)
        if (x.w, x.h) != (grid.w, grid.h):
            message = f"the layer above has {x.w} x {x.h} cells, layer {target.index} [yolo] has "
            problems.fail(self.shape_error(f"{message}{grid.w} x {grid.h}", "yolo_layer"))
        elif x.c < count:
            message = f"the layer above has {x.c} channels, expected at least one for each of the "
            problems.fail(self.shape_error(f"{message}{count} anchors of layer {target.index}"))
        self._check_twin(ctx, target, problems)

    def _check_twin(self, ctx: LayerContext, target: Node, problems: Problems) -> None:
        """What is learnt here is what the head's boxes are told again by."""
        head = target.layer
        assert isinstance(head, Yolo)
        source = head.embeddings_from(target.index)
        size = 0 if source is None else ctx.nodes[source].out.c // len(head.masks)
        if size != ctx.input.c // len(head.masks):
            message = f"Darknet refuses embeddings of another size than layer {target.index} "
            message += f"[yolo] has by embedding_layer=, which is {size}"
            problems.warn(self.location("yolo_layer"), message)


@section("iseg")
@dataclass(frozen=True, kw_only=True)
class Iseg(Layer):
    """Instance segmentation: sigmoid class channels followed by raw embedding channels."""

    classes: int = option(20)
    ids: int = option(32)

    def forward(
        self, ctx: LayerContext, weights: Weights, inputs: Sequence[torch.Tensor], run: Run
    ) -> torch.Tensor:
        scores, embedding = inputs[0].split([self.classes, self.ids], dim=1)
        return torch.cat([torch.sigmoid(scores), embedding], dim=1)

    def check(self, ctx: LayerContext, problems: Problems) -> None:
        if ctx.input.c != self.classes + self.ids:
            message = (
                f"the layer above has {ctx.input.c} channels, this head needs "
                f"classes+ids = {self.classes}+{self.ids} = {self.classes + self.ids}"
            )
            problems.fail(self.shape_error(message))
