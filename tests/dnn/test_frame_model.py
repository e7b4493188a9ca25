"""Model's settings: what they make of a frame."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from support import opencv_nets

from darknet_py.dnn import Model, OpenCvError, readNet
from darknet_py.dnn.frame_model import FrameModel

FRAME = (opencv_nets.blob(40, 24)[0].transpose(1, 2, 0) * 255).astype(np.uint8)


@pytest.fixture
def model(tmp_path: Path) -> FrameModel:
    return Model(*map(str, opencv_nets.files(tmp_path, "yolo")))


def outputs(model: FrameModel, blob: np.ndarray) -> np.ndarray:
    """Of the network for a blob."""
    model.net.setInput(blob)
    return model.net.forward(["yolo_2"])[0]


def test_frames_become_blobs_as_blob_from_image_makes_them(model: FrameModel) -> None:
    model.setInputParams(1 / 255, (32, 32), (10, 20, 30), True, False)
    blob = cv2.dnn.blobFromImage(FRAME, 1 / 255, (32, 32), (10, 20, 30), swapRB=True)
    (rows,) = model.predict(FRAME)
    assert np.allclose(rows, outputs(model, blob), atol=1e-5)


def test_each_setting_by_itself(model: FrameModel) -> None:
    for answer in (
        model.setInputSize((48, 32)),
        model.setInputScale(0.5),
        model.setInputMean(7),
        model.setInputSwapRB(True),
        model.setInputCrop(True),
        model.setPreferableBackend(3),
        model.setPreferableTarget(0),
        model.enableWinograd(False),
    ):
        assert answer is model
    blob = cv2.dnn.blobFromImage(FRAME, 0.5, (48, 32), (7, 0, 0), swapRB=True, crop=True)
    assert np.allclose(model.predict(FRAME)[0], outputs(model, blob), rtol=1e-4, atol=1e-5)
    assert model.setInputSize(32, 64).predict(FRAME)[0].shape == (64, 8)
    model.setInputParams(1, (48, 32), swapRB=True)
    model.setInputScale((0.5, 0.25, 0.125)).setInputCrop(False)
    plain = cv2.dnn.blobFromImage(FRAME, 1, (48, 32), swapRB=True)
    scaled = plain * np.float32([0.5, 0.25, 0.125]).reshape(1, 3, 1, 1)
    assert np.allclose(model.predict(FRAME)[0], outputs(model, scaled), rtol=1e-4, atol=1e-5)


def test_names_of_outputs_and_arrays(model: FrameModel) -> None:
    model.setInputSize(32, 32)
    assert model.setOutputNames(["conv_1", "yolo_2"]) is model
    mine = np.zeros((1, 16, 4, 4), np.float32)
    first, second = model.predict(FRAME, [mine])
    assert first is mine and mine.any() and second.shape == (32, 8)


def test_of_a_net_and_of_files_in_either_order(tmp_path: Path) -> None:
    cfg, weights = map(str, opencv_nets.files(tmp_path, "yolo"))
    net = readNet(cfg, weights)
    assert Model(net).net is net
    expected = Model(cfg, weights).setInputSize(32, 32).predict(FRAME)[0]
    assert np.array_equal(Model(weights, cfg).setInputSize(32, 32).predict(FRAME)[0], expected)


def test_without_a_size(model: FrameModel) -> None:
    with pytest.raises(OpenCvError, match="Input size not specified; call setInputParams"):
        model.predict(FRAME)


def test_frames_of_other_channels(model: FrameModel) -> None:
    with pytest.raises(OpenCvError, match=r"shape \(1, 1, 32, 32\), expected \(N, 3, 32, 32\)"):
        model.setInputSize(32, 32).predict(FRAME[..., 0])
