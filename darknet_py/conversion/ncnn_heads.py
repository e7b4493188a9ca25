"""Detection heads as layers of ncnn: as Darknet holds their output, or as boxes.

Between them a head's values are (anchors, entries, cells): one row for each value of a box.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch

from darknet_py.conversion.ncnn_site import ADD, MULTIPLY, ROWS, SUBTRACT, LayerSite
from darknet_py.layers.base import Layer
from darknet_py.layers.detection import Detection
from darknet_py.layers.head import Head
from darknet_py.layers.region import Region
from darknet_py.layers.shape import Shape
from darknet_py.layers.yolo import Yolo

EXP, SQUARE = 7, 4
"""ncnn's numbers of UnaryOp's operations."""
CELLS_LAST = 3
"""The order of Permute that makes (values, cells, anchors) of (anchors, values, cells)."""


class HeadRows(NamedTuple):
    """The blobs of a head's values, each (anchors, its rows, cells).

    location: x and y in the cell, as the head's output has them. extent: w and h, raw.
    """

    location: str
    extent: str
    objectness: str
    classes: str


def head_output(site: LayerSite) -> str:
    """The output as Darknet holds it, (C, H, W); refuses kinds without a function here."""
    if isinstance(site.layer, Detection):
        site.require(softmax=0)
        return site.reshaped(site.inputs[0], site.out)
    rows = _rows(site)
    return site.reshaped(site.program.add("Concat", rows, {0: ROWS}), site.out)


def boxes_output(sites: Sequence[LayerSite], name: str) -> None:
    """The blob `name` (4 + C, K) of all heads: boxes in pixels, a score for each class."""
    each = [_columns(site) for site in sites]
    program = sites[0].program
    if len(each) == 1:
        program.name("Noop", each, name)
    else:
        # Of blobs with two axes ncnn calls that of the columns 1.
        program.name("Concat", each, name, {0: 1})


def _rows(site: LayerSite) -> HeadRows:
    if type(site.layer) not in HEAD_ROWS:
        site.refuse("the output of this kind")
    cells = site.out.h * site.out.w
    shape = Shape(len(site.layer.masks), site.layer.entries, cells)
    return HEAD_ROWS[type(site.layer)](site, site.reshaped(site.inputs[0], shape))


def _yolo(site: LayerSite, values: str) -> HeadRows:
    layer, fork = site.layer, site.context.fork
    location, extent = _taken(site, values, 0, 2), _taken(site, values, 2, 4)
    rest = _taken(site, values, 4, layer.entries)
    if not layer.squares(fork):
        location, rest = site.add("Sigmoid", location), site.add("Sigmoid", rest)
    scale = layer.scale(fork)
    location = site.scalar(MULTIPLY, location, scale)
    location = site.scalar(SUBTRACT, location, 0.5 * (scale - 1))
    return HeadRows(location, extent, *_parted(site, rest))


def _region(site: LayerSite, values: str) -> HeadRows:
    layer, rules = site.layer, site.context.fork.layers
    site.require(coords=4, tree=None, background=0, classfix=0)
    location, extent = _taken(site, values, 0, 2), _taken(site, values, 2, 4)
    if not rules.region_raw_location:
        location = site.add("Sigmoid", location)
    objectness = site.add("Sigmoid", _taken(site, values, 4, 5))
    classes = _taken(site, values, 5, layer.entries)
    if layer.softmax:
        classes = site.add("Softmax", classes, {0: ROWS, 1: 1})
    elif not rules.region_raw_classes:
        classes = site.add("Sigmoid", classes)
    return HeadRows(location, extent, objectness, classes)


HEAD_ROWS: dict[type[Layer], Callable[[LayerSite, str], HeadRows]] = {
    Yolo: _yolo,
    Region: _region,
}
"""To write a head for ncnn, add its function: from its input as (anchors, entries, cells)."""


def _taken(site: LayerSite, values: str, start: int, end: int) -> str:
    return site.part(values, ROWS, start, end)


def _parted(site: LayerSite, rest: str) -> tuple[str, str]:
    """Objectness, and classes."""
    return _taken(site, rest, 0, 1), _taken(site, rest, 1, 1 + site.layer.classes)


def _columns(site: LayerSite) -> str:
    """A head's boxes (4 + C, K): cells row by row, anchors within a cell."""
    rows, program = _rows(site), site.program
    parts = (
        _centres(site, rows),
        _sizes(site, rows),
        site.both(MULTIPLY, rows.classes, rows.objectness),
    )
    joined = program.add("Concat", parts, {0: ROWS})
    turned = site.add("Permute", joined, {0: CELLS_LAST})
    anchors, cells = len(site.layer.masks), site.out.h * site.out.w
    return site.add("Reshape", turned, {0: cells * anchors, 1: 4 + site.layer.classes})


def _centres(site: LayerSite, rows: HeadRows) -> str:
    """Of the boxes in pixels: where the cell is, and where in the cell."""
    raw = isinstance(site.layer, Region) and site.context.fork.layers.region_raw_location
    location = site.add("Sigmoid", rows.location) if raw else rows.location
    y, x = torch.meshgrid(torch.arange(site.out.h), torch.arange(site.out.w), indexing="ij")
    corner = torch.stack([x.flatten(), y.flatten()]).float()[None]
    placed = site.both(ADD, location, site.program.constant(corner))
    stride = torch.tensor(_stride(site))[None, :, None]
    return site.both(MULTIPLY, placed, site.program.constant(stride))


def _sizes(site: LayerSite, rows: HeadRows) -> str:
    """Of the boxes in pixels: the anchors, grown or shrunk."""
    layer: Head = site.layer
    scale = torch.tensor(_stride(site) if layer.ANCHOR_UNIT == "cells" else (1.0, 1.0))
    anchors = (torch.tensor(layer.sizes) * scale)[:, :, None]
    if isinstance(layer, Yolo) and layer.squares(site.context.fork):
        doubled = site.scalar(MULTIPLY, rows.extent, 2)
        growth = site.add("UnaryOp", doubled, {0: SQUARE})
    else:
        growth = site.add("UnaryOp", rows.extent, {0: EXP})
    return site.both(MULTIPLY, growth, site.program.constant(anchors))


def _stride(site: LayerSite) -> tuple[float, float]:
    net = site.context.net
    return net.width / site.out.w, net.height / site.out.h
