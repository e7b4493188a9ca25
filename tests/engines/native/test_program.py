"""Our own C++ computes what torch computes: every window, stride, grouping, join and edge.

All recorded networks run through it in tests/engines/test_torch_engine.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from support.golden_check import relative
from support.phone_network import need_compiler

from darknet_py.engines.native.operations import ProgramOptions
from darknet_py.engines.native.program import NativeProgram
from darknet_py.network.network import Network

EXACT, WINOGRAD = 2e-6, 1e-5
HEAD = "[net]\nwidth={width}\nheight={height}\nchannels={channels}\n"
JOINS = """[convolutional]
filters=24
size=3
pad=1
activation=mish
[convolutional]
filters=8
size=1
activation=swish
[route]
layers=-1,-2
[convolutional]
filters=20
size=3
stride=2
pad=1
activation=logistic
[route]
layers=-1
groups=2
group_id=1
[upsample]
stride=2
scale=.5
[route]
layers=-1,-4,0,-1
[dropout]
[maxpool]
size=3
stride=1
[convolutional]
filters=76
size=3
pad=1
activation=linear
[shortcut]
from=-2
activation=leaky
[convolutional]
filters=76
size=1
activation=linear
[shortcut]
from=-5
"""
CONVOLUTIONS = {
    "first layer": {"channels": 3, "filters": 8, "size": 3, "stride": 2},
    "5x5 of few channels, no padding": {"channels": 7, "filters": 9, "size": 5, "pad": 0},
    "strides that differ": {"channels": 20, "filters": 40, "size": 3, "stride_x": 3, "stride": 1},
    "dilated": {"channels": 16, "filters": 33, "size": 3, "dilation": 2},
    "even window": {"channels": 70, "filters": 17, "size": 2, "stride": 2, "pad": 0, "padding": 1},
    "groups": {"channels": 24, "filters": 36, "size": 3, "groups": 4},
    "1x1": {"channels": 130, "filters": 255, "size": 1},
    "1x1 at a stride": {"channels": 130, "filters": 40, "size": 1, "stride": 2},
    "depthwise": {"channels": 8, "filters": 8, "size": 3, "groups": 8},
    "depthwise 5x5 at a stride": {
        "channels": 40,
        "filters": 40,
        "size": 5,
        "groups": 40,
        "stride": 2,
    },
    "depthwise 7x7": {"channels": 19, "filters": 19, "size": 7, "groups": 19},
    "Winograd": {"channels": 33, "filters": 70, "size": 3},
    "Winograd, no padding": {"channels": 16, "filters": 16, "size": 3, "pad": 0},
    "Winograd, wide padding": {"channels": 40, "filters": 130, "size": 3, "pad": 0, "padding": 3},
}


@pytest.fixture(autouse=True, scope="module")
def _compiler() -> None:
    need_compiler()


def network(
    folder: Path, sections: str, channels: int = 3, side: tuple[int, int] = (22, 30)
) -> Network:
    width, height = side
    head = HEAD.format(width=width, height=height, channels=channels)
    (folder / "net.cfg").write_text(head + sections)
    net = Network.from_cfg(folder / "net.cfg", seed=0)
    for name, tensor in net.state_dict().items():
        if name.endswith("biases"):
            tensor.uniform_(-1, 1)
    return net.for_inference()


def convolution(folder: Path, numbers: dict[str, int]) -> Network:
    options = {"pad": 1, "activation": "leaky"} | numbers
    channels = numbers["channels"]
    lines = [f"{key}={value}" for key, value in options.items() if key != "channels"]
    return network(folder, "\n".join(["[convolutional]", *lines, ""]), channels)


def expected(net: Network, x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        (y,) = net.double()(x.double())
    net.float()
    return y


def found(net: Network, x: torch.Tensor, **options: object) -> torch.Tensor:
    (y,) = NativeProgram(net, len(x), ProgramOptions(**options))(x)  # type: ignore[arg-type]
    return y


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions(tmp_path: Path, name: str) -> None:
    net = convolution(tmp_path, CONVOLUTIONS[name])
    x = torch.randn(2, *net.graph.net.input)
    y = expected(net, x)
    assert relative(found(net, x, exact=True).numpy(), y.numpy()) <= EXACT
    assert relative(found(net, x).numpy(), y.numpy()) <= WINOGRAD


def test_winograd_is_taken_and_exact_leaves_it(tmp_path: Path) -> None:
    """They differ in the last digits, which says that both were there."""
    net = convolution(tmp_path, CONVOLUTIONS["Winograd"])
    x = torch.randn(1, *net.graph.net.input)
    assert not torch.equal(found(net, x), found(net, x, exact=True))


@pytest.mark.parametrize("side", [(22, 30), (6, 40), (4, 4)])
def test_joins_sums_and_parts_of_layers(tmp_path: Path, side: tuple[int, int]) -> None:
    net = network(tmp_path, JOINS, side=side)
    x = torch.randn(2, *net.graph.net.input)
    program = NativeProgram(net, 2, ProgramOptions())
    assert program.torch_layers == []
    (y,) = program(x)
    assert relative(y.numpy(), expected(net, x).numpy()) <= WINOGRAD


@pytest.mark.parametrize("exact", [False, True])
def test_every_layer_is_right(tmp_path: Path, exact: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a program all of whose outputs are kept."""
    net = network(tmp_path, JOINS)
    x = torch.randn(1, *net.graph.net.input)
    every = list(range(len(net.graph.nodes)))
    monkeypatch.setattr(type(net.graph), "heads", property(lambda graph: every))
    outputs = NativeProgram(net, 1, ProgramOptions(exact=exact))(x)
    with torch.no_grad():
        layers = net.trace(x)
    for ours, theirs in zip(outputs, layers, strict=True):
        assert relative(ours.numpy(), theirs.numpy()) <= WINOGRAD


def test_the_same_bits_for_any_batch_and_any_number_of_threads(tmp_path: Path) -> None:
    """An image's answer depends on nothing but the image."""
    net = network(tmp_path, JOINS, side=(40, 36))
    x = torch.randn(5, *net.graph.net.input)
    together = found(net, x, threads=1)
    assert torch.equal(found(net, x, threads=3), together)
    alone = [found(net, image[None], threads=2) for image in x]
    assert torch.equal(torch.cat(alone), together)


def test_an_answer_is_not_written_over_by_the_next(tmp_path: Path) -> None:
    net = network(tmp_path, JOINS + "[empty]\n")
    program = NativeProgram(net, 1, ProgramOptions())
    x = torch.randn(1, *net.graph.net.input)
    (first,) = program(x)
    kept = first.clone()
    program(-x)
    assert torch.equal(first, kept)


@pytest.mark.parametrize(
    "activation", ["linear", "leaky", "relu", "relu6", "logistic", "swish", "mish"]
)
def test_activations_over_their_whole_range(tmp_path: Path, activation: str) -> None:
    section = f"[convolutional]\nfilters=1\nsize=1\nactivation={activation}\n"
    net = network(tmp_path, section, channels=1, side=(100, 100))
    kernel, biases = net.used(0)["weights"], net.used(0)["biases"]
    with torch.no_grad():
        kernel.fill_(1)
        biases.zero_()
    near, far = torch.linspace(-30, 30, 9000), torch.linspace(-3e4, 3e4, 1000)
    x = torch.cat([near, far]).view(1, 1, 100, 100)
    y, ours = expected(net, x), found(net, x)
    assert (ours - y).abs().le(2e-6 * y.abs().clamp(min=1e-3)).all()


def test_what_is_not_a_number_stays_so(tmp_path: Path) -> None:
    """One pixel that is none: those it reaches are none, others are what they were."""
    for activation in ("leaky", "relu6", "mish"):
        section = f"[convolutional]\nfilters=20\nsize=1\nactivation={activation}\n"
        net = network(tmp_path, section, channels=16)
        x = torch.randn(1, *net.graph.net.input)
        x[0, 3, 5, 7] = torch.nan
        y = found(net, x)
        assert y[0, :, 5, 7].isnan().all()
        assert y.isnan().sum() == 20


def test_layers_that_torch_computes_in_between(tmp_path: Path) -> None:
    maxima = "[maxpool]\nsize=3\nstride=1\nmaxpool_zero_nonmax=1\n"
    gelu = "[convolutional]\nfilters=4\nsize=1\nactivation=gelu\n"
    sections = f"{JOINS}[reorg3d]\nstride=2\n{gelu}{maxima}"
    net = network(tmp_path, sections, side=(16, 24))
    x = torch.randn(1, *net.graph.net.input)
    program = NativeProgram(net, 1, ProgramOptions())
    assert [net.graph.nodes[i].layer.kind for i in program.torch_layers] == [
        "reorg3d",
        "convolutional",
        "maxpool",
    ]
    assert relative(program(x)[0].numpy(), expected(net, x).numpy()) <= WINOGRAD
