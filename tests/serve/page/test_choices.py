"""What is chosen on the page: it shows then what the server would say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import httpx
import pytest
from support.page_visit import IMAGE, Visit, detected, summary

import darknet_py

pytestmark = pytest.mark.slow


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
    assert len([url for url in visit.sent if "detect?" in url]) > 1


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
    start = "darknet-py detect greedynms.cfg shapes.weights "
    rest = "'it'\\''s here.jpg' -thresh 0.60 -nms 0.45 -letter_box"
    assert (first, second) == (f"{start}{rest}", f"{start}{rest} --fork pjreddie")
    page.click("[data-action=copyCommand]")
    page.locator("#said", has_text="Command copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == f"{first}\n{second}"
