"""What goes wrong is said on the page, until it is solved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from support.page_visit import IMAGE, Visit, dropped
from support.served import served

from darknet_py.serve import app

pytestmark = pytest.mark.slow


ERRORS = {
    413: ("this is 30 MB", "This is more than the server takes: this is 30 MB"),
    400: ("no image", "The server cannot use this: no image"),
    500: ("internal error", "The server answers 500: internal error"),
}


@pytest.mark.parametrize("status", ERRORS)
def test_what_the_server_refuses_is_said_until_it_is_solved(visit: Visit, status: int) -> None:
    words, said = ERRORS[status]
    refused = {"status": status, "json": {"error": words}}
    visit.page.route("**/detect*", lambda route: route.fulfill(**refused))
    visit.expected = (str(status),)
    page = visit.open()
    visit.choose(IMAGE)
    page.wait_for_selector("#error:visible")
    assert page.text_content("#error-words") == f"shapes-2.jpg: {said}"
    page.locator("#more", has_text="Not looked at.").wait_for()
    page.unroute("**/detect*")
    page.click("text=Try again")
    page.locator("#summary", has_text="16 objects").wait_for()
    assert not page.is_visible("#error")


def test_a_server_that_is_gone_is_said_and_found_again(visit: Visit) -> None:
    visit.page.route("**/detect*", lambda route: route.abort())
    visit.expected = ("net::ERR_FAILED",)
    page = visit.open()
    visit.choose(IMAGE)
    page.locator("#error", has_text="does not answer").wait_for()
    page.unroute("**/detect*")
    page.click("text=Try again")
    page.wait_for_selector("#rows li")
    assert not page.is_visible("#error")


def test_a_server_that_is_gone_from_the_start(visit: Visit) -> None:
    visit.page.route("**/models", lambda route: route.abort())
    visit.expected = ("net::ERR_FAILED",)
    page = visit.open()
    page.locator("#error", has_text="does not answer").wait_for()
    page.unroute("**/models")
    page.click("text=Try again")
    page.locator("#settings", has_text="greedynms.cfg").wait_for()


def test_a_busy_server_is_asked_again_when_it_says(visit: Visit) -> None:
    refused = {"status": 503, "json": {"error": "too many wait"}, "headers": {"Retry-After": "1"}}
    visit.page.route("**/detect*", lambda route: route.fulfill(**refused), times=2)
    visit.expected = ("503",)
    page = visit.open()
    visit.choose(IMAGE)
    page.locator("#error", has_text="too many wait. It is asked again in 1 s.").wait_for()
    page.wait_for_selector("#rows li")
    page.wait_for_selector("#error", state="hidden")


def test_a_server_that_asks_for_its_token(browser: Any, detectors: dict[str, Any]) -> None:
    with served(app(detectors, token="open sesame, please")) as port:
        visit = Visit(browser, port)
        visit.expected = ("401",)
        page = visit.open()
        page.locator("#error", has_text="This server asks for its token.").wait_for()
        assert not page.is_visible("#empty") and not page.is_visible("aside")
        assert page.evaluate("document.activeElement.id") == "token"
        page.fill("#token", "wrong")
        page.keyboard.press("Enter")
        page.locator("#error", has_text="This is not the token of this server.").wait_for()
        page.fill("#token", "open sesame, please")
        page.click("text=Use it")
        page.wait_for_selector("#error", state="hidden")
        visit.choose(IMAGE)
        page.locator("#summary", has_text="16 objects").wait_for()
        visit.close()


def test_a_picture_that_is_too_large_for_the_real_server(
    browser: Any, detectors: dict[str, Any], tmp_path: Path
) -> None:
    large = tmp_path / "large.png"
    noise = np.random.default_rng(0).integers(0, 256, (1200, 1200, 3), np.uint8)
    assert cv2.imwrite(str(large), noise)
    with served(app(detectors, max_mb=0.2)) as port:
        visit = Visit(browser, port)
        visit.expected = ("413",)
        page = visit.open()
        visit.choose(large)
        page.locator("#error", has_text="large.png: This is more than the server takes").wait_for()
        visit.choose(IMAGE)
        page.locator("#summary", has_text="16 objects").wait_for()
        assert not page.is_visible("#error")
        visit.close()


def test_files_that_are_no_pictures(visit: Visit) -> None:
    page = visit.open()
    dropped(page, "drop", ("notes.txt", "text/plain", b"some words"))
    page.locator("#error", has_text="notes.txt is not a picture.").wait_for()
    assert not [url for url in visit.sent if "detect" in url]
    visit.expected = ("400",)
    visit.choose({"name": "x.jpg", "mimeType": "image/jpeg", "buffer": b"no jpeg"})
    page.locator("#error", has_text="x.jpg: The server cannot use this: ").wait_for()
    visit.choose(IMAGE)
    page.wait_for_selector("#rows li")
    assert not page.is_visible("#error") and page.locator("#thumbs button").count() == 0
