"""Net: a Darknet network under OpenCV's method names."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from darknet_py.dnn import net_facts
from darknet_py.dnn.backends import BackendChoice, engine_config
from darknet_py.dnn.either_shape import EitherShape, either_shape
from darknet_py.dnn.head_rows import thresholds_of
from darknet_py.dnn.layer_names import INPUT_NAME, INPUT_TYPE, NamedLayer, named_layers, unread
from darknet_py.dnn.layer_view import LayerView
from darknet_py.dnn.net_input import INPUT_NAMES, input_tensor
from darknet_py.dnn.opencv_error import OpenCvError, as_opencv_error
from darknet_py.dnn.sized_network import Floats, SizedNetwork
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import DarknetError
from darknet_py.layers.head import Head
from darknet_py.network.network import Network

logger = logging.getLogger(__name__)

MOST_SIZES = 3
"""Sizes of blobs whose engines are kept; each holds the weights once more."""


class DarknetNet:
    """What `readNetFromDarknet` gives. Every method raises OpenCvError, which is a cv2.error.

    One call at a time: like OpenCV's, a net holds its input from `setInput` to `forward`.
    """

    def __init__(self, network: Network | None = None, has_weights: bool = True) -> None:
        """network: None for an empty net. has_weights: False: its tensors are random ones."""
        self.network = network
        self._has_weights = has_weights
        self._layers = named_layers(network.graph) if network else ()
        self._by_name = {layer.name: layer for layer in self._layers}
        self._outputs = unread(self._layers)
        self._nms = _usual_suppression(network) if network else {}
        self._input: Tensor | None = None
        self._choice = BackendChoice()
        self._config: EngineConfig | None = None
        self._sizes = OrderedDict[tuple[int, int], SizedNetwork]()
        self._profile = net_facts.NO_PROFILE

    def __repr__(self) -> str:
        return f"< darknet_py.dnn.Net {self.network.graph.path if self.network else 'empty'} >"

    def empty(self) -> bool:
        """Whether there is no network in it."""
        return self.network is None

    def setInput(
        self, blob: Any, name: str = "", scalefactor: float = 1.0, mean: Any = (0, 0, 0, 0)
    ) -> None:
        """Takes a copy of the blob (N, C, H, W), which may be of another size than the cfg's.

        The network sees (blob - mean) * scalefactor. name: "" or "data".
        """
        if name not in INPUT_NAMES:
            raise OpenCvError(f'setInput: no input "{name}", expected "data" or no name')
        self._input = input_tensor(blob, scalefactor, mean)

    def forward(
        self,
        outputName: Any = "",
        outputBlobs: Sequence[NDArray[np.float32]] | None = None,
        *,
        outBlobNames: Sequence[str] | None = None,
    ) -> Any:
        """A pass: the last layer's output, that of the layer named, or a tuple for several names.

        Heads give rows (R, 5 + classes): centre x, centre y, width, height as shares of the image,
        objectness, objectness x class; several images (N, R, 5 + classes). Other layers give
        (N, C, H, W), or (N, C) after [connected]. Only what the layers asked for need is computed.
        outputBlobs: float32 arrays that are filled where their shapes fit.
        """
        names = outputName if outBlobNames is None else outBlobNames
        if names is None or isinstance(names, str):
            (answer,) = self._run([self._named(names) if names else self.last_layer])
            return answer if outputBlobs is None else net_facts.filled([answer], outputBlobs)
        given = list(names)
        if given and isinstance(given[0], np.ndarray):  # OpenCV's form with arrays first
            return net_facts.filled(self._run([self.last_layer]), given)
        wanted = [self._named(str(name)) for name in given] or [self.last_layer]
        return net_facts.filled(self._run(wanted), outputBlobs or ())

    def forwardAndRetrieve(self, outBlobNames: Sequence[str]) -> tuple[tuple[Floats, ...], ...]:
        """For each name a tuple of its only output."""
        return tuple((output,) for output in self.forward(list(outBlobNames)))

    def _run(self, wanted: Sequence[NamedLayer]) -> list[Floats]:
        with as_opencv_error():
            sized, x = self._sized(), self._ready_input()
            start = cv2.getTickCount()
            outputs = sized(x, wanted, self._nms)
        ticks = cv2.getTickCount() - start
        self._profile = net_facts.profile(ticks, len(self._layers), wanted)
        return outputs

    def _ready_input(self) -> Tensor:
        if self._input is None:
            raise OpenCvError("forward: no input yet; call setInput first")
        return self._input

    def _loaded(self) -> Network:
        if self.network is None:
            raise OpenCvError("the net is empty; read one with readNetFromDarknet")
        return self.network

    def _sized(self) -> SizedNetwork:
        """For the input's size, on the engine that backend and target mean."""
        network, x = self._loaded(), self._ready_input()
        if not self._has_weights:
            raise OpenCvError(f"{network.graph.path}: was read without weights; give both files")
        net = network.graph.net
        size = (x.shape[3], x.shape[2]) if x.dim() == 4 else (net.width, net.height)
        sized = self._sizes.pop(size, None) or self._on_engine(network.resized(*size))
        self._sizes[size] = sized
        if len(self._sizes) > MOST_SIZES:
            self._sizes.popitem(last=False)
        return sized

    def _on_engine(self, network: Network) -> SizedNetwork:
        """On the engine chosen; where that cannot run it, one warning and the usual one."""
        if self._config is None:
            self._config = engine_config(self._choice)
        try:
            return SizedNetwork(network, self._config)
        except DarknetError as failure:
            if self._config == EngineConfig():
                raise
            logger.warning("%s; running on torch, on the processor", failure)
            self._config = EngineConfig()
            return SizedNetwork(network, self._config)

    def _named(self, name: str) -> NamedLayer:
        self._loaded()
        layer = self._by_name.get(name)
        if layer is None:
            raise OpenCvError(f'no layer "{name}"{net_facts.hint(name, self._by_name)}')
        return layer

    @property
    def last_layer(self) -> NamedLayer:
        """What `forward` computes without a name."""
        self._loaded()
        return self._layers[-1]

    def setPreferableBackend(self, backendId: int) -> None:
        """CUDA: the CUDA device; inference engine: OpenVINO; the others: torch on the processor.

        What is not there is said once, at the next `forward`, which runs on the processor.
        """
        self._choose(self._choice._replace(backend=int(backendId)))

    def setPreferableTarget(self, targetId: int) -> None:
        """The CUDA targets: the CUDA device; those named FP16: half precision."""
        self._choose(self._choice._replace(target=int(targetId)))

    def _choose(self, choice: BackendChoice) -> None:
        if choice != self._choice:
            self._choice, self._config = choice, None
            self._sizes.clear()

    def enableFusion(self, fusion: bool) -> None:
        """Nothing: layers are joined where nobody can tell, and inner ones are there by name."""

    def enableWinograd(self, useWinograd: bool) -> None:
        """Nothing: torch chooses how it convolves."""

    def disable_region_nms(self) -> None:
        """Heads leave all boxes their scores from here on, as OpenCV's DetectionModel has it."""
        self._nms = dict.fromkeys(self._nms, 0.0)

    def getLayerNames(self) -> tuple[str, ...]:
        return tuple(layer.name for layer in self._layers)

    def getUnconnectedOutLayersNames(self) -> tuple[str, ...]:
        """Names of the layers that nobody reads: the heads."""
        return tuple(layer.name for layer in self._outputs)

    def getUnconnectedOutLayers(self) -> EitherShape:
        """Their numbers (N,) int32, from 1 up; an element `i` answers `i[0]` with itself."""
        return either_shape(np.array([layer.id for layer in self._outputs], np.int32))

    def getLayerId(self, layer: str) -> int:
        """A layer's number by its name, 0 for the input, -1 for a name that is not there."""
        found = self._by_name.get(layer)
        return found.id if found else 0 if layer == INPUT_NAME else -1

    def getLayer(self, layerId: Any) -> LayerView:
        """A layer by its number or its name."""
        number = self.getLayerId(layerId) if isinstance(layerId, str) else int(layerId)
        if not 0 <= number <= len(self._layers):
            raise OpenCvError(f"no layer {layerId!r}, expected 0 to {len(self._layers)} or a name")
        if number == 0:
            return LayerView(INPUT_NAME, "")
        layer = self._layers[number - 1]
        return LayerView(layer.name, layer.type, net_facts.blobs(self._loaded(), layer))

    def getParam(self, layer: Any, numParam: int = 0) -> Floats:
        """A copy of a layer's tensor."""
        blobs = self.getLayer(layer).blobs
        if not 0 <= numParam < len(blobs):
            raise OpenCvError(f"layer {layer!r} has {len(blobs)} tensors, asked for {numParam}")
        return blobs[numParam]

    def getLayerTypes(self) -> tuple[str, ...]:
        """The types there are, sorted."""
        types = {layer.type for layer in self._layers} | ({INPUT_TYPE} if self.network else set())
        return tuple(sorted(types))

    def getLayersCount(self, layerType: str) -> int:
        """How many layers are of a type."""
        types = [layer.type for layer in self._layers]
        return types.count(layerType) + (layerType == INPUT_TYPE)

    def getPerfProfile(self) -> tuple[int, NDArray[np.float64]]:
        """Ticks of the last `forward`, and by layer: all of them stand at the last one computed,
        into which the others count as fused. cv2.getTickFrequency() ticks are a second."""
        return self._profile

    def getFLOPS(self, netInputShapes: Sequence[int]) -> int:
        """Floating point operations for an input (N, C, H, W), as Darknet counts them."""
        with as_opencv_error():
            return net_facts.operations(self._loaded(), netInputShapes)

    def getMemoryConsumption(self, netInputShape: Sequence[int]) -> tuple[int, int]:
        """Bytes of the weights, and of all layers' outputs for an input (N, C, H, W)."""
        with as_opencv_error():
            return net_facts.memory(self._loaded(), netInputShape)

    def dump(self) -> str:
        """The layers as a graph in the language of graphviz."""
        return net_facts.dump(self._layers)


def _usual_suppression(network: Network) -> dict[int, float]:
    nodes = network.graph.nodes
    heads = {node.index: node.layer for node in nodes if isinstance(node.layer, Head)}
    return {index: thresholds_of(head).nms for index, head in heads.items()}
