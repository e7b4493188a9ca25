"""What is to be made of a network, and what about the network stands against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from darknet_py.conversion.formats import FORMS
from darknet_py.errors import DarknetError, Problems
from darknet_py.layers.base import INPUT, Layer, Node
from darknet_py.layers.head import Head
from darknet_py.network.graph import Graph, Step, build

BOX = "centre x, centre y, width, height as shares of the network's input"
DETECTION = "image number, class number, score, " + BOX


@dataclass(frozen=True, kw_only=True)
class ExportTarget:
    """form: a row of FORMS. batch: images at once, an example only where dynamic_batch.

    dynamic_batch, dynamic_size: the program takes any number of images, any width and height that
    the network's strides divide. thresh: least score, and nms: IoU (in [0, 1]) above which the
    weaker box of a class goes; both are fixed in the program and count for form "nms" only.
    """

    form: str = "heads"
    batch: int = 1
    dynamic_batch: bool = False
    dynamic_size: bool = False
    thresh: float = 0.25
    nms: float = 0.45


def require(graph: Graph, target: ExportTarget) -> None:
    """Raises DarknetError, with the layer and the reason, where the network has no such form."""
    if target.form not in FORMS:
        raise DarknetError(f"unknown form '{target.form}', known are {', '.join(FORMS)}")
    needs = FORMS[target.form].needs
    if needs != "layers":
        _require_heads(graph)
    if needs == "boxes":
        _require_boxes(graph)
    if target.dynamic_size:
        _require_any_size(graph)
    steps = graph.net.time_steps
    if target.batch % steps or (target.dynamic_batch and steps > 1):
        cure = f"its rows come in multiples of {steps}; read the cfg with time_steps=1"
        raise DarknetError(f"{graph.path}: batch={target.batch} with time_steps={steps}: {cure}")


def heads(graph: Graph) -> Iterator[tuple[str, Layer]]:
    """Name and layer of each output of form "heads": yolo_82, or softmax_25 of a classifier."""
    for index in graph.heads:
        yield layer_name(graph, index), graph.nodes[index].layer


def layer_name(graph: Graph, index: int) -> str:
    """A layer's name in a file: its kind and its number in the cfg, such as yolo_82."""
    return f"{graph.nodes[index].layer.kind}_{index}"


def taken_layers(graph: Graph, form: str) -> list[int]:
    """Indices of the layers that a program of this form ends in: its heads, or what they read."""
    if form != "raw":
        return graph.heads
    return list(dict.fromkeys(graph.nodes[index].inputs[0] for index in graph.heads))


def needed_steps(graph: Graph, layers: Sequence[int]) -> list[Step]:
    """The steps that these layers depend on, and their own."""
    needed, steps = set(layers), list[Step]()
    for step in reversed(graph.steps):
        if step.index in needed:
            needed.update(step.inputs)
            steps.append(step)
    return steps[::-1]


def output_names(graph: Graph, form: str) -> list[str]:
    """Names of the outputs of a program of this form, in order."""
    own = list(FORMS[form].outputs)
    return own or [layer_name(graph, index) for index in taken_layers(graph, form)]


def _require_heads(graph: Graph) -> None:
    for index in graph.heads:
        node = graph.nodes[index]
        if not isinstance(node.layer, Head):
            message = "is the network's output and holds no boxes; use --form heads"
            raise DarknetError(message, node.layer.location())
        if node.inputs[0] == INPUT:
            raise DarknetError("reads the images themselves", node.layer.location())


def _require_boxes(graph: Graph) -> None:
    for head in graph.detection_heads:
        if head.hierarchy is not None:
            message = "a class tree is descended with a threshold that the caller chooses, which"
            message += " has no form without branches; use --form heads"
            raise DarknetError(message, head.location("tree"))


def _require_any_size(graph: Graph) -> None:
    for node in graph.nodes:
        if reason := node.layer.fixed_size(graph.context(node.index)):
            message = f"{reason}; leave out --dynamic size"
            raise DarknetError(message, node.layer.location())
        _require_divides(graph, node)
    _require_doubles(graph)


def _require_divides(graph: Graph, node: Node) -> None:
    """Windows at the edges are as the cfg's size makes them, so that one must show the strides."""
    net, out = graph.net, node.out
    if net.height % out.h or net.width % out.w:
        message = f"gives {out.w} x {out.h}, which does not divide the input's"
        message += f" {net.width} x {net.height}; choose --width and --height that it divides"
        raise DarknetError(message, node.layer.location())


def _require_doubles(graph: Graph) -> None:
    """A layer may also fit one size only because of the layers around it."""
    net = graph.net
    sections = [net.section, *(node.layer.section for node in graph.nodes)]
    size = {"width": 2 * net.width, "height": 2 * net.height}
    build(sections, graph.fork, Problems(), time_steps=net.time_steps, **size)
