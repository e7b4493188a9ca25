"""Which convolutions are rounded, and what the rounded file computes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from darknet_py.conversion.export_target import ExportTarget
from darknet_py.conversion.onnx_file import to_onnx
from darknet_py.engines.quantized_onnx import quantized, rounded_values
from darknet_py.network.network import Network

onnx: Any = pytest.importorskip("onnx")
runtime: Any = pytest.importorskip("onnxruntime")

CFG = """[net]
width=16
height=16
channels=3
[convolutional]
filters=8
size=3
pad=1
activation=leaky
[convolutional]
filters=8
groups=8
size=3
pad=1
activation=leaky
[convolutional]
filters=8
size=1
activation=leaky
[convolutional]
filters=16
size=1
activation=linear
[yolo]
classes=3
num=2
mask=0,1
anchors=10,10,20,16
"""


@pytest.fixture
def net(tmp_path: Path) -> Network:
    (tmp_path / "n.cfg").write_text(CFG)
    return Network.from_cfg(tmp_path / "n.cfg", seed=1).for_inference()


def counted(data: bytes) -> dict[str, int]:
    kinds = [node.op_type for node in onnx.load_from_string(data).graph.node]
    return {kind: kinds.count(kind) for kind in kinds}


def ranges(data: bytes) -> tuple[tuple[str, float, float], ...]:
    return tuple((name, -1.5, 1.5) for name in rounded_values(onnx.load_from_string(data)))


def run(data: bytes, x: torch.Tensor) -> np.ndarray:
    session = runtime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return session.run(None, {"images": x.numpy()})[0]


def test_depthwise_and_last_convolutions_stay(net: Network) -> None:
    data = to_onnx(net)
    names = rounded_values(onnx.load_from_string(data))
    assert names[0] == "images" and len(names) == 4  # in and out of the first and the third
    outs = quantized(data, ranges(data), "onnxruntime"), quantized(data, ranges(data), "openvino")
    kept = counted(data)
    for made, count in zip(map(counted, outs), (4, 2), strict=True):
        assert made["QuantizeLinear"] == count and made["Conv"] == kept["Conv"] == 4


def test_the_values_of_other_batches_have_the_same_names(net: Network) -> None:
    one, four = to_onnx(net), to_onnx(net, ExportTarget(batch=4))
    assert [name for name, _, _ in ranges(one)] == [name for name, _, _ in ranges(four)]


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_it_computes_nearly_the_same(net: Network, engine: str) -> None:
    x, data = torch.rand(1, *net.graph.net.input), to_onnx(net)
    expected, actual = run(data, x), run(quantized(data, ranges(data), engine), x)
    error = np.abs(actual - expected).max()
    assert 1e-5 < error < 0.05 * np.abs(expected).max()


def test_equal_biases_are_each_rounded(net: Network, caplog: pytest.LogCaptureFixture) -> None:
    """The exporter writes equal tensors once, which the quantizer would warn of and leave."""
    for index in (0, 2):
        net.own(index)["biases"].fill_(0.25)
    quantized(to_onnx(net), ranges(to_onnx(net)), "onnxruntime")
    assert caplog.records == []
