"""Boxes of a frame, compared with what OpenCV 4.13's DetectionModel gave."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from support import opencv_nets

from darknet_py.dnn import DetectionModel, Net, OpenCvError, readNet

RECORDED = json.loads((Path(__file__).parent / "opencv-4.13-heads.json").read_text())
FRAME = (opencv_nets.blob(40, 24)[0].transpose(1, 2, 0) * 255).astype(np.uint8)


@pytest.fixture
def model(tmp_path: Path) -> DetectionModel:
    made = DetectionModel(*map(str, opencv_nets.files(tmp_path, "yolo")))
    made.setInputParams(1 / 255, (32, 32))
    return made


@pytest.mark.parametrize("head", opencv_nets.HEADS)
@pytest.mark.parametrize("settings", RECORDED["yolo"]["detect"])
def test_classes_confidences_and_boxes(head: str, settings: str, tmp_path: Path) -> None:
    score, nms, across = settings.split()
    model = DetectionModel(*map(str, opencv_nets.files(tmp_path, head)))
    model.setInputParams(1 / 255, (32, 32))
    assert model.setNmsAcrossClasses(across == "True") is model
    assert model.getNmsAcrossClasses() is (across == "True")
    classes, confidences, boxes = model.detect(FRAME, float(score), float(nms))
    expected = RECORDED[head]["detect"][settings]
    assert (classes.dtype, confidences.dtype, boxes.dtype) == (np.int32, np.float32, np.int32)
    assert boxes.shape == (len(expected), 4)
    assert classes.tolist() == [row[0] for row in expected]
    assert confidences == pytest.approx([row[1] for row in expected], abs=2e-5)
    assert np.abs(boxes - np.array([row[2] for row in expected])).max() <= 1


def test_nothing_found_is_three_empty_tuples(model: DetectionModel) -> None:
    assert model.detect(FRAME, 1.5, 0.4) == ((), (), ())
    assert model.detect(FRAME, 1.5) == ((), (), ())


def test_elements_answer_as_before_opencv_4_5_4(model: DetectionModel) -> None:
    classes, confidences, _ = model.detect(FRAME, 0.15, 0.3)
    for number, confidence in zip(classes, confidences, strict=True):
        assert number[0] == number and confidence[0] == confidence
    assert [confidence[0] for confidence in confidences] == confidences.tolist()


def test_its_net_no_longer_suppresses_in_its_head(tmp_path: Path) -> None:
    net = readNet(*map(str, opencv_nets.files(tmp_path, "region")))
    net.setInput(opencv_nets.blob())
    before = (net.forward()[:, 5:] > 0).sum()
    DetectionModel(net)
    assert (net.forward()[:, 5:] > 0).sum() > before


def test_across_classes_the_surest_box_wins(
    model: DetectionModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = np.zeros((3, 8), np.float32)
    rows[:, :4] = [[0.5, 0.5, 0.4, 0.4], [0.5, 0.5, 0.42, 0.4], [0.1, 0.2, 0.1, 0.1]]
    rows[:, 5:] = [[0.6, 0.1, 0], [0, 0, 0.9], [0.3, 0.7, 0]]
    monkeypatch.setattr(model, "predict", lambda frame: (rows,))
    classes, confidences, boxes = model.detect(FRAME, 0.2, 0.4)
    assert classes.tolist() == [0, 1, 2], "class by class"
    assert confidences.tolist() == pytest.approx([0.6, 0.7, 0.9])
    assert boxes.tolist() == [[12, 8, 16, 9], [2, 3, 4, 2], [12, 8, 16, 9]]
    model.setNmsAcrossClasses(True)
    assert model.detect(FRAME, 0.2, 0.4)[0].tolist() == [2, 1], "by falling confidence"
    assert model.detect(FRAME, 0.2)[0].tolist() == [0, 2, 1], "as the heads have them"


def test_boxes_are_cut_at_the_frame(model: DetectionModel, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.zeros((4, 8), np.float32)
    rows[:3, :4] = [[0.0, 0.0, 0.5, 0.5], [1.0, 1.0, 0.001, 0.001], [0.5, 0.5, np.inf, 9.0]]
    rows[3, :4] = [0.5, 0.5, 3e38, 3e38]
    rows[:, 5] = 0.5
    monkeypatch.setattr(model, "predict", lambda frame: (rows,))
    boxes = model.detect(FRAME, 0.2)[2]
    assert boxes.tolist() == [[0, 0, 20, 12], [39, 23, 1, 1], [0, 0, 40, 24], [0, 0, 40, 24]]


def test_a_threshold_that_is_met_is_enough(
    model: DetectionModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = np.full((1, 8), 0.5, np.float32)
    monkeypatch.setattr(model, "predict", lambda frame: (rows,))
    assert len(model.detect(FRAME, 0.5)[0]) == 1 and not model.detect(FRAME, 0.500001)[0]


def test_networks_without_a_head_at_the_end(tmp_path: Path) -> None:
    cfg, weights = opencv_nets.files(tmp_path, "yolo")
    cfg.write_text(cfg.read_text().partition("[yolo]")[0])
    model = DetectionModel(readNet(str(cfg), str(weights)))
    model.setInputSize(32, 32)
    with pytest.raises(OpenCvError, match="does not end in a detection head"):
        model.detect(FRAME)


@pytest.mark.parametrize("frame", [None, np.zeros((0, 0, 3), np.uint8), "dog.jpg"])
def test_what_is_no_frame(model: DetectionModel, frame: object) -> None:
    with pytest.raises(cv2.error, match="expected an image; was it read"):
        model.detect(frame)


def test_frames_of_opencl(model: DetectionModel) -> None:
    plain, opencl = model.detect(FRAME, 0.15), model.detect(cv2.UMat(FRAME), 0.15)
    assert all(np.array_equal(one, other) for one, other in zip(plain, opencl, strict=True))


def test_of_a_net() -> None:
    with pytest.raises(OpenCvError, match="the net is empty"):
        DetectionModel(Net()).detect(FRAME)
