"""The filters of convolutions as pictures."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from darknet_py.errors import DarknetError
from darknet_py.images.contact_sheet import SheetStyle, SheetTile, contact_sheet
from darknet_py.images.io import Pixels, to_bgr
from darknet_py.network.network import Network

Floats = NDArray[np.float32]
COLOURS = 3
SHOWN = 16
"""Filters and channels of a layer on the page: what more there is would be too small to see."""
SIDE = 256
"""Pixels that a small picture is enlarged to, at least."""
MOST_SIDE = 16_384
"""Pixels of a side: JPEG's own limit is 65,535."""
STYLE = SheetStyle(columns=4, width=SIDE, height=SIDE, lines=2, margin=0.02)


def filter_page(network: Network, title: str) -> Pixels:
    """A BGR page with a part of the filters of every convolution.

    Raises DarknetError for a network without one.
    """
    tiles = list(_tiles(network))
    if not tiles:
        raise DarknetError(f"{network.graph.path}: no layer has filters to show")
    return contact_sheet(tiles, title, STYLE)


def layer_picture(network: Network, index: int) -> Pixels:
    """All filters of a layer, one below the other, their channels side by side; BGR (H, W, 3).

    Those of three channels are in colour. As in both programs each filter is stretched to the range
    from black to white, with one black pixel between two. Raises DarknetError for a layer without
    filters, or with more than a picture can hold.
    """
    filters = filters_of(network, index)
    if filters is None:
        known = [node.index for node in network.graph.nodes if _has_filters(network, node.index)]
        shown = f"layers {', '.join(map(str, known))} have" if known else "no layer has"
        raise DarknetError(f"{network.graph.path}: layer {index} has no filters; {shown}")
    picture = _in_colour(filters) if _is_colour(filters) else _collapsed(filters)
    if max(picture.shape[:2]) > MOST_SIDE:
        size = f"{picture.shape[1]} x {picture.shape[0]} pixels"
        cure = "leave --layer out for a page with a part of each layer"
        raise DarknetError(f"layer {index}: all its filters take {size}; {cure}")
    return _enlarged(picture)


def filters_of(network: Network, index: int) -> Floats | None:
    """(filters, channels, H, W), each in [0, 1]; None for a layer without them."""
    if not _has_filters(network, index):
        return None
    weights = network.used(index)["weights"].detach().cpu().float().numpy()
    return stretched(weights.reshape(len(weights), -1)).reshape(weights.shape)


def stretched(rows: Floats) -> Floats:
    """Each row from its least value, 0, to its greatest, 1; one of a single value is 0."""
    low, high = rows.min(axis=1, keepdims=True), rows.max(axis=1, keepdims=True)
    span = np.where(high > low, high - low, 1)
    return np.asarray((rows - low) / span, np.float32)


def _has_filters(network: Network, index: int) -> bool:
    """Whether a layer's own tensor `weights` is one of filters: (filters, channels, H, W)."""
    if not 0 <= index < len(network.graph.nodes):
        return False
    weights = network.used(index).get("weights")
    return weights is not None and weights.dim() == 4


def _is_colour(filters: Floats) -> bool:
    return filters.shape[1] == COLOURS and filters.shape[2] * filters.shape[3] > 1


def _tiles(network: Network) -> Iterator[SheetTile]:
    for node in network.graph.nodes:
        filters = filters_of(network, node.index)
        if filters is not None:
            picture, shown = _part(filters)
            count, channels, height, width = filters.shape
            what = f"{node.index} {node.layer.kind} {width}x{height}, {channels} -> {count}"
            yield SheetTile(_enlarged(picture), (), (what, shown))


def _part(filters: Floats) -> tuple[Pixels, str]:
    """What of a layer's filters the page has room for, and in words what that is."""
    count, channels, height, width = filters.shape
    if _is_colour(filters):
        side = int(np.ceil(np.sqrt(min(count, SHOWN**2))))
        return _grid(filters[: side * side], side), ""
    if height * width == 1:
        return _bgr(filters[:SIDE, :SIDE, 0, 0]), "a row for each filter"
    part = filters[:SHOWN, :SHOWN]
    shown = f"first {len(part)} filters, {part.shape[1]} channels"
    return _collapsed(part), "" if part.shape == filters.shape else shown


def _collapsed(filters: Floats) -> Pixels:
    """One filter a row, its channels side by side."""
    spaced = np.pad(filters, ((0, 0), (0, 0), (0, 1), (0, 1)))
    count, channels, height, width = spaced.shape
    plane = spaced.transpose(0, 2, 1, 3).reshape(count * height, channels * width)
    return _bgr(plane[:-1, :-1])


def _in_colour(filters: Floats) -> Pixels:
    return _grid(filters, 1)


def _grid(filters: Floats, columns: int) -> Pixels:
    """Filters of three channels in colour, row by row."""
    blank = np.zeros((-len(filters) % columns, *filters.shape[1:]), np.float32)
    spaced = np.pad(np.concatenate([filters, blank]), ((0, 0), (0, 0), (0, 1), (0, 1)))
    count, _, height, width = spaced.shape
    tiles = spaced.reshape(count // columns, columns, COLOURS, height, width)
    image = tiles.transpose(0, 3, 1, 4, 2).reshape(-1, columns * width, COLOURS)
    return to_bgr(_bytes(image[:-1, :-1]))


def _bgr(plane: Floats) -> Pixels:
    """A grey picture (H, W, 3) of values in [0, 1]."""
    return np.repeat(_bytes(plane)[..., None], COLOURS, axis=2)


def _bytes(values: Floats) -> Pixels:
    return np.asarray(values * 255, np.float32).round().astype(np.uint8)


def _enlarged(picture: Pixels) -> Pixels:
    """By a whole number, so that every weight stays a square."""
    times = max(1, SIDE // max(picture.shape[:2]))
    return np.ascontiguousarray(picture.repeat(times, axis=0).repeat(times, axis=1))
