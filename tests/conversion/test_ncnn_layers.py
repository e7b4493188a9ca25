"""Each section kind written for ncnn gives there what it gives here."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.layer_check import net_section, read, sections
from support.ncnn_run import largest_difference

from darknet_py.conversion.ncnn_file import to_ncnn
from darknet_py.conversion.ncnn_site import ACTIVATION_LAYERS
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network

CONV = "conv filters=4 size=3 pad=1 activation=leaky"
LAYERS = {
    "grouped route": f"{CONV};conv filters=8;route layers=-1,-2 groups=2 group_id=1",
    "pooling that reaches further right": "max size=2 stride=1",
    "pooling of an uneven image": "max size=3 stride=2 padding=1",
    "unlike strides": "conv filters=4 size=3 stride_x=2 stride_y=1 pad=1",
    "dilation without its size": "conv filters=4 size=3 dilation=2 padding=1",
    "depthwise": f"{CONV};conv filters=4 groups=4 size=3 pad=1 activation=relu6",
    "groups": f"{CONV};conv filters=6 groups=2 size=3 pad=1 activation=swish",
    "shared weights": f"{CONV};{CONV};conv filters=4 size=3 pad=1 share_index=-1",
    "more channels": "conv filters=6;conv filters=4;shortcut from=-2",
    "fewer channels": "conv filters=4;conv filters=8;shortcut from=-2",
    "every second pixel": "conv filters=4;conv filters=4 stride=2;shortcut from=-2 activation=relu",
    "squeeze and excitation": f"{CONV};avg;conv filters=4;scale_channels from=-3",
    "a factor for each pixel": f"{CONV};conv filters=1;scale_channels from=-2 scale_wh=1",
    "attention": f"{CONV};conv filters=4;sam from=-2 activation=tanh",
    "upsample": f"{CONV};upsample stride=2 scale=.5;upsample stride=-2",
    "reorg of YOLOv2": f"{CONV};reorg stride=2",
    "reorg3d": f"{CONV};reorg3d stride=2",
    "mean of a window": "local_avgpool size=3 stride=2",
    "batchnorm": f"{CONV};batchnorm;dropout;empty",
    "the middle": "crop crop_width=6 crop_height=4",
    "matrix": f"{CONV};connected output=5 activation=relu;connected output=4;softmax temperature=2",
    "spatial softmax": f"{CONV};softmax spatial=1",
    "logistic": f"{CONV};logistic",
    "numbers of its own": "implicit filters=4;route layers=-1",
}


def network(layers: str) -> Network:
    net = Network(read(net_section(3, 10, 8) + sections(layers)), seed=1)
    for index in range(len(net.layers)):
        for name, tensor in net.own(index).items():
            if name in ("biases", "rolling_mean"):
                tensor.data.uniform_(-0.5, 0.5)
            if name == "rolling_variance":
                tensor.data.uniform_(0.5, 2)
    return net


@pytest.mark.parametrize("name", LAYERS)
def test_kinds(name: str, tmp_path: Path) -> None:
    pytest.importorskip("ncnn", reason="needs pip install ncnn")
    assert largest_difference(network(LAYERS[name]), "heads", tmp_path) < 1e-5


@pytest.mark.parametrize("name", ["linear", *ACTIVATION_LAYERS])
def test_activations(name: str, tmp_path: Path) -> None:
    pytest.importorskip("ncnn", reason="needs pip install ncnn")
    layers = f"conv filters=4 activation={name};conv filters=4;activation activation={name}"
    assert largest_difference(network(layers), "heads", tmp_path) < 1e-4


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            "local size=3",
            "net.cfg:6: [local]: this kind is not written for ncnn; "
            "--format onnx, --engine torch have it",
        ),
        ("lstm output=4", "[lstm]: this kind is not"),
        ("conv activation=stair", "[conv] activation: activation=stair is not written"),
        ("conv xnor=1 size=3 pad=1", "[conv] xnor: xnor=1 is not"),
        ("conv filters=3;shortcut from=-1 weights_type=per_layer", "weights_type=per_layer is not"),
        (
            "conv stride=2;upsample;upsample;shortcut from=-3",
            "adding 4 x 5 x 1 to 16 x 20 x 1 is not",
        ),
        ("conv;max stride=2 size=2;route layers=-1,-2", "joining layers of unlike sizes"),
        ("max maxpool_depth=1", "maxpool_depth=1 is not"),
        ("max size=3 maxpool_zero_nonmax=1", "maxpool_zero_nonmax=1 is not"),
        ("softmax groups=2", "groups=2 is not"),
        ("conv filters=16;reorg3d stride=2 reverse=1", "reverse=1 is not"),
    ],
)
def test_refusals_name_the_layer_and_the_option(layers: str, message: str) -> None:
    with pytest.raises(DarknetError) as caught:
        to_ncnn(network(layers))
    assert message in str(caught.value)
