"""A network's tensors as the checkpoints that PyTorch programs load.

    darknet-cfg   module_list.12.Conv2d.weight: ultralytics' archived yolov3, PyTorch_YOLOv4
    yolov7        model.12.conv.weight: WongKinYiu's yolov7, its model files in cfg/deploy
    network       layers.12.weights: darknet_py.Network

Each is loaded by `model.load_state_dict(torch.load(FILE)["model"])`, the model built by that
program from its own file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor

from darknet_py.checkpoints.cfg_values import described
from darknet_py.checkpoints.conv_tensors import DARKNET, NORM, running_variance
from darknet_py.checkpoints.keepsake import KEY, Keepsake
from darknet_py.checkpoints.model_names import ConvPlace, anchors_of, model_places
from darknet_py.checkpoints.module_list import EPSILON as CFG_EPSILON
from darknet_py.checkpoints.module_list import ROOT
from darknet_py.errors import DarknetError, WeightsError
from darknet_py.files import replacing
from darknet_py.layers.convolution import Convolutional
from darknet_py.network.graph import Graph
from darknet_py.network.network import Network

Tensors = dict[str, Tensor]
EPSILON = 1e-3
"""Of yolov7's batch normalisation."""


def write_checkpoint(network: Network, path: Path, form: str | None) -> str:
    """Write the file; gives the form it has. form: None for the one that fits the cfg.

    Raises DarknetError for a network that the form cannot hold, OutputError.
    """
    chosen = form or usual_form(network.graph)
    tensors = FORMS[chosen](network)
    variances = {
        node.index: network.own(node.index)[DARKNET[3]].detach().clone()
        for node in network.graph.nodes
        if chosen != "network" and DARKNET[3] in network.own(node.index)
    }
    entry = Keepsake(network.header, variances).as_entry()
    content = {"epoch": -1, "model": tensors, "ema": None, "optimizer": None, KEY: entry}
    content |= {"best_fitness": None, "training_results": None}
    with replacing(path) as file:
        torch.save(content, file)
    return chosen


def usual_form(graph: Graph) -> str:
    """That of the programs which published the network, as far as its cfg shows."""
    try:
        model_places(graph)
    except DarknetError:
        kinds = (type(n.layer) for n in graph.nodes if graph.stored(n.index))
        return "darknet-cfg" if set(kinds) == {Convolutional} else "network"
    return "yolov7"


def _network(network: Network) -> Tensors:
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}


def _darknet_cfg(network: Network) -> Tensors:
    made: Tensors = {}
    for node in network.graph.nodes:
        if not network.graph.stored(node.index):
            continue
        if not isinstance(node.layer, Convolutional):
            message = f"{described(node)} has tensors that those programs have not"
            raise WeightsError(f"{network.graph.path}: {message}; use --form network")
        own = _own(network, node.index)
        prefix = f"{ROOT}.{node.index}"
        made[f"{prefix}.Conv2d.weight"] = own["weights"]
        if node.layer.normalized:
            made |= dict(_norm(f"{prefix}.BatchNorm2d", own, CFG_EPSILON))
        else:
            made[f"{prefix}.Conv2d.bias"] = own["biases"]
    return made


def _yolov7(network: Network) -> Tensors:
    made: Tensors = {}
    for place in model_places(network.graph):
        own = _own(network, place.index)
        own["weights"] = place.in_model_order(own["weights"])
        made |= dict(PLACED[place.kind](place, own))
    return made | anchors_of(network.graph)


def _conv(place: ConvPlace, own: Tensors) -> Iterator[tuple[str, Tensor]]:
    yield f"{place.path}.conv.weight", own["weights"]
    yield from _norm(f"{place.path}.bn", own, EPSILON)


def _rep_conv(place: ConvPlace, own: Tensors) -> Iterator[tuple[str, Tensor]]:
    """The 3x3 alone; the branches beside it give nothing."""
    kernel = own["weights"]
    outputs, inputs = kernel.shape[:2]
    yield f"{place.path}.rbr_dense.0.weight", kernel
    yield from _norm(f"{place.path}.rbr_dense.1", own, EPSILON)
    yield f"{place.path}.rbr_1x1.0.weight", torch.zeros(outputs, inputs, 1, 1)
    yield from _nothing(f"{place.path}.rbr_1x1.1", outputs)
    if inputs == outputs:
        yield from _nothing(f"{place.path}.rbr_identity", outputs)


def _nothing(path: str, channels: int) -> Iterator[tuple[str, Tensor]]:
    for name in NORM:
        value = 1.0 if name == "running_var" else 0.0
        yield f"{path}.{name}", torch.full((channels,), value)
    yield f"{path}.num_batches_tracked", torch.tensor(0)


def _head(place: ConvPlace, own: Tensors) -> Iterator[tuple[str, Tensor]]:
    yield f"{place.path}.weight", own["weights"]
    yield f"{place.path}.bias", own["biases"]


PLACED: Mapping[str, Callable[[ConvPlace, Tensors], Iterator[tuple[str, Tensor]]]] = {
    "Conv": _conv,
    "RepConv": _rep_conv,
    "Detect": _head,
}


def _norm(path: str, own: Tensors, epsilon: float) -> Iterator[tuple[str, Tensor]]:
    for theirs, ours in zip(NORM, DARKNET, strict=True):
        yield f"{path}.{theirs}", own[ours]
    yield f"{path}.running_var", running_variance(own[DARKNET[3]], epsilon)
    yield f"{path}.num_batches_tracked", torch.tensor(0)


def _own(network: Network, index: int) -> Tensors:
    return {name: tensor.detach().clone() for name, tensor in network.own(index).items()}


FORMS: Mapping[str, Callable[[Network], Tensors]] = {
    "yolov7": _yolov7,
    "darknet-cfg": _darknet_cfg,
    "network": _network,
}
"""To add a form, add a row, and its name in options/converting.py."""


LOADED_BY = {
    "yolov7": "WongKinYiu's yolov7, Model(cfg/deploy/...)",
    "darknet-cfg": "programs that build the network from the cfg: ultralytics' archived yolov3, "
    "PyTorch_YOLOv4",
    "network": "darknet_py.Network",
}
"""Form -> what loads it."""
