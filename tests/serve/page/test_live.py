"""The camera and the stream on the page."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route
from support.page_visit import IMAGE, Visit, dropped, pixel, summary
from support.served import served

import darknet_py
from darknet_py.serve import app

pytestmark = pytest.mark.slow


def test_the_camera(visit: Visit) -> None:
    page = visit.open()
    page.click("text=Use the camera")
    page.wait_for_selector("body[data-mode=camera]")
    page.locator(".pane .time", has_text=" ms").wait_for()
    asked = len(visit.sent)
    while len(visit.sent) < asked + 3:  # frame after frame
        page.wait_for_timeout(20)
    page.click("text=Take a picture")
    page.wait_for_selector("body[data-mode=picture]")
    page.locator("#summary", has_text=" in camera-").wait_for()
    assert summary(page).endswith(".jpg")
    page.keyboard.press("c")
    page.wait_for_selector("body[data-mode=camera]")
    page.keyboard.press("Escape")
    page.wait_for_selector("body[data-mode=picture]")


def test_a_page_that_may_not_use_the_camera_says_why(visit: Visit) -> None:
    visit.page.add_init_script("delete Navigator.prototype.mediaDevices")
    page = visit.open()
    page.click("text=Use the camera")
    page.locator("#error", has_text="only to pages over https").wait_for()
    refuse = "() => Promise.reject(new DOMException('', 'NotAllowedError'))"
    page.evaluate(f"navigator.mediaDevices = {{ getUserMedia: {refuse} }}")
    page.click("text=Use the camera")
    page.locator("#error", has_text="was not allowed to use the camera").wait_for()
    visit.choose(IMAGE)
    page.wait_for_selector("#error", state="hidden")


def test_the_stream(browser: Any, detectors: dict[str, darknet_py.Detector]) -> None:
    with served(streaming(detectors["shapes"])) as port:
        visit = Visit(browser, port)
        visit.page.route("**/models", with_stream)
        page = visit.open()
        page.click("text=Watch the stream")
        page.wait_for_selector("body[data-mode=stream]")
        page.locator("#summary", has_text="1 object in the stream").wait_for()
        assert page.text_content("#rows li") == "ring80.0 %"
        assert page.is_disabled("#thresh") and page.is_visible("#fixed-note")
        seen = set()
        while len(seen) < 3:  # the frames change
            seen.add(tuple(pixel(page, 0.5, 0.5)))
            page.wait_for_timeout(10)
        page.click("text=Stop")
        page.wait_for_selector("body[data-mode=empty]")
        page.goto("about:blank")
        visit.close()


def with_stream(route: Any) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, json={**answer.json(), "stream": True})


def streaming(detectors: Any) -> Any:
    """An application whose stream is grey, of a shade that changes, with one ring."""

    def parts() -> Iterator[bytes]:
        yield b"--stream"
        for shade in range(0, 100_000, 8):
            data = cv2.imencode(".jpg", np.full((48, 64, 3), shade % 256, np.uint8))[1].tobytes()
            head = f"\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
            yield head.encode() + data + b"\r\n--stream"
            time.sleep(0.02)

    def lines() -> Iterator[bytes]:
        place = {"center_x": 0.5, "center_y": 0.5, "width": 0.5, "height": 0.5}
        ring = {"class_id": 4, "name": "ring", "relative_coordinates": place, "confidence": 0.8}
        while True:
            yield json.dumps({"frame_id": 1, "objects": [ring]}).encode() + b"\n"
            time.sleep(0.02)

    def live(source: Callable[[], Iterator[bytes]]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> StreamingResponse:
            return StreamingResponse(source(), media_type="multipart/x-mixed-replace")

        return answer

    application = app(detectors)
    for path, source in (("/stream", parts), ("/stream.jsonl", lines)):
        application.router.routes.insert(0, Route(path, live(source)))
    return application


def test_a_stream_that_ends_is_said(visit: Visit) -> None:
    visit.page.route("**/models", with_stream)
    visit.page.route("**/stream.jsonl", lambda route: route.fulfill(body=""))
    refused = {"status": 410, "json": {"error": "the stream has ended"}}
    visit.page.route("**/stream", lambda route: route.fulfill(**refused))
    visit.expected = ("410",)
    page = visit.open()
    page.click("text=Watch the stream")
    page.locator("#error", has_text="the stream has ended").wait_for()
    visit.page.route("**/stream", lambda route: route.fulfill(body="--x"))
    page.click("text=Try again")
    page.locator("#error", has_text="The stream has ended.").wait_for()
    page.wait_for_selector("body[data-mode=empty]")


def test_a_picture_takes_the_place_of_the_stream(
    browser: Any, detectors: dict[str, darknet_py.Detector]
) -> None:
    with served(streaming({name: detectors[name] for name in ("shapes", "default")})) as port:
        visit = Visit(browser, port)
        visit.page.route("**/models", with_stream)
        page = visit.open()
        page.check("text=default")
        page.keyboard.press("s")
        page.locator("#summary", has_text="1 object in the stream").wait_for()
        assert page.locator(".pane").count() == 1
        dropped(page, "drop", ("shapes-2.jpg", "image/jpeg", IMAGE.read_bytes()))
        page.locator("#summary", has_text="16 objects in shapes-2.jpg").wait_for()
        assert page.locator(".pane").count() == 2 and page.is_enabled("#thresh")
        page.goto("about:blank")
        visit.close()
