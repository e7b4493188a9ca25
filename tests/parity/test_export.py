"""The well-known networks at full size: their ONNX files in onnxruntime and OpenCV."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from support.golden_check import SHARED

from darknet_py.conversion.export_module import ExportModule
from darknet_py.conversion.export_target import ExportTarget
from darknet_py.conversion.onnx_file import to_onnx
from darknet_py.export.verify import input_images, verify
from darknet_py.network.network import Network, load_network

pytestmark = pytest.mark.parity
pytest.importorskip("onnx", reason="needs pip install onnx")
pytest.importorskip("onnxruntime", reason="needs pip install onnxruntime onnx")

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("yolov2", "yolov3", "yolov3-tiny", "yolov4", "yolov4-tiny", "yolov7-tiny")
RUNTIMES = ("onnxruntime", "opencv")
SIZE = 416
GAIN = 3**0.5
"""Makes Darknet's random start one that keeps signals as large as they are (He's)."""
BOXES = 300


def network(name: str, x: torch.Tensor) -> Network:
    """Random weights with heads as lively as trained ones."""
    net = Network.from_cfg(ROOT / "cfg" / f"{name}.cfg", SIZE, SIZE, seed=3)
    for index in range(len(net.graph.nodes)):
        tensors = net.own(index)
        for key, value in (("rolling_variance", 1.0), ("scales", GAIN)):
            if key in tensors:
                tensors[key].data.fill_(value)
    layers = net.trace(x)
    for head in net.graph.heads:
        tensors = net.own(head - 1)
        tensors["weights"].data /= layers[head - 1].std()
    return net


def threshold(net: Network, x: torch.Tensor) -> float:
    """What only BOXES scores are above."""
    scores = ExportModule(net, ExportTarget(form="boxes"))(x)[1]
    return float(scores.flatten().topk(BOXES).values[-1])


def words(net: Network, path: Path, images: list[torch.Tensor], target: ExportTarget) -> list[str]:
    """The lines of verify; all must agree and say that there were boxes."""
    path.write_bytes(to_onnx(net))
    results = list(verify(net, target, path, RUNTIMES, images))
    assert [one.agrees for one in results] == [True] * len(RUNTIMES), results
    return [one.text for one in results]


@pytest.mark.parametrize("name", NAMES)
def test_full_size(name: str, tmp_path: Path) -> None:
    any_weights = Network.from_cfg(ROOT / "cfg" / f"{name}.cfg", SIZE, SIZE, seed=0)
    images = input_images(any_weights, [str(ROOT / "data" / "scene.jpg")])
    net = network(name, images[0][None])
    target = ExportTarget(thresh=threshold(net, images[0][None]))
    lines = words(net, tmp_path / "net.onnx", images, target)
    assert all(" 0 boxes" not in line and "boxes, the same" in line for line in lines), lines


@pytest.mark.parametrize("name", ["yolo-fastest-1.1", "MobileNetV2-YOLOv3-Nano-coco"])
def test_trained(name: str, shared: Path, tmp_path: Path) -> None:
    models = SHARED / "models"
    net, _ = load_network(models / f"{name}.cfg", models / f"{name}.weights")
    images = input_images(net, sorted(map(str, (SHARED / "coco-val128").glob("*.jpg")))[:32])
    lines = words(net, tmp_path / "net.onnx", images, ExportTarget())
    assert all(" 0 boxes" not in line for line in lines), lines
