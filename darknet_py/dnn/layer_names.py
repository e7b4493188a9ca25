"""OpenCV's names, types and numbers of a Darknet network's layers.

OpenCV makes up to three layers of a section: `conv_7`, `bn_7` and `leaky_8` of a convolution,
`permute_9` and `yolo_9` of a head. The number is the section's, from 0 up; an activation has that
of the section after it. A layer's id is its place in the list, from 1 up; 0 is the input. Kinds
that OpenCV never knew are called by their section's name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from darknet_py.layers.base import INPUT, Layer, Node
from darknet_py.layers.convolution import Convolutional
from darknet_py.layers.deconvolution import Deconvolutional
from darknet_py.layers.dense import Connected
from darknet_py.layers.detection import Detection
from darknet_py.layers.gaussian_yolo import GaussianYolo
from darknet_py.layers.joins import Route, Sam, ScaleChannels
from darknet_py.layers.pointwise import Dropout
from darknet_py.layers.pooling import Avgpool, Maxpool
from darknet_py.layers.region import Region
from darknet_py.layers.resample import Reorg, Upsample
from darknet_py.layers.scores import Cost, Softmax
from darknet_py.layers.shortcut import Shortcut
from darknet_py.layers.yolo import Yolo
from darknet_py.network.graph import Graph

INPUT_NAME, INPUT_TYPE = "_input", "__NetInputLayer__"
LINEAR = "linear"
"""The activation that is none."""


class Stage(Enum):
    """How far a section's arithmetic has come in one of its layers.

    LINEAR: before batch normalisation and activation. NORMALIZED: all but the activation. PERMUTED:
    a head's input as (N, H, W, C). OUTPUT: the section's own output.
    """

    LINEAR = "linear"
    NORMALIZED = "normalized"
    PERMUTED = "permuted"
    OUTPUT = "output"


@dataclass(frozen=True)
class NamedLayer:
    """One of OpenCV's layers.

    id: from 1 up. node: its section's index. inputs: ids, 0 for the network's input.
    """

    name: str
    type: str
    id: int
    node: int
    stage: Stage
    inputs: tuple[int, ...]


class Words(NamedTuple):
    """How a kind's layers are called before the underscore, and OpenCV's type of them.

    staged: its batch normalisation and its activation are layers of their own. permuted: before it
    OpenCV puts a layer that moves the channels last. numbered: the section's number is in the name.
    """

    name: str
    type: str
    staged: bool = False
    permuted: bool = False
    numbered: bool = True


WORDS: dict[type[Layer], Words] = {
    Convolutional: Words("conv", "Convolution", staged=True),
    Deconvolutional: Words("deconv", "Deconvolution", staged=True),
    Connected: Words("fullyConnected", "InnerProduct", staged=True),
    Maxpool: Words("pool", "Pooling"),
    Avgpool: Words("avgpool", "Pooling"),
    Softmax: Words("softmax", "Softmax"),
    Dropout: Words("identity", "Identity"),
    Cost: Words("identity", "Identity"),
    Reorg: Words("reorg", "Reorg"),
    Shortcut: Words("shortcut", "Eltwise", staged=True),
    Sam: Words("sam", "Eltwise", staged=True),
    ScaleChannels: Words("scale_channels", "Scale", staged=True),
    Upsample: Words("upsample", "Resize"),
    Yolo: Words("yolo", "Region", permuted=True),
    GaussianYolo: Words("gaussian_yolo", "Region", permuted=True),
    Region: Words("detection_out", "Region", permuted=True, numbered=False),
    Detection: Words("detection", "Region"),
}
"""Section kind -> OpenCV's words; [route] has others by what it does."""
ACTIVATION_TYPES = {
    "leaky": "ReLU",
    "relu": "ReLU",
    "swish": "Swish",
    "mish": "Mish",
    "logistic": "Sigmoid",
    "tanh": "TanH",
}


def named_layers(graph: Graph) -> tuple[NamedLayer, ...]:
    """OpenCV's layers of a network, in its order."""
    layers, last, seen = list[NamedLayer](), {INPUT: 0}, Counter[str]()
    for node in graph.nodes:
        inputs = tuple(last[source] for source in node.inputs)
        for name, kind, stage in _stages(node):
            layer = NamedLayer(name, kind, len(layers) + 1, node.index, stage, inputs)
            layers.append(_told_apart(layer, seen))
            inputs = (layer.id,)
        last[node.index] = len(layers)
    return tuple(layers)


def unread(layers: Sequence[NamedLayer]) -> list[NamedLayer]:
    """Those whose output no other layer reads: OpenCV's unconnected output layers."""
    read = {source for layer in layers for source in layer.inputs}
    return [layer for layer in layers if layer.id not in read]


def _told_apart(layer: NamedLayer, seen: Counter[str]) -> NamedLayer:
    """A name that is there already gets a number behind it, as OpenCV does it."""
    repetitions = seen[layer.name]
    seen[layer.name] += 1
    return replace(layer, name=f"{layer.name}_{repetitions}") if repetitions else layer


def _stages(node: Node) -> Iterator[tuple[str, str, Stage]]:
    """Names, types and stages of a section's layers; the last one is its output."""
    layer, index = node.layer, node.index
    words = _words(layer)
    if words.permuted:
        yield f"permute_{index}", "Permute", Stage.PERMUTED
    normalized = words.staged and _normalized(layer)
    activation = str(getattr(layer, "activation", LINEAR)) if words.staged else LINEAR
    before_activation = Stage.OUTPUT if activation == LINEAR else Stage.NORMALIZED
    name = f"{words.name}_{index}" if words.numbered else words.name
    yield name, words.type, Stage.LINEAR if normalized else before_activation
    if normalized:
        yield f"bn_{index}", "BatchNorm", before_activation
    if activation != LINEAR:
        kind = ACTIVATION_TYPES.get(activation, activation)
        yield f"{activation}_{index + 1}", kind, Stage.OUTPUT


def _normalized(layer: Layer) -> bool:
    """A convolution says it itself, as cbn=1 is a normalisation too."""
    return bool(getattr(layer, "normalized", getattr(layer, "batch_normalize", 0)))


def _words(layer: Layer) -> Words:
    if isinstance(layer, Route):
        return _route_words(layer)
    return WORDS.get(type(layer)) or Words(layer.kind, layer.kind)


def _route_words(layer: Route) -> Words:
    if len(layer.layers) > 1:
        return Words("concat", "Concat")
    return Words("slice", "Slice") if layer.groups > 1 else Words("identity", "Identity")
