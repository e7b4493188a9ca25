"""--compile: machine code gives the same numbers, is kept, and does without where it cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from support.golden_check import relative

from darknet_py.engines import cache, compiled, kernels
from darknet_py.engines.eager import RuleContext
from darknet_py.engines.engine import open_engine
from darknet_py.engines.table import EngineConfig
from darknet_py.layers.activations import ACTIVATIONS
from darknet_py.layers.base import Node
from darknet_py.network.network import Network


@pytest.fixture(scope="module", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One cache for all tests here, so that the operators are built once."""
    patch = pytest.MonkeyPatch()
    folder = tmp_path_factory.mktemp("kept")
    patch.setenv(cache.FOLDER_VARIABLE, str(folder))
    yield folder
    patch.undo()


def need_compiler() -> None:
    try:
        kernels.compiler()
    except kernels.CannotBuild as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize("outputs", [1, 4, 8, 9, 16, 24, 40, 255])
@pytest.mark.parametrize("pixels", [(1, 1, 1), (1, 5, 7), (3, 6, 4)])
def test_pointwise(outputs: int, pixels: tuple[int, int, int]) -> None:
    need_compiler()
    generator = torch.Generator().manual_seed(outputs)
    n, h, w = pixels
    x = torch.randn(n, 13, h, w, generator=generator).to(memory_format=torch.channels_last)
    kernel = torch.randn(outputs, 13, 1, 1, generator=generator)
    biases = torch.randn(outputs, generator=generator)
    packed = kernels.packed_pointwise(kernel, biases)
    bounded = [name for name, kind in ACTIVATIONS.items() if kind.bounds]
    assert bounded == ["linear", "relu", "relu6", "relie", "leaky", "revleaky"]
    for name in bounded:
        slope, top = kernels.bounds(name)
        y = kernels.operators().pointwise(x, *packed, outputs, slope, top)
        expected = ACTIVATIONS[name](F.conv2d(x, kernel, biases))
        torch.testing.assert_close(y, expected, rtol=1e-5, atol=1e-5)
        assert y.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("channels", [8, 16, 24])
def test_depthwise(size: int, stride: int, channels: int) -> None:
    need_compiler()
    generator = torch.Generator().manual_seed(size)
    for margin in {0, size // 2, size - 1}:
        x = torch.randn(2, channels, 11, 19, generator=generator)
        x = x.to(memory_format=torch.channels_last)
        kernel = torch.randn(channels, 1, size, size, generator=generator)
        biases = torch.randn(channels, generator=generator)
        packed = kernels.packed_depthwise(kernel)
        y = kernels.operators().depthwise(x, packed, biases, stride, margin, 0.1, kernels.UNBOUNDED)
        full = F.conv2d(x, kernel, biases, stride, margin, groups=channels)
        torch.testing.assert_close(y, F.leaky_relu(full, 0.1), rtol=1e-5, atol=1e-5)


CFG = """[net]
width=32
height=32
channels=3
[convolutional]
batch_normalize=1
filters=16
size=3
stride=2
pad=1
activation=leaky
[convolutional]
batch_normalize=1
filters=16
groups=16
size=3
pad=1
activation=relu6
[convolutional]
filters=16
size=1
activation=linear
[shortcut]
from=-3
activation=linear
[maxpool]
size=2
stride=2
[convolutional]
filters=14
size=1
activation=linear
[yolo]
mask=0,1
anchors=2,3, 4,5
num=2
classes=2
scale_x_y=1.1
"""


def network(tmp_path: Path) -> Network:
    path = tmp_path / "net.cfg"
    path.write_text(CFG)
    net = Network.from_cfg(path, seed=0)
    for name, tensor in net.state_dict().items():
        if name.endswith("variance"):
            tensor.fill_(0.7)
    return net


@pytest.mark.usefixtures("as_command_line")
def test_the_compiled_network_gives_the_same_and_is_kept(
    tmp_path: Path,
    cache_folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    need_compiler()
    net = network(tmp_path)
    x = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        (expected,) = net(x)
    engine = open_engine(net, EngineConfig(compiled=True))
    (found,) = engine(x)
    assert engine.compiled and not engine.parallel
    assert relative(found.numpy(), expected.numpy()) <= 1e-5
    assert "compiled in" in capsys.readouterr().err
    # A smaller batch is padded to the one that is there; nothing is compiled again.
    monkeypatch.setattr(compiled, "_compile", None)
    assert relative(engine(x[:1])[0].numpy(), expected[:1].numpy()) <= 1e-5
    (again,) = open_engine(net, EngineConfig(compiled=True))(x)
    assert torch.equal(again, found)
    assert capsys.readouterr().err == ""
    assert len(list(cache_folder.glob("*.pt2"))) == 1


@pytest.mark.usefixtures("as_command_line")
def test_without_a_compiler_it_says_so_and_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise kernels.CannotBuild("no C++ compiler found; install g++ or clang")

    monkeypatch.setattr(compiled, "operators", missing)
    net = network(tmp_path)
    x = torch.rand(1, 3, 32, 32)
    engine = open_engine(net, EngineConfig(compiled=True))
    with torch.no_grad():
        assert relative(engine(x)[0].numpy(), net(x)[0].numpy()) <= 1e-5
    assert not engine.compiled
    message = "--compile: no C++ compiler found; install g++ or clang; running without"
    assert capsys.readouterr().err == f"darknet-py: warning: {message}\n"


def test_no_compiler_is_found_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(kernels.CannotBuild, match="install g"):
        kernels.compiler()


def test_what_a_compiler_refuses_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_compiler()
    (tmp_path / "bad.cpp").write_text("int main( {")
    monkeypatch.setattr(kernels, "SOURCE", tmp_path / "bad.cpp")
    with pytest.raises(kernels.CannotBuild, match="error"):
        kernels._build(tmp_path / "bad.so")


def test_which_layers_become_operators(tmp_path: Path) -> None:
    """The depthwise layer and both 1x1 layers, not the first: its 3x3 mixes channels."""
    need_compiler()
    net = network(tmp_path).for_inference()
    layers = [node for node in net.graph.nodes if node.layer.kind == "convolutional"]
    taken = [node.index for node in layers if kernels.small_convolution(position(net, node))]
    assert taken == [1, 2, 5]


def position(net: Network, node: Node) -> RuleContext:
    context = net.graph.context(node.index)
    return RuleContext(node, context, net.used(node.index), 1, torch.device("cpu"))
