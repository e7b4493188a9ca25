"""Anchors and the heads of a cfg: its own ones, who gets which, and a new cfg with others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from darknet_py.anchors.feeders import feeders_of, set_outputs
from darknet_py.anchors.kmeans import Sizes
from darknet_py.cfg.edited_text import EditedText
from darknet_py.cfg.text import parse
from darknet_py.cfg.text_file import read_text
from darknet_py.errors import CfgError, DarknetError, Problems
from darknet_py.layers.head import Head
from darknet_py.network.graph import Graph, build

PIXELS_PER_STRIDE = 3.75
"""AlexeyAB's advice: a head of stride 8 takes anchors under 30 x 30 pixels, of 16 under 60."""
SMALLEST = 0.5
GRID_WIDTH = 32
"""Anchors over inputs up to this wide are in cells of a grid, as [region] has them."""


@dataclass(frozen=True)
class FedHead:
    """A head with anchors: its layer, those whose filters= it needs, input pixels per cell."""

    index: int
    layer: Head
    feeders: tuple[int, ...]
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
            heads.append(FedHead(index, node.layer, feeders_of(graph, index), stride))
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
    edited = text_of(graph)
    set_anchors(edited, graph, sizes)
    rebuilt(edited.text, graph)
    return edited.text


def text_of(graph: Graph) -> EditedText:
    """The text of the graph's cfg, to be changed."""
    return EditedText(read_text(graph.path, "a cfg", CfgError))


def rebuilt(text: str, graph: Graph, problems: Problems | None = None) -> Graph:
    """The graph of a changed text; raises CfgError when it is no cfg, or collects into problems."""
    problems = problems or Problems()
    return build(parse(text, graph.path, problems), graph.fork, problems)


def set_anchors(edited: EditedText, graph: Graph, sizes: Sizes, classes: int | None = None) -> None:
    """Other anchors (k, 2), in pixels of the input, for all heads, and filters= that fit them.

    classes: that the heads will have, None for those they have. Raises CfgError, DarknetError.
    """
    heads = heads_of(graph)
    masks = recommended_masks(heads, sizes)
    for head, mask in zip(heads, masks, strict=True):
        mask = mask if head.layer.MASKED else tuple(range(len(sizes)))
        # Cells are few and need four digits, however wide the input is.
        width = {"pixels": graph.net.width, "cells": GRID_WIDTH}[head.layer.ANCHOR_UNIT]
        values = {"num": str(len(sizes)), "anchors": anchor_text(sizes / head.pixels, width)}
        if head.layer.MASKED:
            values["mask"] = ",".join(map(str, mask))
        for key, value in values.items():
            edited.set(head.layer.section, key, value)
        entries = entries_with(head.layer, classes)
        set_outputs(edited, graph, head.layer, head.feeders, len(mask) * entries)


def entries_with(layer: Head, classes: int | None) -> int:
    """The values per anchor and cell that a head of so many classes has."""
    return layer.entries if classes is None else layer.entries - layer.classes + classes
