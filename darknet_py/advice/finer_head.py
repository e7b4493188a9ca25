"""A finest head of stride 4: AlexeyAB's change to yolov3 and yolov4 for small objects.

The upsampling before that head makes four times as many cells, what is joined to it comes from the
backbone's stage above, and where its output goes on to coarser heads it is thinned out again.
"""

from __future__ import annotations

from darknet_py.anchors.cfg_anchors import FedHead, heads_of, rebuilt, text_of
from darknet_py.cfg.edited_text import EditedText, OptionChange
from darknet_py.errors import CfgError
from darknet_py.layers.base import Node
from darknet_py.network.graph import Graph

FROM, TO = 8, 4
"""Strides of the finest head."""
TWICE = "4"
"""stride= of what had 2."""


def finer_head(graph: Graph) -> list[OptionChange]:
    """The lines that give a cfg with a finest head of stride 8 one of stride 4.

    None of them where the cfg is built in another way, or the changed one is no network whose other
    heads are as before.
    """
    heads = heads_of(graph)
    finest = min(heads, key=lambda head: head.stride)
    if finest.stride != FROM:
        return []
    edited = text_of(graph)
    if not _upsamples_more(edited, graph, finest):
        return []
    _thin_out(edited, graph, finest)
    try:
        actual = heads_of(rebuilt(edited.text, graph))
    except CfgError:
        return []
    expected = [TO if head is finest else head.stride for head in heads]
    return edited.changes if [head.stride for head in actual] == expected else []


def _upsamples_more(edited: EditedText, graph: Graph, head: FedHead) -> bool:
    """Change the last upsampling before a head, and the first backbone layer joined behind it."""
    before = graph.nodes[: head.index]
    larger = [node for node in before if _ratio(node) == 0.5 and _stride(node) == "2"]
    if not larger:
        return False
    upsample = larger[-1]
    for node in graph.nodes[upsample.index + 1 : head.index]:
        joined = [source for source in node.inputs if 0 <= source < larger[0].index]
        if node.layer.section.find("layers") and joined:
            edited.set(upsample.layer.section, "stride", TWICE)
            return _joins_stage_above(edited, graph, node, joined[0])
    return False


def _joins_stage_above(edited: EditedText, graph: Graph, route: Node, source: int) -> bool:
    """Let a route take the last layer that has twice the sides of `source`."""
    width = 2 * graph.nodes[source].out.w
    above = [node.index for node in graph.nodes[:source] if node.out.w == width]
    if not above:
        return False
    numbers = (above[-1] if one == source else one - route.index for one in route.inputs)
    edited.set(route.layer.section, "layers", ",".join(map(str, numbers)))
    return True


def _thin_out(edited: EditedText, graph: Graph, head: FedHead) -> None:
    """Change the first layer behind a head that halves the sides of the head's cells, if any."""
    width = graph.nodes[head.index].out.w
    for node in graph.nodes[head.index + 1 :]:
        if node.shapes[0].w == width and _ratio(node) == 2 and _stride(node) == "2":
            edited.set(node.layer.section, "stride", TWICE)
            return


def _ratio(node: Node) -> float:
    """Input width to output width."""
    return node.shapes[0].w / node.out.w


def _stride(node: Node) -> str | None:
    option = node.layer.section.find("stride")
    return option.value if option else None
