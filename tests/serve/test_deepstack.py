"""DeepStack's and CodeProject.AI's API, called as the programs of cameras call it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from support import camera_clients, small_result, tiny_detector
from support.camera_clients import ClientError
from support.served import served

import darknet_py
from darknet_py.detect.result import Result
from darknet_py.options.serving import ServerOptions
from darknet_py.serve import app, deepstack
from darknet_py.serve.refusal import Refusal
from darknet_py.serve.service import Service

ROOT = Path(__file__).resolve().parents[2]
IMAGE = ROOT / "data" / "shapes-2.jpg"
JPEG = IMAGE.read_bytes()
MOSTLY_WEAK = 0.99


@pytest.fixture(scope="module")
def detector() -> darknet_py.Detector:
    return darknet_py.load(ROOT / "cfg" / "shapes.cfg", ROOT / "data" / "shapes.weights")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> darknet_py.Detector:
    """With names of its own."""
    folder = tmp_path_factory.mktemp("other")
    cfg, weights = tiny_detector.files(folder)
    (folder / "n.names").write_text("fox\nowl\nelk\n")
    return darknet_py.load(cfg, weights, names=folder / "n.names")


@pytest.fixture(scope="module")
def port(detector: darknet_py.Detector, other: darknet_py.Detector) -> Iterator[int]:
    with served(
        app({"shapes": detector, "IPcam-General": other}, thresh=MOSTLY_WEAK, batch=1)
    ) as number:
        yield number


def expected(detector: darknet_py.Detector, image: Any, thresh: float) -> list[Any]:
    """Label, confidence and corners in whole pixels."""
    result = detector(image, thresh)
    assert isinstance(result, Result)
    size = (result.boxes.width, result.boxes.height) * 2
    rows = [
        (
            box.name,
            box.confidence,
            *(int(min(max(v, 0), s)) for v, s in zip(box.xyxy, size, strict=True)),
        )
        for box in result
    ]
    return sorted(rows, key=lambda row: -row[1])


def rows_of(predictions: list[Any]) -> list[Any]:
    keys = ("label", "confidence", "x_min", "y_min", "x_max", "y_max")
    return [tuple(each[key] for key in keys) for each in predictions]


def test_frigate_gets_what_detect_finds_at_its_size(
    port: int, detector: darknet_py.Detector
) -> None:
    small = cv2.resize(cv2.imread(str(IMAGE)), (320, 320))
    jpeg = cv2.imencode(".jpg", small)[1]
    decoded = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    rows = camera_clients.frigate(port, jpeg.tobytes(), (320, 320), detector.names)
    found = expected(detector, decoded, 0.4)
    assert len(found) >= 10
    assert [row[:2] for row in rows] == [row[:2] for row in found]
    for row, (_, _, left, top, right, bottom) in zip(rows, found, strict=True):
        assert row[2:] == (top / 320, left / 320, bottom / 320, right / 320)


def test_viseron_gets_all_above_its_threshold(port: int, detector: darknet_py.Detector) -> None:
    few, many = (camera_clients.viseron(port, JPEG, least) for least in (0.9, 0.05))
    assert rows_of(few) == expected(detector, IMAGE, 0.9)
    assert rows_of(many) == expected(detector, IMAGE, 0.05)
    assert len(many) > len(few) > 0


def test_home_assistant_asks_for_a_tenth(port: int, detector: darknet_py.Detector) -> None:
    assert rows_of(camera_clients.home_assistant(port, JPEG)) == expected(detector, IMAGE, 0.1)


def test_synoai_gets_what_is_above_the_usual_threshold(
    port: int, detector: darknet_py.Detector
) -> None:
    rows = camera_clients.synoai(port, JPEG, 30)
    found = expected(detector, IMAGE, 0.4)
    assert rows == [(label, 100 * score, *corners) for label, score, *corners in found]


def test_aitool_gets_whole_numbers(port: int, detector: darknet_py.Detector) -> None:
    assert camera_clients.aitool(port, JPEG, 80) == expected(detector, IMAGE, 0.8)


def test_blue_iris_finds_the_server_and_its_models(
    port: int, detector: darknet_py.Detector
) -> None:
    assert rows_of(camera_clients.blue_iris(port, JPEG, 0.6)) == expected(detector, IMAGE, 0.6)
    by_name = camera_clients.blue_iris(port, JPEG, 0.6, "shapes")
    assert rows_of(by_name) == expected(detector, IMAGE, 0.6)
    with pytest.raises(ClientError, match="no-such"):
        camera_clients.blue_iris(port, JPEG, 0.6, "no-such")


@pytest.mark.parametrize("name", ["IPcam-General", "ipcam-general", "ipcam-GENERAL.pt"])
def test_a_model_by_name(port: int, other: darknet_py.Detector, name: str) -> None:
    rows = rows_of(camera_clients.home_assistant(port, JPEG, name))
    found = expected(other, IMAGE, 0.1)[: deepstack.MOST]
    assert rows == found
    assert {row[0] for row in rows} <= {"fox", "owl", "elk"}
    assert rows


def test_what_is_exactly_called_so_comes_first(detector: darknet_py.Detector) -> None:
    service = Service(dict.fromkeys(("Dark.pt", "dark", "DARK"), detector), ServerOptions())
    asked = ("Dark.pt", "dark", "DARK", "dARK", "Dark.onnx", "")
    names = [deepstack.custom_model(service, name).name for name in asked]
    with pytest.raises(Refusal, match="no network 'darker'; there is Dark.pt, dark, DARK"):
        deepstack.custom_model(service, "darker")
    service.close()
    assert names == ["Dark.pt", "dark", "DARK", "Dark.pt", "Dark.pt", "Dark.pt"]


def test_all_that_is_said_beside_the_predictions(port: int) -> None:
    said = camera_clients.requests_form(port, camera_clients.DETECTION, {}, JPEG).said
    labels = [each["label"] for each in said["predictions"]]
    times = {name: said.pop(name) for name in ("inferenceMs", "processMs", "analysisRoundTripMs")}
    assert all(type(value) is int and value >= 0 for value in times.values())
    assert times["inferenceMs"] <= times["processMs"] <= times["analysisRoundTripMs"]
    assert 0 < said.pop("duration") < 60
    del said["predictions"]
    assert said == {
        "success": True,
        "message": f"Found {labels[0]}, {labels[1]}, {labels[2]}...",
        "count": len(labels),
        "command": "detect",
        "moduleId": "darknet-py",
        "executionProvider": "CPU",
        "canUseGPU": False,
        "code": 200,
    }


def test_nothing_found(port: int) -> None:
    blank = cv2.imencode(".png", np.full((60, 80, 3), 128, np.uint8))[1].tobytes()
    said = camera_clients.requests_form(port, camera_clients.DETECTION, {}, blank).said
    assert said["success"] is True
    assert said["predictions"] == []
    assert (said["count"], said["message"]) == (0, "No objects found")


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([], "No objects found"),
        (["dog"], "Found dog"),
        (["dog", "cat", "dog"], "Found dog, cat, dog"),
        (["dog", "cat", "dog", "owl"], "Found dog, cat, dog..."),
    ],
)
def test_the_first_three_are_named(labels: list[str], words: str) -> None:
    assert deepstack.summary(labels) == words


def test_boxes_are_cut_at_the_edges_and_sorted_and_hidden_classes_left_out() -> None:
    result = small_result.result()
    beyond = np.array([[0.99, 0.5, 0.1, 2], [0.99, 0.5, 0.1, 2], [0, 0.019, 0.03, 0.02]] * 2)[:4]
    moved = replace(result, boxes=replace(result.boxes, xywhn=beyond.astype(np.float32)))
    rows = rows_of(deepstack.predictions(moved))
    dog, cat = np.float32(0.906), np.float32(0.4)
    assert rows == [
        ('dog "big"', float(dog), 188, 0, 200, 100),
        ("cat", 0.5, 0, 0, 3, 2),
        ("cat", float(cat), 188, 0, 200, 100),
    ]


def test_no_more_than_the_servers_gave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deepstack, "MOST", 2)
    found = deepstack.predictions(small_result.result())
    assert [each["label"] for each in found] == ['dog "big"', "cat"]


@pytest.mark.parametrize(
    ("text", "least"),
    [("", 0.4), ("  ", 0.4), ("0.15", 0.15), ("1", 1), ("0", 0.005), ("1e-3", 0.005)],
)
def test_the_least_confidence(text: str, least: float) -> None:
    assert deepstack.least_confidence({"min_confidence": text}) == least


def test_the_least_confidence_of_who_says_none() -> None:
    assert deepstack.least_confidence({}) == 0.4


@pytest.mark.parametrize("text", ["0,4", "40", "-0.1", "nan", "high"])
def test_what_is_no_confidence_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="min_confidence='.*': give a number from 0 to 1"):
        deepstack.least_confidence({"min_confidence": text})


FAILURES = {
    "no image": (camera_clients.DETECTION, {}, b"a text", 400),
    "no number": (camera_clients.DETECTION, {"min_confidence": "2"}, JPEG, 400),
    "no network": ("/v1/vision/custom/none", {}, JPEG, 404),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_is_one_for_every_client(port: int, case: str) -> None:
    path, fields, image, status = FAILURES[case]
    answer = camera_clients.requests_form(port, path, fields, image)
    assert answer.status == status
    said = dict(answer.said)
    assert said.pop("error") == said.pop("message") != ""
    assert said == {
        "success": False,
        "code": status,
        "predictions": [],
        "count": 0,
        "duration": 0.0,
    }


def test_what_each_client_makes_of_a_failure(port: int) -> None:
    broken = JPEG[:50]
    assert camera_clients.frigate(port, broken, (320, 320), ["dog"]) == []
    for client in (camera_clients.viseron, camera_clients.synoai, camera_clients.aitool):
        with pytest.raises(ClientError, match="400"):
            client(port, broken, 1)
    with pytest.raises(ClientError, match="404"):
        camera_clients.home_assistant(port, JPEG, "none")


def test_a_form_without_an_image_and_one_that_is_none(port: int) -> None:
    field = (['Content-Disposition: form-data; name="image"'], b"text")
    answer = camera_clients.post_form(port, camera_clients.DETECTION, [field])
    assert (answer.status, answer.said["success"]) == (400, False)
    assert "no file called 'image'" in answer.said["error"]
    headers = {"Content-Type": "multipart/form-data"}
    answer = camera_clients.exchange(port, "POST", camera_clients.DETECTION, JPEG, headers)
    assert answer.status == 400
    assert answer.said["error"] == "the multipart form has no boundary in its Content-Type"


def test_an_image_of_another_field_or_alone_will_do(
    port: int, detector: darknet_py.Detector
) -> None:
    url = f"http://127.0.0.1:{port}{camera_clients.DETECTION}"
    form = httpx.post(url, files={"file": JPEG}, data={"min_confidence": "0.7"}).json()
    body = httpx.post(url, params={"min_confidence": ".7"}, content=JPEG).json()
    assert rows_of(form["predictions"]) == expected(detector, IMAGE, 0.7)
    assert form["predictions"] == body["predictions"]


def test_a_token_comes_as_the_api_key(detector: darknet_py.Detector) -> None:
    with served(app(detector, token="s3cret", batch=1)) as port:
        right, wrong, none = (
            camera_clients.requests_form(port, camera_clients.DETECTION, fields, JPEG)
            for fields in ({"api_key": "s3cret"}, {"api_key": "other"}, {})
        )
        ping = camera_clients.exchange(port, "GET", "/v1/status/ping")
    assert rows_of(right.said["predictions"]) == expected(detector, IMAGE, 0.4)
    assert [answer.status for answer in (wrong, none, ping)] == [401, 401, 200]
    assert wrong.said == deepstack.failure(401, "this is not the token of this server")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_list_of_models(port: int, method: str) -> None:
    said = camera_clients.exchange(port, method, "/v1/vision/custom/list").said
    assert said["success"] is True
    assert said["models"] == ["shapes", "IPcam-General"]


@pytest.mark.parametrize("folder", ["status", "server/status"])
def test_probes(port: int, folder: str) -> None:
    ping, version, update = (
        camera_clients.exchange(port, "GET", f"/v1/{folder}/{name}").said
        for name in ("ping", "version", "updateavailable")
    )
    major, minor, patch = (int(part) for part in darknet_py.__version__.split("."))
    assert ping == version
    assert (version["success"], version["message"]) == (True, darknet_py.__version__)
    parts = version["version"]
    assert (parts["major"], parts["minor"], parts["patch"]) == (major, minor, patch)
    assert update["updateAvailable"] is False
    assert update["current"] == update["latest"] == update["version"] == parts
