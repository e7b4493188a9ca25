"""What a converted file says about itself: words that a program which reads it will need."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from darknet_py.conversion.export_target import BOX, DETECTION, ExportTarget, layer_name
from darknet_py.layers.base import Node
from darknet_py.layers.head import Head
from darknet_py.network.graph import Graph
from darknet_py.network.summary import net_stride
from darknet_py.version import __version__

PREFIX = "darknet."
COLOURS = {1: "grey", 3: "RGB", 4: "RGBA"}
OUTPUTS = {
    "boxes": f"boxes: {BOX}; scores: one column a class",
    "nms": f"detections: {DETECTION}",
    "ultralytics": "centre x, centre y, width, height in pixels of the input, then the scores",
    "deepstream": "left, top, right, bottom in pixels of the input, score, class number",
    "raw": "what each head reads, its activation done, NCHW; anchor by anchor the values of a box",
}


def metadata(graph: Graph, target: ExportTarget, names: Sequence[str]) -> dict[str, str]:
    """Words to text, JSON but for plain words; the keys begin with `darknet.`.

    Forms of other programs have the words of these programs too, under the keys they look for.
    """
    net = graph.net
    values: dict[str, Any] = {
        "version": f"darknet-py {__version__}",
        "fork": graph.fork.name,
        "names": list(names),
        "width": net.width,
        "height": net.height,
        "channels": net.channels,
        "input": f"float32 NCHW, {COLOURS.get(net.channels, 'values')} in [0, 1]",
        "resize": "letterbox" if graph.letter_box else "stretch",
        "form": target.form,
        "outputs": OUTPUTS.get(target.form, "as Darknet's layers hold them, NCHW"),
        "heads": [_head(graph, index, target.form) for index in graph.heads],
    }
    if target.form == "nms":
        values |= {"thresh": target.thresh, "nms": target.nms}
    words = {PREFIX + key: _text(value) for key, value in values.items()}
    others = READERS.get(target.form)
    return words | (others(graph, target, names) if others else {})


def foreign_words(words: Mapping[str, str]) -> dict[str, str]:
    """Of a file's metadata, those under the keys of other programs."""
    return {key: value for key, value in words.items() if not key.startswith(PREFIX)}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _head(graph: Graph, index: int, form: str) -> dict[str, Any]:
    """One head; anchors are (width, height), in pixels of the input or in cells of the grid.

    stride: pixels of the input for one cell, (x, y).
    """
    node = graph.nodes[index]
    entry: dict[str, Any] = {"output": layer_name(graph, index), "kind": node.layer.kind}
    if not isinstance(node.layer, Head):
        return entry
    columns, rows = node.layer.grid(node.out)
    entry["stride"] = [graph.net.width // columns, graph.net.height // rows]
    if form == "raw":
        entry |= _read_by(graph, node)
    return entry | node.layer.description(graph.fork)


def _read_by(graph: Graph, node: Node) -> dict[str, Any]:
    """The layer that is a head's input, and the activation that is part of it already."""
    source = node.inputs[0]
    activation = getattr(graph.nodes[source].layer, "activation", "linear")
    return {"output": layer_name(graph, source), "layer": node.index, "activation": activation}


def ultralytics_yaml(graph: Graph, target: ExportTarget, names: Sequence[str]) -> bytes:
    """The metadata.yaml that ultralytics' readers look for in a folder of OpenVINO's or ncnn's
    files. Each value is written as JSON, which YAML reads."""
    words = _ultralytics_words(graph, target, names)
    listed = words.pop("names")
    lines = [f"{key}: {json.dumps(value)}" for key, value in words.items()]
    lines += ["names:", *(f"  {number}: {json.dumps(name)}" for number, name in listed.items())]
    return "".join(f"{line}\n" for line in lines).encode()


def _ultralytics(graph: Graph, target: ExportTarget, names: Sequence[str]) -> dict[str, str]:
    """Under the keys of ultralytics' own files, whose values readers take as Python's literals."""
    words = _ultralytics_words(graph, target, names)
    return {key: value if isinstance(value, str) else repr(value) for key, value in words.items()}


def _ultralytics_words(graph: Graph, target: ExportTarget, names: Sequence[str]) -> dict[str, Any]:
    classes = graph.head_classes or 0
    known = [*names, *(f"class{number}" for number in range(len(names), classes))]
    return {
        "description": f"{Path(graph.path).stem}, a Darknet network",
        "author": "darknet-py",
        "version": __version__,
        "task": "detect",
        "stride": net_stride(graph),
        "batch": target.batch,
        "imgsz": [graph.net.height, graph.net.width],
        "channels": graph.net.channels,
        "names": dict(enumerate(known)),
        "args": {
            "batch": target.batch,
            "half": False,
            "dynamic": target.dynamic_batch or target.dynamic_size,
            "nms": False,
        },
    }


READERS: dict[str, Callable[[Graph, ExportTarget, Sequence[str]], dict[str, str]]] = {
    "ultralytics": _ultralytics,
}
