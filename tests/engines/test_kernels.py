"""Small convolutions of our own against torch, and the compiler they need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from support.phone_network import need_compiler, network

from darknet_py.engines import cache, kernels
from darknet_py.engines.eager import RuleContext
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
    assert {"linear", "relu", "relu6", "relie", "leaky", "revleaky"} <= set(bounded)
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
