"""DOODS' API, called as Home Assistant calls it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from support import camera_clients, small_result
from support.camera_clients import ClientError, PyDoods
from support.served import served

import darknet_py
from darknet_py.detect.result import Result
from darknet_py.options.serving import ServerOptions
from darknet_py.serve import app, doods
from darknet_py.serve.doods_request import DoodsRequest, Wanted, parsed
from darknet_py.serve.refusal import Refusal
from darknet_py.serve.service import Service
from darknet_py.video.mjpeg_server import jpeg_bytes

ROOT = Path(__file__).resolve().parents[2]
IMAGE = ROOT / "data" / "shapes-2.jpg"
JPEG = IMAGE.read_bytes()
DATA = base64.b64encode(JPEG).decode()


@pytest.fixture(scope="module")
def detector() -> darknet_py.Detector:
    return darknet_py.load(ROOT / "cfg" / "shapes.cfg", ROOT / "data" / "shapes.weights")


@pytest.fixture(scope="module")
def port(detector: darknet_py.Detector) -> Iterator[int]:
    with served(app({"shapes": detector}, thresh=0.5, batch=1)) as number:
        yield number


def expected(detector: darknet_py.Detector, thresh: float) -> list[tuple[str, float, Any]]:
    """Label, percent, and top, left, bottom, right; the most confident first."""
    result = detector(IMAGE, thresh)
    assert isinstance(result, Result)
    edges = np.clip(result.boxes.xyxyn, 0, 1).astype(np.float64)[:, [1, 0, 3, 2]]
    rows = [(box.name, 100 * box.confidence, tuple(edges[i])) for i, box in enumerate(result)]
    return sorted(rows, key=lambda row: -row[1])


def rows_of(said: dict[str, Any]) -> list[tuple[str, float, Any]]:
    return [
        (each["label"], each["confidence"], tuple(each[edge] for edge in doods_edges()))
        for each in said["detections"]
    ]


def doods_edges() -> tuple[str, ...]:
    return ("top", "left", "bottom", "right")


def test_home_assistant_finds_its_detector_and_its_objects(
    port: int, detector: darknet_py.Detector
) -> None:
    client = PyDoods(port, "default", auth_key="secret")
    assert client.facts == {
        "name": "default",
        "type": "darknet",
        "model": "shapes.cfg",
        "labels": list(detector.names),
        "width": 256,
        "height": 256,
    }
    matches = client.matches(JPEG, {"*": 60.0})
    found = expected(detector, 0.6)
    assert sum(len(each) for each in matches.values()) == len(found) > 10
    for label, percent, edges in found:
        assert (percent, *edges) in matches[label]


def test_a_minimum_of_nothing_is_the_servers_threshold(
    port: int, detector: darknet_py.Detector
) -> None:
    said = PyDoods(port, "shapes").detect(JPEG, {"*": 0})
    assert rows_of(said) == expected(detector, 0.5)
    assert said["id"] == ""


def test_lower_than_the_servers_threshold_when_asked(
    port: int, detector: darknet_py.Detector
) -> None:
    said = PyDoods(port, "default").detect(JPEG, {"*": 10})
    found = expected(detector, 0.1)
    assert rows_of(said) == found
    assert len(found) > len(expected(detector, 0.5))


def test_a_label_has_a_minimum_of_its_own(port: int, detector: darknet_py.Detector) -> None:
    said = PyDoods(port, "default").detect(JPEG, {"ring": 99.76, "square": 95, "*": 99.9})
    found = [
        row
        for row in expected(detector, 0.5)
        if row[1] >= {"ring": 99.76, "square": 95}.get(row[0], 99.9)
    ]
    assert rows_of(said) == found
    assert {row[0] for row in found} == {"ring", "square", "cross"}


def test_what_is_not_asked_for_is_left_out(port: int) -> None:
    client = PyDoods(port, "default")
    assert client.detect(JPEG, {})["detections"] == []
    assert {each["label"] for each in client.detect(JPEG, {"cross": 0})["detections"]} == {"cross"}


def test_a_region(port: int, detector: darknet_py.Detector) -> None:
    region = {"top": 0, "left": 0, "bottom": 0.5, "right": 0.5, "detect": {"*": 50}}
    client = PyDoods(port, "default")
    touched, covered = (
        rows_of(client.detect(JPEG, {}, regions=[{**region, "covers": covers}]))
        for covers in (False, True)
    )
    everything = expected(detector, 0.5)
    assert touched == [row for row in everything if row[2][0] <= 0.5 and row[2][1] <= 0.5]
    assert covered == [row for row in everything if row[2][2] <= 0.5 and row[2][3] <= 0.5]
    assert len(everything) > len(touched) > len(covered) > 0


@pytest.mark.parametrize(
    ("covers", "edges", "taken"),
    [
        (False, (0.5, 0.5, 0.9, 0.9), True),
        (False, (0.51, 0.1, 0.9, 0.4), False),
        (False, (0.1, 0.51, 0.4, 0.9), False),
        (False, (0.0, 0.1, 0.19, 0.4), False),
        (False, (0.3, 0.0, 0.4, 0.09), False),
        (True, (0.2, 0.1, 0.5, 0.5), True),
        (True, (0.19, 0.1, 0.5, 0.5), False),
        (True, (0.2, 0.09, 0.5, 0.5), False),
        (True, (0.2, 0.1, 0.51, 0.5), False),
        (True, (0.2, 0.1, 0.5, 0.51), False),
    ],
)
def test_the_edges_of_a_region(covers: bool, edges: tuple[float, ...], taken: bool) -> None:
    wanted = Wanted({"*": 50}, 0.2, 0.1, 0.5, 0.5, covers)
    assert wanted.takes("dog", 50, edges) is taken


def test_a_named_label_is_not_taken_by_the_others_minimum() -> None:
    wanted = Wanted({"dog": 80, "*": 10})
    whole = (0.0, 0.0, 1.0, 1.0)
    assert wanted.takes("cat", 10, whole)
    assert not wanted.takes("cat", 9.9, whole)
    assert not wanted.takes("dog", 79, whole)
    assert not Wanted({"dog": 80}).takes("cat", 100, whole)


def test_boxes_are_cut_at_the_edges_and_hidden_classes_left_out() -> None:
    result = small_result.result()
    beyond = np.array([[0.99, 0.5, 0.1, 2]] * 4, np.float32)
    moved = replace(result, boxes=replace(result.boxes, xywhn=beyond))
    asked = DoodsRequest(None, "", b"", False, (Wanted({"*": 45}),))
    found = doods.detections(doods.kept(moved, asked))
    assert [each["label"] for each in found] == ['dog "big"', "cat"]
    assert found[1]["confidence"] == 50
    assert found[0]["left"] == pytest.approx(0.94)
    assert [found[0][edge] for edge in ("top", "bottom", "right")] == [0, 1, 1]


def test_the_labelled_image_comes_too(port: int, detector: darknet_py.Detector) -> None:
    said = PyDoods(port, "default").detect(JPEG, {"ring": 90}, image="jpg")
    result = detector(IMAGE, 0.9)
    assert isinstance(result, Result)
    rings = [row for row, box in enumerate(result) if box.name == "ring"]
    assert 0 < len(rings) == len(said["detections"]) < len(result)
    assert base64.b64decode(said["image"]) == jpeg_bytes(result.select(rings).plot())


def test_detectors_are_the_default_one_and_each(detector: darknet_py.Detector) -> None:
    with served(app({"yard": detector, "gate": detector})) as port:
        listed = camera_clients.exchange(port, "GET", "/detectors").said["detectors"]
        gate = PyDoods(port, "gate").detect(JPEG, {"*": 60})
    assert [each["name"] for each in listed] == ["default", "yard", "gate"]
    assert rows_of(gate) == expected(detector, 0.6)


def test_a_network_called_default_is_no_other(detector: darknet_py.Detector) -> None:
    with served(app({"yard": detector, "default": detector})) as port:
        listed = camera_clients.exchange(port, "GET", "/detectors").said["detectors"]
    assert [each["name"] for each in listed] == ["default", "yard"]
    service = Service({"yard": detector, "default": detector}, ServerOptions())
    names = [doods.named_detector(service, name).name for name in ("default", "", "yard")]
    service.close()
    assert names == ["default", "yard", "yard"]


def test_an_unknown_detector(port: int) -> None:
    with pytest.raises(ClientError, match="Detector gate is not supported"):
        PyDoods(port, "gate")
    client = PyDoods(port, "default")
    client.detector = "gate"
    with pytest.raises(ClientError, match="404: there is no network 'gate'; there is shapes"):
        client.detect(JPEG, {"*": 50})


def test_a_token_comes_as_the_auth_key(detector: darknet_py.Detector) -> None:
    with served(app(detector, token="s3cret", batch=1)) as port:
        said = PyDoods(port, "default", "s3cret").detect(JPEG, {"*": 50})
        for key in ("other", ""):
            headers = {"doods-auth-key": key, "Content-Type": "application/json"}
            for method, path in (("GET", "/detectors"), ("POST", "/detect")):
                answer = camera_clients.exchange(port, method, path, b"{}", headers)
                assert answer.status == 401
    assert rows_of(said) == expected(detector, 0.5)


REFUSED: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"{", "the body is no object of JSON"),
    "no object": (b"[]", "the body is no object of JSON"),
    "no text": (b"\xff\xfe\x00", "the body is no object of JSON"),
    "deep": (b'{"data":' + b"[" * 200_000, "the body is no object of JSON"),
    "no data": (b'{"detect": {"*": 50}}', "data: give the bytes of the image file in base64"),
    "an address": (b'{"data": "http://127.0.0.1/a.jpg"}', "nothing is fetched"),
    "a file": (b'{"data": "../data/shapes-2.jpg"}', "nothing is fetched"),
    "data of another kind": (b'{"data": 5}', "data: give a text"),
    "no percentage": (b'{"detect": {"dog": 101}}', "'dog': give a percentage from 0 to 100"),
    "not a number": (b'{"detect": {"dog": NaN}}', "'dog': give a percentage from 0 to 100"),
    "a text": (b'{"detect": {"dog": "50"}}', "'dog': give a number"),
    "true": (b'{"detect": {"dog": true}}', "'dog': give a number"),
    "a list": (b'{"detect": ["dog"]}', "detect: give an object"),
    "a region that is none": (b'{"regions": [1]}', "regions: give a list of objects"),
    "half a region": (b'{"regions": [{"top": 0, "left": 0}]}', "'right': give a number"),
    "many regions": (b'{"regions": [' + b"{}," * 100 + b"{}]}", "there are 101; give at most 100"),
    "grey": (b'{"preprocess": ["grayscale"]}', "preprocess: images are taken as they are"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_request_is_refused(case: str) -> None:
    body, words = REFUSED[case]
    with pytest.raises(Refusal) as caught:
        parsed(body, 25)
    assert caught.value.status == 400
    assert words in str(caught.value)
    assert len(str(caught.value)) < 200


def test_another_format_of_the_labelled_image_is_refused() -> None:
    with pytest.raises(Refusal, match="image='.png': the labelled image comes as jpg only"):
        parsed(json.dumps({"data": DATA, "image": ".png"}).encode(), 25)


def test_base64_in_lines_is_read() -> None:
    lines = base64.encodebytes(JPEG).decode()
    asked = parsed(json.dumps({"data": lines, "detect": None, "id": "7"}).encode(), 25)
    assert asked == DoodsRequest("7", "", JPEG, False, (Wanted({}),))


def test_a_refusal_over_http_is_an_error_of_doods(port: int) -> None:
    client = PyDoods(port, "default")
    with pytest.raises(ClientError, match="400: data: give the bytes"):
        client.detect(b"", {"*": 50})
    with pytest.raises(ClientError, match="400: image: not an image"):
        client.detect(b"a text", {"*": 50})


def test_what_is_no_json_is_an_image_still(port: int, detector: darknet_py.Detector) -> None:
    url = f"http://127.0.0.1:{port}/detect"
    result = detector(IMAGE, 0.5)
    assert isinstance(result, Result)
    for kind in ("image/jpeg", "application/octet-stream"):
        answer = httpx.post(url, content=JPEG, headers={"Content-Type": kind})
        assert answer.text == result.to_json(named=False)
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    said = httpx.post(url, json={"data": DATA, "detect": {"*": 50}}, headers=headers).json()
    assert rows_of(said) == expected(detector, 0.5)
    assert "id" not in said
