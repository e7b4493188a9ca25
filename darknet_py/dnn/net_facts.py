"""What a net says of itself: tensors, operations, memory, times, a drawing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from darknet_py.dnn.epsilon import SHIFT
from darknet_py.dnn.layer_names import INPUT_NAME, NamedLayer, Stage
from darknet_py.dnn.opencv_error import OpenCvError
from darknet_py.errors import nearest
from darknet_py.layers.head import Head
from darknet_py.network.graph import Graph
from darknet_py.network.network import Network

Floats = NDArray[np.float32]
Profile = tuple[int, NDArray[np.float64]]
NO_PROFILE: Profile = (0, np.zeros(0))
NORMALIZATION = ("rolling_mean", "rolling_variance", "scales", "biases")
FLOAT_BYTES = 4


def profile(ticks: int, layers: int, computed: Sequence[NamedLayer]) -> Profile:
    """All ticks at the last layer that was computed; (layers,) of them."""
    times = np.zeros(layers)
    times[max(layer.id for layer in computed) - 1] = ticks
    return ticks, times


def filled(outputs: Sequence[Floats], arrays: Sequence[Floats]) -> tuple[Floats, ...]:
    """The outputs; those for which a float32 array of their shape was given are put into it."""
    answer = list(outputs)
    for number, (output, array) in enumerate(zip(outputs, arrays, strict=False)):
        if _fits(array, output):
            array[...] = output
            answer[number] = array
    return tuple(answer)


def _fits(array: object, output: Floats) -> bool:
    if not isinstance(array, np.ndarray):
        return False
    return (array.dtype, array.shape) == (output.dtype, output.shape)


def hint(name: str, known: Iterable[str]) -> str:
    return nearest(name, known) or "; getLayerNames() lists them"


def blobs(network: Network, layer: NamedLayer) -> tuple[Floats, ...]:
    """A layer's tensors as OpenCV has them: kernel and biases; mean, variance, scales, biases as
    (1, C); a head's anchors as (1, 2 * anchors)."""
    spec = network.graph.nodes[layer.node].layer
    if isinstance(spec, Head):
        return (np.array(spec.sizes, np.float32).reshape(1, -1),) if _is_output(layer) else ()
    own = {name: tensor.detach().cpu().numpy() for name, tensor in network.used(layer.node).items()}
    if layer.type == "BatchNorm":
        return _normalization(own)
    if layer.type not in WITH_KERNEL:
        return ()
    bias = () if "scales" in own else (own["biases"].reshape(1, -1).copy(),)
    return (own["weights"].copy(), *bias)


WITH_KERNEL = ("Convolution", "Deconvolution", "InnerProduct")


def _is_output(layer: NamedLayer) -> bool:
    return layer.stage is Stage.OUTPUT


def _normalization(own: Mapping[str, Floats]) -> tuple[Floats, ...]:
    """The variances as the file has them, see `epsilon`."""
    parts = {name: own[name].reshape(1, -1).copy() for name in NORMALIZATION}
    parts["rolling_variance"] += np.float32(SHIFT)
    return tuple(parts.values())


def _sized(network: Network, shape: Sequence[int]) -> tuple[int, Graph]:
    """Images, and the graph for an input (N, C, H, W)."""
    if len(shape) != 4:
        raise OpenCvError(f"read shape {tuple(shape)}, expected (N, C, H, W)")
    images, _, height, width = map(int, shape)
    return images, network.resized(width, height).graph


def operations(network: Network, shape: Sequence[int]) -> int:
    images, graph = _sized(network, shape)
    counts = (node.layer.flops(graph.context(node.index), node.out) for node in graph.nodes)
    return int(images * sum(counts))


def memory(network: Network, shape: Sequence[int]) -> tuple[int, int]:
    images, graph = _sized(network, shape)
    values = graph.net.input.size + sum(node.out.size for node in graph.nodes)
    return FLOAT_BYTES * graph.parameters, FLOAT_BYTES * images * values


def dump(layers: Sequence[NamedLayer]) -> str:
    names: Mapping[int, str] = {0: INPUT_NAME} | {layer.id: layer.name for layer in layers}
    nodes = [f'\t"{layer.name}" [label="{layer.name}\\n{layer.type}"]' for layer in layers]
    edges = [f'\t"{names[i]}" -> "{layer.name}"' for layer in layers for i in layer.inputs]
    return "\n".join(["digraph G {", *nodes, *edges, "}", ""])
