"""The page that shows the document."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.served import served

import darknet_py
from darknet_py.serve import app, docs
from darknet_py.serve.application import OPERATIONS

ROOT = Path(__file__).resolve().parents[2]
HTML = Path(docs.__file__).with_name("docs.html").read_text()
CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def port() -> Any:
    detector = darknet_py.load(ROOT / "cfg" / "shapes.cfg", ROOT / "data" / "shapes.weights")
    with served(app(detector)) as port:
        yield port


def test_it_is_served(port: int) -> None:
    answer = httpx.get(f"http://127.0.0.1:{port}/docs")
    assert answer.status_code == 200 and answer.text == HTML
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "'sha256-" in answer.headers["content-security-policy"]


def test_it_needs_nobody_else_and_writes_no_html() -> None:
    assert re.findall(r"https?://", HTML) == []
    assert re.findall(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval", HTML) == []
    assert re.findall(r"<(?:script|style)[^>]+>|\son\w+=|\sstyle=", HTML) == []  # the policy


@pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")
def test_a_browser_shows_every_operation(port: int) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs pip install playwright")
    with playwright.sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 360, "height": 740})
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"http://127.0.0.1:{port}/docs#post_detect")
        page.wait_for_selector("main[aria-busy=false]")
        shown = page.locator("summary code").all_inner_texts()
        line = page.locator("#post_detect pre").first.inner_text()
        width = page.evaluate("document.documentElement.scrollWidth")
        color = page.locator("summary b").first.evaluate("one => getComputedStyle(one).color")
        browser.close()
    assert complaints == []  # of its policy, or of what is not there
    methods = [row.path for row in OPERATIONS for _ in row.methods]
    assert sorted(shown) == sorted(re.sub(r":\w+}", "}", path) for path in methods)
    assert line == f"curl --data-binary @image.jpg 'http://127.0.0.1:{port}/detect'"
    assert width == 360 and color == "rgb(11, 87, 164)"
