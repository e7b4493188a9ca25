"""Our own API."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from support.served import served

import darknet_py
from darknet_py.serve import app
from darknet_py.serve.service import MOST_DRAWINGS
from darknet_py.video.mjpeg_server import jpeg_bytes

ROOT = Path(__file__).resolve().parents[2]
IMAGE = ROOT / "data" / "shapes-2.jpg"


@pytest.fixture(scope="module")
def detector() -> darknet_py.Detector:
    return darknet_py.load(ROOT / "cfg" / "shapes.cfg", ROOT / "data" / "shapes.weights")


def test_a_body_is_answered_as_detect_does(detector: darknet_py.Detector) -> None:
    with served(app(detector, batch=1)) as port:
        body = IMAGE.read_bytes()
        answer = httpx.post(f"http://127.0.0.1:{port}/detect?thresh=.6", content=body)
    expected = detector(IMAGE, 0.6)
    assert isinstance(expected, darknet_py.Result)
    assert answer.status_code == 200
    assert answer.text == expected.to_json(named=False)
    assert len(answer.json()["objects"]) == 14


def test_all_rows_are_answered_where_they_are_asked_for(detector: darknet_py.Detector) -> None:
    with served(app(detector, batch=1)) as port:
        address = f"http://127.0.0.1:{port}/detect?thresh=.02&nms=0"
        every = httpx.post(f"{address}&rows=1", content=IMAGE.read_bytes()).json()
        usual = httpx.post(f"{address}&rows=0", content=IMAGE.read_bytes()).json()
        wrong = httpx.post(f"{address}&rows=few", content=IMAGE.read_bytes())
    assert (every["width"], every["height"]) == (416, 416)
    found = [(box["class_id"], box["confidence"]) for box in usual["objects"]]
    assert [(row[1], round(row[2], 6)) for row in every["rows"]] == found and len(found) > 50
    assert wrong.status_code == 400 and "rows='few'" in wrong.json()["error"]


def test_what_is_in_force_is_told(detector: darknet_py.Detector) -> None:
    with served(app({"a": detector}, thresh=0.3, nms=0.2, letter_box=True)) as port:
        answer = httpx.get(f"http://127.0.0.1:{port}/models").json()
    assert answer["defaults"] == {"thresh": 0.3, "nms": 0.2, "letter_box": True}
    (model,) = answer["models"]
    assert (model["cfg"], model["weights"]) == ("shapes.cfg", "shapes.weights")
    told = ("nms_kind", "beta_nms", "sorts", "refilters", "fork", "upright", "letter_box")
    assert [model[name] for name in told] == ["greedynms", 0.6, True, True, "alexeyab", True, False]


def test_drawn_images_wait_for_each_other(detector: darknet_py.Detector) -> None:
    """Their pixels are in memory until they are drawn."""
    application = app(detector, thresh=0.6, timeout=1)
    service = application.state.service
    assert service.drawings._value == MOST_DRAWINGS
    url, headers = "http://127.0.0.1:{}/detect", {"Accept": "image/jpeg"}
    with served(application) as port:
        body = IMAGE.read_bytes()
        drawn = httpx.post(url.format(port), content=body, headers=headers)
        service.drawings = asyncio.Semaphore(0)
        waiting = httpx.post(url.format(port), content=body, headers=headers)
        assert httpx.post(url.format(port), content=body).status_code == 200
    result = detector(IMAGE, 0.6)
    assert isinstance(result, darknet_py.Result)
    assert drawn.content == jpeg_bytes(result.plot())
    assert waiting.status_code == 503
