"""Boxes in the layouts of other programs, read as they read them, are those of our detector."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from support.golden_check import GOLDEN, loaded
from support.plain_yolo_reader import read_deepstream, read_ultralytics

import darknet_py
from darknet_py.conversion.box_forms import ARRANGED
from darknet_py.conversion.export_boxes import Input
from darknet_py.conversion.export_module import ExportModule
from darknet_py.conversion.export_target import ExportTarget
from darknet_py.conversion.onnx_file import to_onnx
from darknet_py.export.verify import input_images
from darknet_py.network.network import Network

ROOT = Path(__file__).resolve().parents[2]
PHOTOGRAPHS = sorted(map(str, (ROOT / "data").glob("shapes-*.jpg")))
THRESH, IOU = 0.3, 0.45
READ = {"ultralytics": read_ultralytics, "deepstream": read_deepstream}


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> darknet_py.Detector:
    """With the suppression that other programs have, by IoU alone."""
    cfg = tmp_path_factory.mktemp("plain") / "shapes.cfg"
    text = (ROOT / "cfg" / "shapes.cfg").read_text()
    cfg.write_text(text.replace("nms_kind=greedynms", "nms_kind=default"))
    return darknet_py.load(str(cfg), str(ROOT / "data" / "shapes.weights"), device="cpu")


def shapes_network() -> Network:
    net = Network.from_cfg(ROOT / "cfg" / "shapes.cfg")
    net.load_weights(ROOT / "data" / "shapes.weights")
    return net


def expected(detector: darknet_py.Detector, path: str, side: int) -> np.ndarray:
    result = detector(path, thresh=THRESH, nms=IOU)
    height, width = cv2.imread(path).shape[:2]
    scale = np.array([side / width, side / height, side / width, side / height])
    return np.array([[*box.xyxy * scale, box.confidence, box.class_id] for box in result])


@pytest.mark.parametrize("form", READ)
def test_opencvs_reader_finds_the_detectors_boxes(form: str, detector: darknet_py.Detector) -> None:
    pytest.importorskip("onnx", reason="needs pip install onnx")
    network = shapes_network()
    data = to_onnx(network, ExportTarget(form=form))
    net = cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8))
    assert len(PHOTOGRAPHS) == 4
    for path in PHOTOGRAPHS:
        (image,) = input_images(network, [path])
        net.setInput(image[None].numpy())
        ours = expected(detector, path, 256)
        theirs = READ[form](np.array(net.forward()), THRESH, IOU)
        assert len(ours) > 2 and theirs.shape == ours.shape
        order = [np.lexsort(rows[:, [0, 5]].T.round(0)) for rows in (ours, theirs)]
        np.testing.assert_allclose(theirs[order[1]], ours[order[0]], rtol=1e-4, atol=2e-3)


@pytest.mark.parametrize("form", READ)
def test_layouts(form: str) -> None:
    boxes = torch.tensor([[[0.5, 0.25, 0.2, 0.1], [0.1, 0.5, 0.2, float("inf")]]])
    scores = torch.tensor([[[0.2, 0.7, 0.1], [0.3, 0.1, 0.9]]])
    (actual,) = ARRANGED[form](boxes, scores, Input(100, 40), ExportTarget(form=form))
    if form == "ultralytics":
        assert actual.shape == (1, 7, 2)
        assert actual[0, :, 0].tolist() == pytest.approx([50, 10, 20, 4, 0.2, 0.7, 0.1])
        assert actual[0, 4:, 1].tolist() == [0, 0, 0], "a box that is not finite scores nothing"
    else:
        assert actual.shape == (1, 2, 6)
        assert actual[0, 0].tolist() == pytest.approx([40, 8, 60, 12, 0.7, 1])
        assert actual[0, 1, 4] == 0


@pytest.mark.parametrize("form", READ)
def test_another_batch_and_size(form: str) -> None:
    pytest.importorskip("onnx", reason="needs pip install onnx")
    runtime = pytest.importorskip("onnxruntime", reason="needs pip install onnxruntime onnx")
    net = loaded(GOLDEN / "yolov3", "alexeyab")
    data = to_onnx(net, ExportTarget(form=form, dynamic_batch=True, dynamic_size=True))
    session = runtime.InferenceSession(data, providers=["CPUExecutionProvider"])
    large = net.resized(2 * net.graph.net.width, 2 * net.graph.net.height)
    x = torch.rand(3, *large.graph.net.input)
    (actual,) = session.run(None, {"images": x.numpy()})
    (wanted,) = ExportModule(large, ExportTarget(form=form))(x)
    columns = slice(0, 5) if form == "deepstream" else slice(None)
    np.testing.assert_allclose(
        actual[:, :, columns], wanted.numpy()[:, :, columns], rtol=1e-4, atol=1e-3
    )
