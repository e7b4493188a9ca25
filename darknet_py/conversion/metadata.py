"""What a converted file says about itself: words that a program which reads it will need."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from darknet_py.conversion.export_target import BOX, DETECTION, ExportTarget, heads
from darknet_py.forks import Fork
from darknet_py.layers.base import Layer
from darknet_py.layers.head import Head
from darknet_py.network.graph import Graph
from darknet_py.version import __version__

PREFIX = "darknet."
COLOURS = {1: "grey", 3: "RGB", 4: "RGBA"}
OUTPUTS = {"boxes": f"boxes: {BOX}; scores: one column a class", "nms": f"detections: {DETECTION}"}


def metadata(graph: Graph, target: ExportTarget, names: Sequence[str]) -> dict[str, str]:
    """Words to text, JSON but for plain words; the keys begin with `darknet.`."""
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
        "heads": [_head(name, layer, graph.fork) for name, layer in heads(graph)],
    }
    if target.form == "nms":
        values |= {"thresh": target.thresh, "nms": target.nms}
    return {PREFIX + key: _text(value) for key, value in values.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _head(name: str, layer: Layer, fork: Fork) -> dict[str, Any]:
    """One head; anchors are (width, height), in pixels of the input or in cells of the grid."""
    entry: dict[str, Any] = {"output": name, "kind": layer.kind}
    return entry | (layer.description(fork) if isinstance(layer, Head) else {})
