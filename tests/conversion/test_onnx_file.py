"""ONNX files in onnxruntime and OpenCV give what the network gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from support.golden_check import GOLDEN, cases, loaded, relative

from darknet_py.conversion.export_module import ExportModule
from darknet_py.conversion.export_target import FORMS, ExportTarget
from darknet_py.conversion.onnx_file import to_onnx
from darknet_py.errors import DarknetError
from darknet_py.export.box_difference import box_difference
from darknet_py.layers.activations import ACTIVATIONS
from darknet_py.network.network import Network

onnx = pytest.importorskip("onnx", reason="needs pip install onnx")
ort = pytest.importorskip("onnxruntime", reason="needs pip install onnxruntime onnx")

TOLERANCE = 2e-5
THRESH = 0.45
HEADS = ["yolov3", "yolov4_ciou", "yolov4_csp_newcoords", "gaussian_yolo", "region", "detection"]
NOT_IN_OPENCV = {"crnn", "conv_lstm"}
"""OpenCV 5.0 stops at a convolution whose input it has computed beforehand: the first state."""


def recorded(case: str) -> tuple[Network, torch.Tensor]:
    name, fork = case.split("/")
    folder = GOLDEN / name
    x = torch.from_numpy(np.load(folder / f"forward-{fork}.npz")["input"])
    net = loaded(folder, fork)
    return net, x.reshape(-1, *net.graph.net.input)


def in_onnxruntime(data: bytes, x: torch.Tensor) -> list[np.ndarray]:
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return session.run(None, {"images": x.numpy()})


def in_opencv(data: bytes, x: torch.Tensor) -> list[np.ndarray]:
    net = cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8))
    net.setInput(x.numpy())
    names = [output.name for output in onnx.load_from_string(data).graph.output]
    return [np.array(y) for y in net.forward(names)]


def agree(form: str, actual: list[Any], expected: list[torch.Tensor]) -> bool:
    """Equal values; suppressed boxes may come in another order where scores are all but equal."""
    if form != "nms":
        return worst(actual, expected) < 1e-4
    differs = box_difference(expected[0], torch.from_numpy(actual[0]), THRESH, 1e-4)
    return differs.boxes > 3 and not differs.unmatched


def worst(actual: list[Any], expected: list[torch.Tensor]) -> float:
    assert [tuple(a.shape) for a in actual] == [tuple(w.shape) for w in expected]
    errors = (
        relative(np.asarray(a), w.detach().numpy()) for a, w in zip(actual, expected, strict=True)
    )
    return max(errors)


@pytest.mark.parametrize("case", cases(GOLDEN))
def test_heads_of_every_recorded_net(case: str) -> None:
    net, x = recorded(case)
    expected = net(x)
    data = to_onnx(net, ExportTarget(batch=len(x)))
    assert worst(in_onnxruntime(data, x), expected) < TOLERANCE
    if case.split("/")[0] not in NOT_IN_OPENCV:
        assert worst(in_opencv(data, x), expected) < TOLERANCE


@pytest.mark.parametrize("form", ["boxes", "nms"])
@pytest.mark.parametrize("name", HEADS)
def test_boxes_of_every_head(name: str, form: str) -> None:
    net, x = recorded(f"{name}/alexeyab")
    target = ExportTarget(form=form, batch=len(x), thresh=THRESH)
    data = to_onnx(net, target)
    expected = list(ExportModule(net, target)(x))
    assert agree(form, in_onnxruntime(data, x), expected)
    if form == "boxes":
        assert worst(in_opencv(data, x), expected) < 1e-4


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations(activation: str, tmp_path: Path) -> None:
    text = f"[conv]\nfilters=6\nsize=3\npad=1\nactivation={activation}\n"
    net = tiny(tmp_path, text + "[activation]\nactivation=linear\n")
    x = torch.randn(2, *net.graph.net.input) * 3
    data = to_onnx(net, ExportTarget(batch=2))
    expected = net(x)
    assert worst(in_onnxruntime(data, x), expected) < TOLERANCE
    assert worst(in_opencv(data, x), expected) < TOLERANCE


def tiny(tmp_path: Path, sections: str) -> Network:
    path = tmp_path / "tiny.cfg"
    path.write_text(f"[net]\nwidth=12\nheight=8\nchannels=3\n{sections}")
    return Network.from_cfg(path, seed=1)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "name",
    [
        "yolov3",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("gaussian_yolo", "region")),
    ],
)
def test_other_batch_and_size(name: str, form: str) -> None:
    net, _ = recorded(f"{name}/alexeyab")
    target = ExportTarget(form=form, dynamic_batch=True, dynamic_size=True, thresh=THRESH)
    data = to_onnx(net, target)
    large = net.resized(2 * net.graph.net.width, 3 * net.graph.net.height)
    for network, count in ((large, 3), (net, 1)):
        x = torch.rand(count, *network.graph.net.input)
        expected = list(ExportModule(network, ExportTarget(form=form, thresh=THRESH))(x))
        assert agree(form, in_onnxruntime(data, x), expected)


@pytest.mark.parametrize(
    ("name", "target", "message"),
    [
        (
            "classifier",
            ExportTarget(form="boxes"),
            "[softmax]: is the network's output and holds no",
        ),
        (
            "detection",
            ExportTarget(dynamic_size=True),
            "[connected]: its matrix fits one input size",
        ),
        ("topology_pj", ExportTarget(dynamic_size=True), "[shortcut]: it joins unlike sizes"),
        (
            "crnn",
            ExportTarget(),
            "net.cfg: batch=1 with time_steps=3: its rows come in multiples of 3",
        ),
        (
            "yolov3",
            ExportTarget(form="corners"),
            "unknown form 'corners', known are heads, boxes, nms, ",
        ),
    ],
)
def test_refusals_name_the_layer_and_the_reason(
    name: str, target: ExportTarget, message: str
) -> None:
    net = Network.from_cfg(GOLDEN / name / "net.cfg", seed=1)
    with pytest.raises(DarknetError) as caught:
        to_onnx(net, target)
    assert message in str(caught.value)
    assert "unknown" in message or "net.cfg:" in str(caught.value)


def test_a_size_the_strides_do_not_divide_is_refused() -> None:
    net = Network.from_cfg(GOLDEN / "pooling" / "net.cfg", seed=1)
    with pytest.raises(DarknetError, match="does not divide the input's"):
        to_onnx(net, ExportTarget(dynamic_size=True))


def test_more_weights_than_a_file_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    net = loaded(GOLDEN / "yolov3", "alexeyab")
    size = sum(4 * tensor.numel() for tensor in ExportModule(net, ExportTarget()).parameters())
    monkeypatch.setattr("darknet_py.conversion.onnx_file.LIMIT", size - 1)
    with pytest.raises(DarknetError, match="net.cfg: more than 2 GiB of weights, ONNX's limit"):
        to_onnx(net)
    monkeypatch.setattr("darknet_py.conversion.onnx_file.LIMIT", size)
    assert len(to_onnx(net)) > size


def test_names_of_sizes_that_are_open() -> None:
    net, _ = recorded("yolov3/alexeyab")
    for form, expected in (("boxes", ["batch", "rows"]), ("nms", ["found"])):
        target = ExportTarget(form=form, dynamic_batch=True, dynamic_size=True, thresh=THRESH)
        first = onnx.load_from_string(to_onnx(net, target)).graph.output[0].type.tensor_type.shape
        sizes = [size.dim_param or size.dim_value for size in first.dim]
        assert sizes[: len(expected)] == expected
