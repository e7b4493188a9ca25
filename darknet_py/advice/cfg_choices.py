"""A cfg made for a data set: what is chosen for it, and the lines that change for that."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.advice.schedule import schedule_options
from darknet_py.anchors.cfg_anchors import entries_with, set_anchors, text_of
from darknet_py.anchors.feeders import feeders_of, output_key, set_outputs
from darknet_py.anchors.kmeans import Sizes
from darknet_py.cfg.edited_text import EditedText
from darknet_py.errors import CfgError
from darknet_py.layers.base import Node
from darknet_py.layers.head import Head
from darknet_py.network.graph import Graph


@dataclass(frozen=True, eq=False)
class CfgChoices:
    """What a cfg shall say; None leaves it as it is.

    classes: of all heads, or of a classifier. anchors: (k, 2) in pixels of the input, by rising
    area. max_batches: with the steps of the learning rate, see `schedule_options`.
    """

    classes: int | None = None
    anchors: Sizes | None = None
    batch: int | None = None
    subdivisions: int | None = None
    max_batches: int | None = None
    flip: int | None = None


def edited_cfg(graph: Graph, choices: CfgChoices) -> EditedText:
    """The graph's cfg with what is chosen, and with the graph's width and height.

    The graph was read with the input that the new cfg shall have. Raises CfgError, DarknetError for
    one that cannot be changed so.
    """
    edited = text_of(graph)
    _set_net(edited, graph, choices)
    if choices.anchors is not None:
        set_anchors(edited, graph, choices.anchors, choices.classes)
    if choices.classes is not None:
        _set_classes(edited, graph, choices.classes, feed=choices.anchors is None)
    return edited


def _set_net(edited: EditedText, graph: Graph, choices: CfgChoices) -> None:
    net = graph.net
    numbers = {"batch": choices.batch, "subdivisions": choices.subdivisions, "flip": choices.flip}
    values = {
        key: str(number)
        for key, number in numbers.items()
        if number is not None and number != getattr(net, key)
    }
    if net.width and net.height:  # others read rows of numbers
        values |= {"width": str(net.width), "height": str(net.height)}
    if choices.max_batches is not None:
        values |= schedule_options(net, choices.max_batches)
    for key, value in values.items():
        edited.set(net.section, key, value)


def _set_classes(edited: EditedText, graph: Graph, classes: int, feed: bool) -> None:
    """feed: set filters= as well, which follows the anchors otherwise."""
    heads = [node for node in graph.nodes if isinstance(node.layer, Head)]
    for node in heads:
        assert isinstance(node.layer, Head)
        _refuse_tree(node)
        edited.set(node.layer.section, "classes", str(classes))
        if feed:
            set_outputs(
                edited, graph, node.layer, feeders_of(graph, node.index), _fed(node, classes)
            )
    if not heads:
        last = graph.nodes[graph.last]
        _refuse_tree(last)
        set_outputs(edited, graph, last.layer, _class_makers(graph, last), classes)


def _fed(node: Node, classes: int) -> int:
    """The values that a head of so many classes reads in each cell, or at all."""
    layer = node.layer
    assert isinstance(layer, Head)
    if layer.ANCHOR_UNIT:
        return len(layer.masks) * entries_with(layer, classes)
    return node.shapes[0].size + layer.label_grid**2 * (classes - layer.classes)


def _class_makers(graph: Graph, last: Node) -> tuple[int, ...]:
    """Of a classifier: the layers that make a value for each class."""
    return (last.index,) if output_key(last.layer) else feeders_of(graph, last.index)


def _refuse_tree(node: Node) -> None:
    if getattr(node.layer, "tree", None):
        message = "the classes are those of its tree; expected a cfg without tree="
        raise CfgError(message, node.layer.location("tree"))
