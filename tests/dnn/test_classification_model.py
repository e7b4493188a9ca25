"""The best class of a frame."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from support import opencv_nets

from darknet_py.dnn import ClassificationModel, OpenCvError, readNet

FRAME = (opencv_nets.blob(40, 24)[0].transpose(1, 2, 0) * 255).astype(np.uint8)
ENDS = {
    "softmax": "[avgpool]\n[softmax]\ngroups=1\n[cost]\ntype=sse\n",
    "plain": "[avgpool]\n",
    "connected": "[connected]\noutput=5\nactivation=linear\n[dropout]\n",
}


def classifier(folder: Path, end: str) -> ClassificationModel:
    cfg, weights = opencv_nets.files(folder, "yolo")
    cfg.write_text(cfg.read_text().partition("[yolo]")[0] + ENDS[end])
    if end == "connected":
        more = opencv_nets.wave(5 + 5 * 16 * 16)
        weights.write_bytes(weights.read_bytes() + more.tobytes())
    model = ClassificationModel(str(weights), str(cfg))
    model.setInputParams(1 / 255, (32, 32))
    return model


@pytest.mark.parametrize(("end", "name"), [("softmax", "identity_4"), ("connected", "identity_3")])
def test_the_largest_output(end: str, name: str, tmp_path: Path) -> None:
    model = classifier(tmp_path, end)
    number, confidence = model.classify(FRAME)
    assert type(number) is int and type(confidence) is float
    assert model.net.getUnconnectedOutLayersNames() == (name,)
    values = model.predict(FRAME)[0]
    assert values.shape == {"softmax": (1, 16, 1, 1), "connected": (1, 5)}[end]
    assert (number, confidence) == (int(values.argmax()), float(values.max()))
    assert np.array_equal(model.net.forward(), values)


def test_probabilities_of_a_network_without_softmax(tmp_path: Path) -> None:
    expected = classifier(tmp_path, "softmax").classify(FRAME)
    plain = classifier(tmp_path, "plain")
    assert not plain.getEnableSoftmaxPostProcessing()
    assert plain.classify(FRAME)[1] != pytest.approx(expected[1], abs=1e-3)
    assert plain.setEnableSoftmaxPostProcessing(True) is plain
    assert plain.getEnableSoftmaxPostProcessing()
    number, confidence = plain.classify(FRAME)
    assert number == expected[0] and confidence == pytest.approx(expected[1], abs=1e-6)


def test_a_network_of_several_outputs(tmp_path: Path) -> None:
    cfg, weights = opencv_nets.files(tmp_path, "yolo")
    model = ClassificationModel(readNet(cfg, weights))
    model.setInputSize(32, 32).setOutputNames(["conv_1", "yolo_2"])
    with pytest.raises(cv2.error, match="the network has 2 outputs, expected one") as caught:
        model.classify(FRAME)
    assert isinstance(caught.value, OpenCvError)
