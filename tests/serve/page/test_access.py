"""The page on a phone, in the dark, by keys alone, and for who listens."""

from __future__ import annotations

from typing import Any

import pytest
from support.page_visit import IMAGE, Visit, on_canvas

pytestmark = pytest.mark.slow


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
    small = """() => {
        const touched = "button, select, input, summary, #rows li, label";
        return [...document.querySelectorAll(touched)]
        .filter((one) => one.checkVisibility() && !one.matches("input[type=checkbox], label[for]"))
        .filter((one) => one.getBoundingClientRect().height < 39.5).map((one) => one.outerHTML) }"""
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
    page.locator("#thresh-value", has_text="0.26").wait_for()
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
        const other = one.id || one.tagName.toLowerCase();
        const name = one.dataset.action ?? one.dataset.name ?? other;
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


def test_two_fingers_zoom_and_one_scrolls_the_page(browser: Any, port: int) -> None:
    size = {"width": 390, "height": 844}
    visit = Visit(browser, port, viewport=size, has_touch=True, is_mobile=True)
    page = visit.look()
    box = page.locator(".pane canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = visit.context.new_cdp_session(page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", (x - 30, y))
    touch("touchStart", (x - 30, y), (x + 30, y))
    for step in range(1, 11):
        touch("touchMove", (x - 30 - 6 * step, y), (x + 30 + 6 * step, y))
    touch("touchEnd")
    page.locator("#zoom", has_text="300 %").wait_for()
    assert page.evaluate("visualViewport.scale") == 1
    page.click("text=Fit")
    page.locator("#zoom", has_text="100 %").wait_for()
    touch("touchStart", (x, y))
    for step in range(1, 8):
        touch("touchMove", (x, y - 20 * step))
    touch("touchEnd")
    while not page.evaluate("scrollY"):
        page.wait_for_timeout(20)
    visit.close()
