"""What goes wrong is said on the page, until it is solved."""

from __future__ import annotations

from typing import Any

import pytest
from support.page_visit import IMAGE, Visit, dropped

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
    assert page.text_content("#more") == "Not looked at."
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


def test_a_server_that_asks_for_its_token(visit: Visit) -> None:
    def guard(route: Any) -> None:
        if route.request.headers.get("authorization") == "Bearer a secret":
            return route.continue_()
        return route.fulfill(status=401, json={"error": "this server asks for its token"})

    visit.page.route("**/models", guard)
    visit.expected = ("401",)
    page = visit.open()
    page.locator("#error", has_text="only with its token").wait_for()
    for token, state in (("wrong", "visible"), ("a secret", "hidden")):
        page.fill("#token", token)
        page.click("text=Use it")
        page.wait_for_selector("#error", state=state)
    page.locator("#settings", has_text="greedynms.cfg").wait_for()


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
