"""cv2 with the functions in it, and as it was."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from support import opencv_nets

import darknet_py.dnn as dnn
from darknet_py.dnn.originals import original

NAMES = [name for name in dir(cv2.dnn) if not name.startswith("_")]
BEFORE: dict[str, Any] = {name: getattr(cv2.dnn, name) for name in NAMES}
CLASSES = {name: getattr(cv2, name) for name in dir(cv2) if name.startswith("dnn_")}


@pytest.fixture
def put_in() -> Iterator[None]:
    dnn.install()
    yield
    dnn.uninstall()


def test_uninstall_leaves_no_trace() -> None:
    dnn.install()
    dnn.install()
    assert cv2.dnn.readNetFromDarknet is dnn.readNetFromDarknet
    assert original("readNet") is BEFORE["readNet"] and cv2.dnn.readNet is dnn.readNet
    dnn.uninstall()
    dnn.uninstall()
    assert {n: getattr(cv2.dnn, n) for n in dir(cv2.dnn) if not n.startswith("_")} == BEFORE
    assert {n: getattr(cv2, n) for n in dir(cv2) if n.startswith("dnn_")} == CLASSES


def test_for_a_while() -> None:
    with dnn.installed():
        assert cv2.dnn.readNet is dnn.readNet
        with dnn.installed():
            pass
        assert cv2.dnn.readNet is dnn.readNet
    assert cv2.dnn.readNet is BEFORE["readNet"]


def test_all_names_that_scripts_use(put_in: None, tmp_path: Path) -> None:
    cfg, weights = map(str, opencv_nets.files(tmp_path, "yolo"))
    net = cv2.dnn.readNetFromDarknet(cfg, weights)
    for make in (cv2.dnn_DetectionModel, cv2.dnn.DetectionModel):
        for arguments in ((cfg, weights), (weights, cfg), (net,)):
            model = make(*arguments)
            assert isinstance(model, dnn.DetectionModel) and isinstance(model, make)
    assert isinstance(cv2.dnn_DetectionModel(model=weights, config=cfg), dnn.DetectionModel)
    assert isinstance(cv2.dnn_ClassificationModel(net), dnn.ClassificationModel)
    assert isinstance(cv2.dnn.Model(network=net), dnn.Model)
    assert cv2.dnn.DNN_BACKEND_HALIDE == 1 and cv2.dnn.DNN_TARGET_CUDA == 6
    from cv2.dnn import readNetFromDarknet

    assert readNetFromDarknet is dnn.readNetFromDarknet


def test_classes_may_be_derived_from(put_in: None, tmp_path: Path) -> None:
    class Mine(cv2.dnn_DetectionModel):  # type: ignore[misc]
        def names(self) -> tuple[str, ...]:
            return self.net.getUnconnectedOutLayersNames()

    assert Mine(*map(str, opencv_nets.files(tmp_path, "yolo"))).names() == ("yolo_2",)


def test_other_networks_are_opencvs(put_in: None) -> None:
    with pytest.raises(cv2.error) as caught:
        cv2.dnn.readNet("none.onnx")
    assert not isinstance(caught.value, dnn.OpenCvError)


def test_opencvs_class_is_made_for_opencvs_network(monkeypatch: pytest.MonkeyPatch) -> None:
    class Theirs:
        def __init__(self, *arguments: object) -> None:
            self.arguments = arguments

    monkeypatch.setattr(cv2.dnn, "DetectionModel", Theirs)
    with dnn.installed():
        made = cv2.dnn_DetectionModel("a.onnx")
    assert type(made) is Theirs and made.arguments == ("a.onnx",)


def test_boxes_that_stay_answer_as_before_opencv_4_5_4(put_in: None) -> None:
    boxes = [[0, 0, 10, 10], [50, 50, 10, 10], [1, 0, 10, 10]]
    kept = cv2.dnn.NMSBoxes(boxes, [0.7, 0.8, 0.9], 0.5, 0.4)
    assert kept.dtype == np.int32 and kept.tolist() == [2, 1]
    assert [i[0] for i in kept] == [2, 1] == [boxes.index(boxes[i]) for i in kept.flatten()]
    assert len(cv2.dnn.NMSBoxes([], [], 0.5, 0.4)) == 0


def test_names_that_are_opencvs_own() -> None:
    assert dnn.blobFromImage is cv2.dnn.blobFromImage and dnn.DNN_TARGET_CPU == 0
    with pytest.raises(AttributeError, match="neither 'darknet_py.dnn' nor cv2.dnn has 'nothing'"):
        dnn.nothing  # noqa: B018
    assert set(dnn.__all__) <= set(dir(dnn))


def test_importing_it_imports_nothing_heavy() -> None:
    heavy = "print(*{'torch', 'cv2', 'numpy'} & {*sys.modules})"
    check = f"import sys, darknet_py.dnn; dir(darknet_py.dnn); {heavy}"
    ran = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert ran.stdout == "\n"
