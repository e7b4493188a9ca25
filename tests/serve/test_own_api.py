"""Our own API."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from support.served import served

import darknet_py
from darknet_py.serve import app

ROOT = Path(__file__).resolve().parents[2]
IMAGE = ROOT / "data" / "shapes-2.jpg"


@pytest.fixture(scope="module")
def detector() -> darknet_py.Detector:
    return darknet_py.load(ROOT / "cfg" / "shapes.cfg", ROOT / "data" / "shapes.weights")


def test_a_body_is_answered_as_detect_does(detector: darknet_py.Detector) -> None:
    with served(app(detector)) as port:
        body = IMAGE.read_bytes()
        answer = httpx.post(f"http://127.0.0.1:{port}/detect?thresh=.6", content=body)
    expected = detector(IMAGE, 0.6)
    assert isinstance(expected, darknet_py.Result)
    assert answer.status_code == 200
    assert answer.text == expected.to_json(named=False)
    assert len(answer.json()["objects"]) == 14
