"""The lines of the layer table: for each kind the words and columns of Darknet's own program."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from darknet_py.layers.base import Layer, Shape, Site
from darknet_py.layers.recurrent import Recurrent

TITLE = "   layer   filters  size/strd(dil)      input                output"
_IN = "{x.w:4d} x{x.h:4d} x{x.c:4d}"
_OUT = "{y.w:4d} x{y.h:4d} x{y.c:4d}"
_BF = " {bf:5.3f} BF"
LINES = {
    "local": "Local Layer: {x.h} x {x.w} x {x.c} image, {layer.filters} filters"
    " -> {y.h} x {y.w} x {y.c} image",
    "deconvolutional": "deconv{layer.filters:5d} {layer.size:2d} x{layer.size:2d} "
    f"/{{layer.stride:2d}}  {_IN}   ->  {_OUT}",
    "connected": "connected                            {x.size:4d}  ->  {y.c:4d}",
    "avgpool": f"avg                          {_IN} ->   {{y.c:4d}}",
    "batchnorm": "Batch Normalization Layer: {x.w} x {x.h} x {x.c} image",
    "normalization": "Local Response Normalization Layer: {x.w} x {x.h} x {x.c} image, "
    "{layer.size} size",
    "activation": "Activation Layer: {x.size} inputs",
    "l2norm": "l2norm                                         {x.size:4d}",
    "logistic": "logistic x entropy                             {x.size:4d}",
    "softmax": "softmax                                        {x.size:4d}",
    "cost": "cost                                           {x.size:4d}",
    "dropout": "dropout    p = {p:.3f}        {x.size:4d}  ->   {x.size:4d}",
    "crop": "Crop Layer: {x.h} x {x.w} -> {y.h} x {y.w} x {x.c} image",
    "reorg": f"reorg_old              /{{layer.stride:2d}}  {_IN}   ->  {_OUT}",
    "reorg3d": f"reorg                    /{{layer.stride:2d}} {_IN} -> {_OUT}",
    "empty": "empty",
    "sam": "scale Layer: {source}",
    "scale_channels": "scale Layer: {source}",
    "implicit": "implicit Layer: {layer.filters} x {layer.atoms}   "
    "mean={layer.mean:.2f}, std={layer.std:.2f}",
    "rnn": "RNN Layer: {x.size} inputs, {y.c} outputs",
    "gru": "GRU Layer: {x.size} inputs, {y.c} outputs",
    "lstm": "LSTM Layer: {x.size} inputs, {y.c} outputs",
    "crnn": "CRNN Layer: {x.h} x {x.w} x {x.c} image, {y.c} filters",
    "conv_lstm": "CONV_LSTM Layer: {x.h} x {x.w} x {x.c} image, {y.c} filters",
    "history": f"HISTORY s = {{layer.history_size:2d}}, {_IN} -> {_OUT}",
    "region": "detection",
    "detection": "Detection Layer",
}
"""What AlexeyAB's program prints (pjreddie's for its own kinds): x is the input, y the output."""


def table_line(layer: Layer, site: Site, out: Shape) -> str:
    """Darknet's line without the index; a kind that is in no table shows its own columns."""
    if layer.kind in _WRITERS:
        return _WRITERS[layer.kind](layer, site, out)
    if layer.kind not in LINES:
        filters, size = layer.table_row(site, out)
        plain = f"{layer.kind:12} {filters:>5} {size:10} {_IN} -> {_OUT}"
        return layer.kind if layer.HEAD else plain.format(x=site.input, y=out)
    probability = getattr(layer, "probability", None)
    p = site.fork.dropout if probability is None else probability
    source = site.nodes[site.index].inputs[-1] if site.index < len(site.nodes) else 0
    line = LINES[layer.kind].format(layer=layer, x=site.input, y=out, p=p, source=source)
    return "\n".join([line, *_part_lines(layer, site)])


def _part_lines(layer: Layer, site: Site) -> Iterator[str]:
    """The layers inside a recurrent layer, indented under it."""
    if isinstance(layer, Recurrent):
        for part, into in layer.parts(site).values():
            inside = dataclasses.replace(site, inputs=(into,))
            yield f"{'':16}{table_line(part, inside, part.shape(inside))}"


def _shapes(layer: Layer, site: Site, out: Shape) -> str:
    bf = layer.flops(site, out) / 1e9
    return f"{_IN} -> {_OUT}{_BF}".format(x=site.input, y=out, bf=bf)


def _convolution_line(layer: Any, site: Site, out: Shape) -> str:
    signs = {"X": layer.xnor, "S": layer.share_index is not None, "AE": layer.assisted_excitation}
    tag = "conv" + next((sign for sign, is_set in signs.items() if is_set), "")
    filters = (
        f"{layer.filters:5d}/{layer.split:4d} " if layer.split > 1 else f"{layer.filters:5d}      "
    )
    (stride_y, stride_x), size = layer.strides, layer.size
    dilation = f"({layer.spread})" if layer.spread > 1 else "   "
    step = f"{size:2d} x{size:2d}/{stride_x:2d}{dilation}"
    if stride_x != stride_y:
        step = f"{size:2d}x{size:2d}/{stride_x:2d}x{stride_y:2d} "
    return f"{tag:6}{filters}{step}{_shapes(layer, site, out)}"


def _pool_line(word: str) -> Callable[[Any, Site, Shape], str]:
    def write(layer: Any, site: Site, out: Shape) -> str:
        (stride_y, stride_x), size = layer.strides, layer.window
        name = f"{word}-depth" if getattr(layer, "maxpool_depth", 0) else word
        step = f"{name:18}{size:2d}x{size:2d}/{stride_x:2d}   "
        if stride_x != stride_y:
            step = f"{name:17}{size:2d}x{size:2d}/{stride_x:2d}x{stride_y:2d} "
        return step + _shapes(layer, site, out)

    return write


def _route_line(layer: Any, site: Site, out: Shape) -> str:
    joined = " ".join(str(index) for index in layer.references(site.index))
    group = f"{layer.group_id}/{layer.groups}" if layer.groups > 1 else "   "
    return f"{f'route  {joined}':42}{group} -> {_OUT}".format(y=out)


def _shortcut_line(layer: Any, site: Site, out: Shape) -> str:
    added = "".join(f"{index}, " for index in layer.references(site.index)[1:])
    kind = {"none": 0, "per_channel": 2}.get(layer.weights_type, 1)
    norm = {"none": 0, "softmax": 2}.get(layer.weights_normalization, 1)
    bf = layer.flops(site, out) / 1e9
    sizes = f"{_OUT}{_BF}".format(y=out, bf=bf)
    return f"Shortcut Layer: {added} wt = {kind}, wn = {norm}, outputs:{sizes}"


def _upsample_line(layer: Any, site: Site, out: Shape) -> str:
    word = "upsample" if layer.stride > 0 else "downsample"
    step = f"{word:24}{abs(layer.stride):2d}x  "
    return step + f"{_IN} -> {_OUT}".format(x=site.input, y=out)


_WRITERS: dict[str, Callable[[Any, Site, Shape], str]] = {
    "convolutional": _convolution_line,
    "maxpool": _pool_line("max"),
    "local_avgpool": _pool_line("avg"),
    "route": _route_line,
    "shortcut": _shortcut_line,
    "upsample": _upsample_line,
}
