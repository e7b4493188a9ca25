"""The page's file and the headers it is served with."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from support.served import served
from support.tiny_detector import files

import darknet_py
from darknet_py.serve import app

HTML = (Path(darknet_py.__file__).parent / "serve" / "page.html").read_text()
POLICY = "content-security-policy"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    detector = darknet_py.load(*files(tmp_path_factory.mktemp("net")))
    with served(app(detector)) as port:
        yield f"http://127.0.0.1:{port}/"


def test_the_page_comes_with_headers_that_let_it_load_nothing_else(address: str) -> None:
    answer = httpx.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.text == HTML
    policy = dict(part.split(" ", 1) for part in answer.headers[POLICY].split("; "))
    inside = {name: policy.pop(f"{name}-src") for name in ("script", "style")}
    assert policy == {
        "default-src": "'none'",
        "connect-src": "'self'",
        "img-src": "'self' data: blob:",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    for name, sources in inside.items():
        (text,) = re.findall(rf"<{name}[^>]*>(.*?)</{name}>", answer.text, re.DOTALL)
        digest = hashlib.sha256(text.encode()).digest()
        assert sources == f"'sha256-{base64.b64encode(digest).decode()}'"


@pytest.mark.parametrize(
    "word", ["http:", "https:", "innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "@import"]
)
def test_the_file_needs_no_other_address_and_makes_no_markup_of_text(word: str) -> None:
    assert word not in HTML


def test_the_file_has_no_handlers_and_styles_that_the_policy_would_stop() -> None:
    markup = re.sub(r"<(script|style).*?</\1>", "", HTML, flags=re.DOTALL)
    assert not re.findall(r"\s(?:on\w+|style)=", markup)
