"""Anchors and the heads of a cfg: its own ones, who gets which, and a new cfg with others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from darknet_py.anchors.kmeans import Sizes
from darknet_py.cfg.text import parse
from darknet_py.cfg.text_file import read_text
from darknet_py.errors import CfgError, DarknetError, Problems
from darknet_py.layers.base import Layer
from darknet_py.layers.convolution import Convolutional
from darknet_py.layers.head import Head
from darknet_py.network.graph import Graph, build

PIXELS_PER_STRIDE = 3.75
"""AlexeyAB's advice: a head of stride 8 takes anchors under 30 x 30 pixels, of 16 under 60."""
SMALLEST = 0.5
GRID_WIDTH = 32
"""Anchors over inputs up to this wide are in cells of a grid, as [region] has them."""


@dataclass(frozen=True)
class FedHead:
    """A head with anchors: its layer, the convolution that feeds it, input pixels per cell."""

    index: int
    layer: Head
    feeder: int
    stride: float

    @property
    def pixels(self) -> float:
        """Input pixels in the unit its anchors are measured in."""
        return {"pixels": 1.0, "cells": self.stride}[self.layer.ANCHOR_UNIT]


def heads_of(graph: Graph) -> list[FedHead]:
    """The heads with anchors; raises DarknetError when there are none."""
    heads = []
    for index in graph.heads:
        node = graph.nodes[index]
        if isinstance(node.layer, Head) and node.layer.ANCHOR_UNIT:
            stride = graph.net.width / node.shapes[0].w
            heads.append(FedHead(index, node.layer, node.inputs[0], stride))
    if not heads:
        last = graph.nodes[graph.last].layer.kind
        raise DarknetError(f"{graph.path}: has no head with anchors, it ends in [{last}]")
    return heads


def own_anchors(graph: Graph) -> Sizes:
    """(k, 2) all anchors the heads of a cfg use, in pixels of its input."""
    sizes = []
    for head in heads_of(graph):
        sizes += [(w * head.pixels, h * head.pixels) for w, h in head.layer.sizes]
    return np.array(list(dict.fromkeys(sizes)))


def recommended_masks(heads: Sequence[FedHead], sizes: Sizes) -> list[tuple[int, ...]]:
    """For each head the numbers of its anchors (k, 2), given in pixels by rising area.

    By AlexeyAB's rule, the finest head takes the anchors whose side is under 3.75 of its strides,
    the next one likewise of the rest, the coarsest what is left. Where that leaves a head without
    anchors they are shared out evenly.
    """
    if len(sizes) < len(heads):
        raise DarknetError(f"{len(sizes)} anchors are too few for {len(heads)} heads")
    fine_first = sorted(range(len(heads)), key=lambda index: heads[index].stride)
    limits = np.array([heads[index].stride * PIXELS_PER_STRIDE for index in fine_first[:-1]])
    owner = np.searchsorted(limits, np.sqrt(sizes.prod(axis=1)), side="right")
    if len(np.unique(owner)) < len(heads):
        owner = np.arange(len(sizes)) * len(heads) // len(sizes)
    masks: list[tuple[int, ...]] = [()] * len(heads)
    for rank, index in enumerate(fine_first):
        masks[index] = tuple(np.flatnonzero(owner == rank).tolist())
    return masks


def anchor_text(sizes: Sizes, width: float) -> str:
    """Anchors as a cfg has them: whole pixels, or with four digits in cells of a small grid.

    Four digits also where a side would be 0 pixels: Darknet writes such an anchor, whose boxes
    then have no size.
    """
    whole = width > GRID_WIDTH and sizes.min() > SMALLEST
    form = "{:3.0f},{:3.0f}" if whole else "{:2.4f},{:2.4f}"
    return ", ".join(form.format(w, h) for w, h in sizes)


def rewritten(graph: Graph, sizes: Sizes) -> str:
    """The text of the graph's cfg with these anchors (k, 2), in pixels of its input.

    anchors=, num= and mask= of every head change, and filters= of the convolution before it; all
    other lines stay as they are. Raises CfgError when the new text is no cfg.
    """
    heads = heads_of(graph)
    lines = read_text(graph.path, "a cfg", CfgError).split("\n")
    masks = recommended_masks(heads, sizes)
    additions: list[tuple[int, str]] = []
    for head, mask in zip(heads, masks, strict=True):
        feeder = graph.nodes[head.feeder].layer
        if not isinstance(feeder, Convolutional):
            message = f"the layer before it is [{feeder.kind}], expected [convolutional]"
            raise CfgError(message, head.layer.location())
        if not head.layer.MASKED:
            mask = tuple(range(len(sizes)))
        # Cells are few and need four digits, however wide the input is.
        width = {"pixels": graph.net.width, "cells": GRID_WIDTH}[head.layer.ANCHOR_UNIT]
        values = {"num": str(len(sizes)), "anchors": anchor_text(sizes / head.pixels, width)}
        if head.layer.MASKED:
            values["mask"] = ",".join(map(str, mask))
        additions += _set(lines, head.layer, values)
        additions += _set(lines, feeder, {"filters": str(len(mask) * head.layer.entries)})
    for line, text in sorted(additions, reverse=True):
        lines.insert(line, text)
    text = "\n".join(lines)
    problems = Problems()
    build(parse(text, graph.path, problems), graph.fork, problems)
    return text


def _set(lines: list[str], layer: Layer, values: dict[str, str]) -> list[tuple[int, str]]:
    """Change the options of a section in place; gives those to be added, and behind which line."""
    section, missing = layer.section, []
    for key, value in values.items():
        option = section.find(key)
        if option is None:
            missing.append((section.line, f"{key}={value}"))
        else:
            before, equals, old = lines[option.line - 1].partition("=")
            gap = " " * (len(old) - len(old.lstrip(" ")))
            ending = "\r" if old.endswith("\r") else ""
            lines[option.line - 1] = f"{before}{equals}{gap}{value.lstrip()}{ending}"
    return missing
