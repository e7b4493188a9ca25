"""Pictures on the page: how they come there, what is shown of them and what can be taken away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from support.page_visit import (
    CFG,
    HOSTILE,
    IMAGE,
    ROOT,
    WEIGHTS,
    Visit,
    detected,
    dropped,
    on_canvas,
    pixel,
    summary,
)
from support.served import served

import darknet_py
from darknet_py.serve import app

pytestmark = pytest.mark.slow


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
