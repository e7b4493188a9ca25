"""What Darknet's tools on weights files (`reset`, `rgbgr`, ...) do with a kind of layer."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


class WeightTool(enum.Flag):
    """The tools that look for certain kinds of layers."""

    FILTERS = enum.auto()
    """`rgbgr` and `rescale` take the first such layer, `oneoff` the last but one."""
    NORMALIZE = enum.auto()
    RESET = enum.auto()
    DENORMALIZE = enum.auto()
    STATISTICS = enum.auto()


@dataclass(frozen=True, kw_only=True)
class ToolFacts:
    """Of a kind of layer; the defaults are those of a kind that no tool knows.

    averaged: tensors of which `average` takes the mean. filter_axis: the axis of `weights` that
    counts outputs. batchnorm: the options that turn batch normalisation on; the first one is set to
    turn it on, all are cleared to turn it off. title and parts: what `statistics` calls the layer
    and each of its matrices, by their prefix, in its order.
    """

    tools: WeightTool = WeightTool(0)
    averaged: tuple[str, ...] = ()
    filter_axis: int = 0
    batchnorm: tuple[str, ...] = ("batch_normalize",)
    title: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)
