"""A window: what is asked of OpenCV, keys, and one line where there can be none."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from support.fake_screen import NOT_BUILT, Screen, raising, screen_of
from support.small_result import result

from darknet_py.errors import OutputError
from darknet_py.video.output import OutputFrame
from darknet_py.video.window import Window


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    return screen_of(monkeypatch)


def frame(width: int = 200, height: int = 100) -> OutputFrame:
    image = np.zeros((height, width, 3), np.uint8)
    return OutputFrame(1, replace(result(), image=image), lambda found: found.image)


def test_frames_are_shown_in_one_window_that_is_closed_at_the_end(screen: Screen) -> None:
    shown = Window()
    assert screen.calls == []
    shown.write(frame())
    shown.write(frame())
    assert not shown.wants_end()
    shown.close()
    shown.close()
    flags = cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO
    assert screen.calls == [
        ("namedWindow", "Demo", flags),
        ("resizeWindow", "Demo", 200, 100),
        ("imshow", "Demo", (100, 200, 3)),
        ("imshow", "Demo", (100, 200, 3)),
        ("destroyWindow", "Demo"),
    ]


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [(2704, 1000, (1352, 500)), (4000, 2026, (1352, 685)), (500, 2026, (250, 1013))],
)
def test_a_large_frame_gets_a_window_that_fits(
    screen: Screen, width: int, height: int, expected: tuple[int, int]
) -> None:
    Window().write(frame(width, height))
    assert screen.calls[1] == ("resizeWindow", "Demo", *expected)


@pytest.mark.parametrize("key", [27, ord("q"), ord("Q"), 0x10001B])
def test_keys_that_end_the_show(screen: Screen, key: int) -> None:
    """The last one is ESC as OpenCV 2 gave it with NumLock on."""
    shown = Window()
    screen.keys = [-1, ord("x"), key]
    ends = []
    for _ in range(3):
        shown.write(frame())
        ends.append(shown.wants_end())
    assert ends == [False, False, True]
    shown.write(frame())
    assert screen.shown == 3


@pytest.mark.parametrize("shown_last", [False, True])
def test_a_window_that_is_closed_ends_the_show_and_is_not_opened_again(
    screen: Screen, shown_last: bool
) -> None:
    """Closed while it waits for keys, or before the next frame comes."""
    shown = Window()
    shown.write(frame())
    if shown_last:
        screen.closes_at_key = True
    else:
        screen.visible = 0.0
    shown.write(frame())
    assert shown.wants_end()
    shown.write(frame())
    assert screen.shown == 1 + shown_last
    assert sum(call[0] == "namedWindow" for call in screen.calls) == 1


def test_a_window_that_nobody_knows_any_more_is_closed(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = Window()
    shown.write(frame())
    monkeypatch.setattr(cv2, "getWindowProperty", raising(cv2.error("NULL guiReceiver")))
    shown.write(frame())
    assert shown.wants_end() and screen.shown == 1


def test_frames_that_are_passed_over_are_not_drawn_but_keys_are_heard(screen: Screen) -> None:
    shown = Window(skip=2)
    passed = [OutputFrame(number, result(), never) for number in (2, 3, 5, 6)]
    for written in (frame(), *passed[:2], frame(), *passed[2:]):
        shown.write(written)
    assert screen.shown == 2
    screen.keys = [27]
    shown.write(frame())
    assert shown.wants_end()


def never(found: object) -> np.ndarray:
    raise AssertionError("nobody sees it")


def test_enter_changes_how_many_are_passed_over(screen: Screen) -> None:
    shown = Window()
    skips = []
    for key in (13, 10, 13, 13):
        screen.keys = [key]
        shown.write(frame())
        skips.append(shown.skip)
    assert skips == [60, 4, 0, 60]
    other = Window(skip=7)
    screen.keys = [13]
    other.write(frame())
    assert other.skip == 0


def test_a_window_that_fails_is_an_error_of_one_line(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cv2, "imshow", raising(cv2.error(f"{NOT_BUILT}\nand more")))
    shown = Window()
    with pytest.raises(OutputError) as raised:
        shown.write(frame())
    assert str(raised.value) == f"the window fails: {NOT_BUILT}; go on without it: -dont_show"
    monkeypatch.setattr(cv2, "destroyWindow", raising(cv2.error("closed already")))
    shown.close()


@pytest.mark.parametrize("fullscreen", [True, False])
def test_a_window_may_take_the_whole_screen(screen: Screen, fullscreen: bool) -> None:
    Window(fullscreen=fullscreen).write(frame())
    full = ("setWindowProperty", "Demo", cv2.WND_PROP_FULLSCREEN, cv2.WINDOW_FULLSCREEN)
    assert (full in screen.calls) == fullscreen


def test_keys_are_heard_while_no_frame_comes(screen: Screen) -> None:
    shown = Window()
    shown.idle()
    assert screen.calls == []
    shown.write(frame())
    shown.idle()
    assert not shown.wants_end()
    screen.keys = [27]
    shown.idle()
    assert shown.wants_end()
