"""The page in a browser: what it shows is what the server says, and it needs nothing else."""

from __future__ import annotations

import base64
import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route
from support.served import served

import darknet_py
from darknet_py.serve import app

playwright = pytest.importorskip("playwright.sync_api")
ROOT = Path(__file__).resolve().parents[2]
CFG, WEIGHTS = ROOT / "cfg" / "shapes.cfg", ROOT / "data" / "shapes.weights"
IMAGE = ROOT / "data" / "shapes-2.jpg"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
PATIENCE = 30_000
"""Milliseconds after which a test fails, whatever the machine has to do besides."""
OURS = ("willReadFrequently",)
"""Words of the console about what only the tests do."""
HOSTILE = "<img src=x onerror=alert(1)>"

pytestmark = pytest.mark.slow


def shapes(folder: Path, **changed: Any) -> darknet_py.Detector:
    """The shapes' network with another kind of NMS, another fork, ...; names: of its classes."""
    kind, beta = changed.pop("kind", "greedynms"), changed.pop("beta", 0.6)
    cfg = folder / f"{kind}.cfg"
    text = CFG.read_text().replace("nms_kind=greedynms", f"nms_kind={kind}")
    cfg.write_text(text.replace("beta_nms=0.6", f"beta_nms={beta}"))
    names = changed.pop("names", str(ROOT / "data" / "shapes.names"))
    return darknet_py.load(cfg, WEIGHTS, names, **changed)


@pytest.fixture(scope="module")
def detectors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, darknet_py.Detector]:
    folder = tmp_path_factory.mktemp("networks")
    return {
        "shapes": shapes(folder),
        "default": shapes(folder, kind="default"),
        "diou": shapes(folder, kind="diounms", beta=0.3),
        "other fork": shapes(folder, fork="pjreddie"),
        "hostile": shapes(folder, names=[HOSTILE, *"bcdefgh"]),
    }


@pytest.fixture(scope="module")
def port(detectors: dict[str, darknet_py.Detector]) -> Iterator[int]:
    with served(app(detectors)) as port:
        yield port


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"there is no browser: none of {', '.join(BROWSERS)}")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Visit:
    """A page that was opened; whatever it says on the console fails the test.

    sent: method and path of each request. expected: words of the console that are meant to come.
    """

    def __init__(self, browser: Any, port: int, **context: Any) -> None:
        self.port, self.sent, self.said = port, list[str](), list[str]()
        self.expected: tuple[str, ...] = ()
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}} | context)
        self.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("request", lambda request: self.sent.append(request.url))
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(dialog.message))

    def open(self) -> Any:
        self.page.goto(f"http://127.0.0.1:{self.port}/")
        self.page.wait_for_selector("body[data-mode=empty]")
        return self.page

    def choose(self, *files: Path | dict[str, Any]) -> None:
        """Files by the button, as a person does."""
        with self.page.expect_file_chooser() as chooser:
            self.page.locator("[data-action=choose]:visible").click()
        chooser.value.set_files(list(files))

    def look(self, *files: Path) -> Any:
        self.open()
        self.choose(*(files or (IMAGE,)))
        self.page.wait_for_selector("#rows li")
        return self.page

    def json(self) -> str:
        """What the button copies."""
        self.page.click("[data-action=copyJson]")
        self.page.wait_for_selector("#said:visible")
        return str(self.page.evaluate("navigator.clipboard.readText()"))

    def close(self) -> None:
        self.context.close()
        expected = OURS + self.expected
        wrong = [line for line in self.said if not any(word in line for word in expected)]
        assert not wrong, wrong


@pytest.fixture
def visit(browser: Any, port: int) -> Iterator[Visit]:
    visit = Visit(browser, port)
    yield visit
    visit.close()


def summary(page: Any) -> str:
    return str(page.text_content("#summary"))


def pixel(page: Any, x: float, y: float, pane: int = 0) -> list[int]:
    """Red, green, blue of a pane's canvas at a share of its width and height."""
    script = """([pane, x, y]) => {
        const canvas = document.querySelectorAll(".pane canvas")[pane];
        const at = [Math.floor(x * canvas.width), Math.floor(y * canvas.height)];
        return [...canvas.getContext("2d").getImageData(...at, 1, 1).data].slice(0, 3);
    }"""
    found: list[int] = page.evaluate(script, [pane, x, y])
    return found


def dropped(page: Any, event: str, *files: tuple[str, str, bytes]) -> None:
    """Drops or pastes files: name, type and bytes."""
    script = """([event, files]) => {
        const data = new DataTransfer();
        for (const [name, type, text] of files) {
            const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
            data.items.add(new File([bytes], name, { type }));
        }
        const paste = event === "paste";
        const options = { bubbles: true, cancelable: true };
        document.body.dispatchEvent(paste
            ? new ClipboardEvent(event, { ...options, clipboardData: data })
            : new DragEvent(event, { ...options, dataTransfer: data }));
    }"""
    coded = [[name, kind, base64.b64encode(data).decode()] for name, kind, data in files]
    page.evaluate(script, [event, coded])


def test_an_empty_page_says_what_to_do_and_what_is_in_force(visit: Visit) -> None:
    page = visit.open()
    assert page.title() == "shapes - darknet-py"
    assert page.text_content("#empty-title") == "Try these networks on a picture"
    for action in ("choose", "camera"):
        assert page.is_visible(f"#empty [data-action={action}]")
    assert not page.is_visible("#empty [data-action=stream]")  # there is none
    assert not page.is_visible("#tools") and not page.is_visible("#found")
    settings = page.text_content("#settings")
    for words in ("greedynms.cfg", "256 × 256 × 3", "stretched", "cpu, fp32"):
        assert words in settings
    assert [url.rpartition("/")[2] for url in visit.sent] == ["", "models"]


@pytest.mark.parametrize("way", ["choose", "drop", "paste"])
def test_a_picture_is_shown_with_its_boxes(visit: Visit, port: int, way: str) -> None:
    page = visit.open()
    if way == "choose":
        visit.choose(IMAGE)
    else:
        dropped(page, way, ("shapes-2.jpg", "image/jpeg", IMAGE.read_bytes()))
    page.wait_for_selector("#rows li")
    assert summary(page) == "16 objects in shapes-2.jpg"
    assert page.locator("#rows li").count() == 16
    assert page.text_content("#rows li >> nth=2") == "hexagon99.9 %"
    assert page.locator(".pane .time").text_content().endswith(" ms")
    objects = detected(port).json()["objects"]
    assert visit.json() == detected(port).text and len(objects) == 16
    # The hexagon's edge is painted in its class's colour, over the picture.
    (hexagon,) = (one for one in objects if one["name"] == "hexagon")
    at = hexagon["relative_coordinates"]
    edge = at["center_x"] - at["width"] / 2, at["center_y"] - at["height"] / 4
    assert pixel(page, *on_canvas(page, *edge)) == [0, 255, 191]


def detected(port: int, **query: Any) -> httpx.Response:
    answer = httpx.post(
        f"http://127.0.0.1:{port}/detect", params=query, content=IMAGE.read_bytes(), timeout=30
    )
    assert answer.status_code == 200
    return answer


def on_canvas(page: Any, x: float, y: float) -> tuple[float, float]:
    """A share of a square picture that is fitted on the canvas, as a share of the canvas."""
    box = page.locator(".pane canvas").first.bounding_box()
    side = min(box["width"], box["height"])
    return (
        0.5 + (x - 0.5) * side / box["width"],
        0.5 + (y - 0.5) * side / box["height"],
    )


CHOICES = [(0.02, 0.0), (0.02, 0.05), (0.02, 0.45), (0.1, 0.99), (0.25, 0.3), (0.6, 0.1), (1, 0.5)]


def test_a_slider_sends_nothing_and_shows_what_the_server_would_say(
    visit: Visit, port: int, detectors: dict[str, darknet_py.Detector]
) -> None:
    page = visit.look()
    for name in list(detectors)[1:4]:
        page.check(f"text={name}")
    page.locator(".pane .time", has_text=" ms").nth(3).wait_for()
    before, counts = len(visit.sent), set()
    for thresh, nms in CHOICES:
        page.fill("#thresh", str(thresh))
        page.fill("#nms", str(nms))
        for pane, name in enumerate(list(detectors)[:4]):
            page.locator(".pane canvas").nth(pane).focus()
            page.locator(f".pane.active:nth-child({pane + 1})").wait_for()
            text = visit.json()
            expected = detected(port, thresh=thresh, nms=nms, model=name).text
            assert text == expected, (name, thresh, nms)
            counts.add((name, text.count("class_id")))
    assert len(visit.sent) == before
    assert len(counts) > 16  # the choices do make a difference


def test_the_class_filter(visit: Visit) -> None:
    page = visit.look()
    chip = page.locator("#classes button", has_text="cross")
    assert chip.text_content() == "cross5"
    chip.click()
    page.locator("#summary", has_text="11 objects").wait_for()
    assert chip.get_attribute("aria-pressed") == "false"
    assert "cross" not in page.text_content("#rows")
    assert '"name":"cross"' not in visit.json()
    page.click("[data-action=noClasses]")
    page.locator("#summary", has_text="0 objects").wait_for()
    assert page.text_content("#more") == "Their classes are not chosen."
    page.click("[data-action=allClasses]")
    page.locator("#summary", has_text="16 objects").wait_for()


def test_zoom_by_wheel_keys_double_click_and_back(visit: Visit) -> None:
    page = visit.look()
    box = page.locator(".pane canvas").bounding_box()
    corner = pixel(page, *on_canvas(page, 0.02, 0.02))
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, -400)
    page.locator("#zoom", has_text="272 %").wait_for()
    assert pixel(page, *on_canvas(page, 0.02, 0.02)) != corner
    page.keyboard.press("0")
    page.locator("#zoom", has_text="100 %").wait_for()
    assert pixel(page, *on_canvas(page, 0.02, 0.02)) == corner
    page.keyboard.press("+")
    page.locator("#zoom", has_text="150 %").wait_for()
    page.keyboard.press("-")
    page.locator("#zoom", has_text="100 %").wait_for()
    page.locator(".pane canvas").dblclick()
    page.locator("#zoom", has_text="200 %").wait_for()


def test_a_zoomed_picture_is_moved_by_hand_and_by_the_arrows(visit: Visit) -> None:
    page = visit.look()
    canvas = page.locator(".pane canvas")
    box = canvas.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    canvas.dblclick()
    before = pixel(page, 0.5, 0.5)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 60, middle[1] + 50, steps=3)
    page.mouse.up()
    assert pixel(page, 0.5, 0.5) != before
    assert pixel(page, 0.5 + 60 / box["width"], 0.5 + 50 / box["height"]) == before
    page.mouse.move(5, 5)
    canvas.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    moved = 0.5 + (60 - 40) / box["width"], 0.5 + (50 - 40) / box["height"]
    assert pixel(page, *moved) == before


def test_networks_side_by_side(visit: Visit, port: int) -> None:
    page = visit.look()
    page.check("text=default")
    page.locator(".pane .time", has_text=" ms").nth(1).wait_for()
    names = page.locator(".pane b").all_text_contents()
    assert names == ["shapes", "default"]
    texts = page.locator(".pane figcaption span:nth-child(2)").all_text_contents()
    assert texts == [f"{objects_of(port, name)} objects" for name in names]
    assert page.locator("#settings h2").all_text_contents() == names
    assert summary(page).endswith(" by shapes")
    page.locator(".pane canvas").nth(1).click(position={"x": 3, "y": 3})
    page.locator("#summary", has_text="by default").wait_for()
    page.uncheck("text=shapes")
    page.locator(".pane").nth(1).wait_for(state="detached")
    assert page.locator(".pane b").all_text_contents() == ["default"]


def objects_of(port: int, name: str) -> int:
    return len(detected(port, model=name).json()["objects"])


def test_the_command_line_says_the_same(visit: Visit, tmp_path: Path) -> None:
    odd = tmp_path / "it's here.jpg"
    odd.write_bytes(IMAGE.read_bytes())
    page = visit.look(odd)
    page.fill("#thresh", "0.6")
    page.select_option("#resize", "1")
    page.check("text=other fork")
    page.click("#command-card summary")
    page.locator("#command", has_text="pjreddie").wait_for()
    first, second = str(page.text_content("#command")).splitlines()
    start = "darknet-py detect greedynms.cfg WEIGHTS "
    rest = f"'it'\\''s here.jpg' -thresh 0.60 -nms 0.45 -letter_box"
    assert (first, second) == (f"{start}{rest}", f"{start}{rest} --fork pjreddie")
    page.click("[data-action=copyCommand]")
    page.locator("#said", has_text="Command copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == f"{first}\n{second}"


def test_another_resize_rule_asks_the_server_again(visit: Visit, port: int, tmp_path: Path) -> None:
    wide = tmp_path / "wide.png"
    assert cv2.imwrite(str(wide), cv2.imread(str(IMAGE))[:200])
    page = visit.look(wide)
    page.select_option("#resize", "1")
    page.locator("#settings", has_text="letterbox").wait_for()
    page.locator(".pane .time", has_text=" ms").wait_for()
    answer = httpx.post(
        f"http://127.0.0.1:{port}/detect?letter_box=1", content=wide.read_bytes(), timeout=30
    )
    assert visit.json() == answer.text


def test_what_can_be_saved(visit: Visit, detectors: dict[str, darknet_py.Detector]) -> None:
    page = visit.look()
    page.fill("#thresh", "0.02")
    page.fill("#nms", "0.9")
    result = detectors["shapes"](IMAGE, 0.02, 0.9)
    assert isinstance(result, darknet_py.Result)
    page.locator("#summary", has_text=f"{len(result)} objects").wait_for()
    assert saved(page, "saveJson", "shapes-2.json") == result.to_json(named=False).encode()
    lines = saved(page, "saveLabels", "shapes-2.txt").decode().splitlines()
    ours = [[float(word) for word in line.split()] for line in lines]
    theirs = [
        [result.boxes.class_id[row], *result.boxes.xywhn[row]] for row in sorted(result.best())
    ]
    assert np.allclose(ours, theirs, rtol=0, atol=1e-6) and len(ours) > 20
    data = np.frombuffer(saved(page, "savePicture", "shapes-2-boxes.png"), np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
    changed = np.abs(picture.astype(int) - cv2.imread(str(IMAGE))).max(axis=2) > 40
    assert picture.shape == (416, 416, 3)
    assert 0.05 < changed.mean() < 0.9


def saved(page: Any, action: str, name: str) -> bytes:
    with page.expect_download() as download:
        page.click(f"[data-action={action}]")
    assert download.value.suggested_filename == name
    return Path(download.value.path()).read_bytes()


def test_several_pictures(visit: Visit) -> None:
    page = visit.look(*(ROOT / "data" / f"shapes-{number}.jpg" for number in (1, 2, 3)))
    page.locator("#thumbs button").nth(2).wait_for()
    assert summary(page).endswith("in shapes-1.jpg")
    page.click("#thumbs button[aria-label='shapes-3.jpg']")
    page.locator("#summary", has_text="in shapes-3.jpg").wait_for()
    page.keyboard.press("b")
    page.locator("#summary", has_text="16 objects in shapes-2.jpg").wait_for()
    page.keyboard.press("n")
    page.keyboard.press("n")
    page.locator("#summary", has_text="in shapes-1.jpg").wait_for()
    page.click("text=Clear")
    page.wait_for_selector("body[data-mode=empty]")


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
    page.locator("#summary", has_text=".jpg").wait_for()
    assert "in camera-" in summary(page)
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
        page.locator("#summary", has_text="1 object in stream").wait_for()
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


def streaming(detector: darknet_py.Detector) -> Any:
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

    application = app(detector)
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
    assert page.text_content("#error-words") == said
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
    page.locator("#error", has_text="The server cannot use this: ").wait_for()
    visit.choose(IMAGE)
    page.wait_for_selector("#rows li")
    assert not page.is_visible("#error") and page.locator("#thumbs button").count() == 0


def test_a_picture_that_the_browser_cannot_show_comes_from_the_server(
    visit: Visit, tmp_path: Path
) -> None:
    path = tmp_path / "shapes.tif"
    assert cv2.imwrite(str(path), cv2.imread(str(IMAGE)))
    page = visit.look(path)
    assert summary(page) == "16 objects in shapes.tif"
    page.fill("#thresh", "0.6")
    page.locator("#summary", has_text="14 objects").wait_for()
    assert pixel(page, *on_canvas(page, 0.5, 0.31)) != pixel(page, *on_canvas(page, 0.9, 0.9))


def test_a_picture_lies_as_its_network_sees_it(browser: Any, visit: Visit, tmp_path: Path) -> None:
    """One that says that it was turned is turned for one fork and not for the other."""
    path = tmp_path / "turned.jpg"
    path.write_bytes(turned(cv2.imread(str(IMAGE))[:300]))
    shape = (
        "() => { const style = document.querySelector('canvas').style; return style.aspectRatio }"
    )
    page = visit.look(path)
    assert page.evaluate(shape) == "300 / 416"
    other = darknet_py.load(CFG, WEIGHTS, fork="pjreddie")
    with served(app(other)) as port:
        second = Visit(browser, port)
        assert second.look(path).evaluate(shape) == "416 / 300"
        second.close()


def turned(bgr: Any) -> bytes:
    """A JPEG whose EXIF says that the camera was held to its side (6)."""
    data = bytes(cv2.imencode(".jpg", bgr)[1])
    entry = b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00"
    tiff = b"MM\x00*\x00\x00\x00\x08\x00\x01" + entry + b"\x00\x00\x00\x00"
    segment = b"Exif\x00\x00" + tiff
    return data[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + data[2:]


def test_a_network_whose_rows_do_not_hold_every_choice_is_asked_again(
    visit: Visit, port: int
) -> None:
    def by_server(route: Any) -> None:
        answer = route.fetch()
        models = [{**model, "refilters": False} for model in answer.json()["models"]]
        route.fulfill(response=answer, json={**answer.json(), "models": models})

    visit.page.route("**/models", by_server)
    page = visit.look()
    assert visit.json() == detected(port).text
    page.fill("#thresh", "0.5")
    page.fill("#nms", "0.1")
    count = len(detected(port, thresh=0.5, nms=0.1).json()["objects"])
    page.locator("#summary", has_text=f"{count} objects").wait_for()
    page.locator(".pane .time", has_text=" ms").wait_for()
    assert visit.json() == detected(port, thresh=0.5, nms=0.1).text
    assert len([url for url in visit.sent if "detect?" in url]) == 2


def test_names_of_classes_are_text(visit: Visit) -> None:
    page = visit.open()
    page.check("text=hostile")
    page.uncheck("text=shapes")
    visit.choose(IMAGE)
    page.wait_for_selector("#rows li")
    assert HOSTILE in page.text_content("#rows") and HOSTILE in page.text_content("#classes")
    assert page.locator("aside img, aside script").count() == 0
    page.locator("#classes button", has_text=HOSTILE).click()
    page.locator("#summary", has_text="14 objects").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_has_one_column_and_nothing_to_scroll_sideways(
    browser: Any, port: int, scheme: str
) -> None:
    size = {"width": 390, "height": 844}
    visit = Visit(browser, port, viewport=size, color_scheme=scheme, has_touch=True)
    page = visit.open()
    wide = "document.documentElement.scrollWidth"
    assert page.evaluate(wide) == 390
    visit.choose(IMAGE)
    page.wait_for_selector("#rows li")
    page.check("text=default")
    page.locator(".pane .time", has_text=" ms").nth(1).wait_for()
    assert page.evaluate(wide) == 390
    picture, results = (page.locator(name).bounding_box() for name in ("#stage", "aside"))
    assert results["y"] >= picture["y"] + picture["height"] and results["width"] > 360
    small = """() => [...document.querySelectorAll("button, select, input, summary, #rows li, label")]
        .filter((one) => one.checkVisibility() && !one.matches("input[type=checkbox], label[for]"))
        .filter((one) => one.getBoundingClientRect().height < 39.5).map((one) => one.outerHTML)"""
    assert page.evaluate(small) == []
    visit.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_can_be_told_from_what_is_behind_them(browser: Any, port: int, scheme: str) -> None:
    """4.5 to 1, as WCAG asks of text."""
    visit = Visit(browser, port, color_scheme=scheme)
    page = visit.look()
    pairs = [("ink", "page"), ("ink", "card"), ("quiet", "card"), ("quiet", "page")]
    pairs += [("accent", "card"), ("on-accent", "accent"), ("bad", "bad-tint"), ("ink", "tint")]
    for ink, ground in pairs:
        assert contrast(page, ink, ground) >= 4.5, (ink, ground)
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(19, 22, 25)"
    assert dark == (scheme == "dark")
    visit.close()


def contrast(page: Any, *names: str) -> float:
    style = "getComputedStyle(document.documentElement).getPropertyValue"
    light = sorted(luminance(page.evaluate(f"{style}('--{name}')")) for name in names)
    return (light[1] + 0.05) / (light[0] + 0.05)


def luminance(colour: str) -> float:
    """Of #rrggbb, as WCAG has it."""
    shares = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return sum(weight * s for weight, s in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_everything_is_reached_and_done_by_keys(visit: Visit) -> None:
    page = visit.look()
    names = tabbed(page)
    for name in ["choose", "camera", "clear", "zoomIn", "fit", "savePicture", "copyJson", "help"]:
        assert name in names
    for name in ["canvas", "thresh", "nms", "resize", "rows", "summary", "allClasses", "cross"]:
        assert name in names
    page.focus("#thresh")
    page.keyboard.press("ArrowRight")
    assert page.text_content("#thresh-value") == "0.26"
    page.focus("#rows")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.get_attribute("#row-1", "aria-selected") == "true"
    assert page.get_attribute("#rows", "aria-activedescendant") == "row-1"
    page.keyboard.press("End")
    assert page.get_attribute("#row-15", "aria-selected") == "true"
    page.locator("#classes button", has_text="ring").focus()
    page.keyboard.press("Space")
    page.locator("#summary", has_text="14 objects").wait_for()
    assert page.evaluate("document.activeElement.dataset.name") == "ring"


def tabbed(page: Any) -> list[str]:
    """What Tab comes by, from here to the end and once around; all of it shows where it is."""
    script = """() => {
        const one = document.activeElement, { outlineStyle } = getComputedStyle(one);
        const name = one.dataset.action ?? one.dataset.name ?? (one.id || one.tagName.toLowerCase());
        return [name, outlineStyle];
    }"""
    names: list[str] = []
    while names.count("body") < 2 and len(names) < 120:
        page.keyboard.press("Tab")
        name, outline = page.evaluate(script)
        assert outline != "none" or name == "body", name
        names.append(name)
    return names


def test_the_keys_are_listed_and_can_be_turned_off(visit: Visit) -> None:
    page = visit.look()
    page.keyboard.press("?")
    page.wait_for_selector("#help:visible")
    assert page.locator("#keys kbd").all_text_contents()[:3] == ["o", "c", "s"]
    page.uncheck("#keys-on")
    page.keyboard.press("Escape")
    page.wait_for_selector("#help", state="hidden")
    page.keyboard.press("+")
    page.keyboard.press("?")
    assert page.text_content("#zoom") == "100 %" and not page.is_visible("#help")


def test_pointing_at_a_row_shows_its_box_and_the_other_way_round(visit: Visit) -> None:
    page = visit.look()
    inside = on_canvas(page, 0.18, 0.64)  # the hexagon
    box = page.locator(".pane canvas").bounding_box()
    page.mouse.move(box["x"] + inside[0] * box["width"], box["y"] + inside[1] * box["height"])
    page.locator("#rows li.lit", has_text="hexagon").wait_for()
    page.hover("#row-0")
    page.locator("#rows li.lit", has_text="cross").wait_for()


def test_what_was_found_is_told_to_who_listens(visit: Visit) -> None:
    page = visit.look()
    page.locator("#live", has_text="shapes-2.jpg, 16 objects found by shapes").wait_for(
        state="attached"
    )
    assert page.get_attribute("html", "lang") == "en"
    assert page.get_attribute("#live", "aria-live") == "polite"
    assert page.get_attribute("#error", "role") == "alert"
