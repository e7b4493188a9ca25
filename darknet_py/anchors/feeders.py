"""Which options say how many channels, or values, a layer is fed with: filters= and output=."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from darknet_py.cfg.edited_text import EditedText
from darknet_py.errors import CfgError
from darknet_py.layers.base import INPUT, Layer
from darknet_py.network.graph import Graph

OUTPUT_KEYS = ("filters", "output")
"""Options that set the channels of a layer's output, whatever it reads."""


def output_key(layer: Layer) -> str | None:
    """The option that sets a layer's channels; None where they are those of what it reads."""
    names = {field.name for field in dataclasses.fields(layer)}
    return next((key for key in OUTPUT_KEYS if key in names), None)


def feeders_of(graph: Graph, index: int) -> tuple[int, ...]:
    """The layers whose filters= (output= of [connected]) make the channels that a layer reads.

    Often the one before it; behind others that keep the channels (dropout, activations, shortcuts,
    products with [implicit] channels) it is looked for further up, and may be several.  Where the
    channels are made otherwise, as a route of two layers does, the layer itself is no feeder and
    the tuple ends empty.
    """
    found, waiting = set[int](), [graph.nodes[index].inputs[0]]
    while waiting:
        source = waiting.pop()
        if source == INPUT:
            return ()
        node = graph.nodes[source]
        if output_key(node.layer):
            found.add(source)
        elif all(shape.c == node.out.c for shape in node.shapes):
            waiting += node.inputs
        else:
            return ()
    return tuple(sorted(found))


def set_outputs(
    edited: EditedText, graph: Graph, layer: Layer, feeders: Sequence[int], count: int
) -> None:
    """Let the feeders of a layer make `count` channels; raises CfgError where it has none."""
    if not feeders:
        what = f"cannot be told which filters= make the channels of [{layer.kind}]"
        raise CfgError(f"{what}: expected a [convolutional] before it", layer.location())
    for index in feeders:
        feeder = graph.nodes[index].layer
        key = output_key(feeder)
        assert key is not None
        edited.set(feeder.section, key, str(count))
