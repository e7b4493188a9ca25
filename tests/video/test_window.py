"""A window: what is asked of OpenCV, keys, and one line where there can be none."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
from support.small_result import result

from darknet_py.errors import OutputError
from darknet_py.video import window
from darknet_py.video.output import OutputFrame
from darknet_py.video.window import Window, no_window_reason

NOT_BUILT = "OpenCV(5.0.0) window.cpp:582: error: (-2:Unspecified error) The function is not built"


class Screen:
    """In place of OpenCV's windows: what was called, and the keys that are pressed in turn."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.keys: list[int] = []
        self.visible = 1.0
        self.closes_at_key = False

    def imshow(self, title: str, image: np.ndarray) -> None:
        self.calls.append(("imshow", title, image.shape))

    def namedWindow(self, title: str, flags: int = 1) -> None:
        self.calls.append(("namedWindow", title, flags))

    def resizeWindow(self, title: str, width: int, height: int) -> None:
        self.calls.append(("resizeWindow", title, width, height))

    def setWindowProperty(self, title: str, number: int, value: int) -> None:
        self.calls.append(("setWindowProperty", title, number, value))

    def destroyWindow(self, title: str) -> None:
        self.calls.append(("destroyWindow", title))

    def waitKey(self, milliseconds: int) -> int:
        assert milliseconds == 1
        self.visible = 0.0 if self.closes_at_key else self.visible
        return self.keys.pop(0) if self.keys else -1

    def getWindowProperty(self, title: str, number: int) -> float:
        assert (title, number) == ("Demo", cv2.WND_PROP_VISIBLE)
        return self.visible

    @property
    def shown(self) -> int:
        return sum(call[0] == "imshow" for call in self.calls)


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    made = Screen()
    for name in (
        "imshow",
        "namedWindow",
        "resizeWindow",
        "destroyWindow",
        "setWindowProperty",
        "waitKey",
        "getWindowProperty",
    ):
        monkeypatch.setattr(cv2, name, getattr(made, name))
    return made


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


def raising(failure: Exception) -> Callable[..., object]:
    def call(*values: object, **options: object) -> object:
        raise failure

    return call


@pytest.fixture
def linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window.sys, "platform", "linux")
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)


def test_without_a_display_nothing_is_tried(linux: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY")
    monkeypatch.setattr(subprocess, "run", raising(AssertionError()))
    assert no_window_reason() == "no display (DISPLAY and WAYLAND_DISPLAY are not set)"


@pytest.mark.parametrize("variable", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_a_display_is_tried_in_another_process(
    linux: None, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.delenv("DISPLAY")
    monkeypatch.setenv(variable, "x")
    commands = []

    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        commands.append((command, options["timeout"]))
        return subprocess.CompletedProcess(command, 0, "", "a warning")

    monkeypatch.setattr(subprocess, "run", run)
    assert no_window_reason() == ""
    assert commands == [([sys.executable, "-c", window.PROBE], 30.0)]


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (
            "import os, sys; sys.stderr.write('\\nqt: no display\\nmore\\n'); "
            "sys.stderr.flush(); os.abort()",
            "OpenCV opens none: qt: no display",
        ),
        (f"raise SystemError({NOT_BUILT!r})", f"OpenCV opens none: SystemError: {NOT_BUILT}"),
        ("raise SystemExit(3)", "OpenCV opens none: no reason is given"),
        ("import time; time.sleep(60)", "the display does not answer within 0.2 seconds"),
    ],
)
def test_a_display_that_cannot_be_used(
    linux: None, monkeypatch: pytest.MonkeyPatch, program: str, reason: str
) -> None:
    monkeypatch.setattr(window, "PROBE", program)
    if "sleep" in program:
        monkeypatch.setattr(window, "PROBE_SECONDS", 0.2)
    assert no_window_reason() == reason


def test_another_process_cannot_be_started(linux: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window.sys, "executable", "/no/such/python")
    assert no_window_reason() == "the display cannot be tried: No such file or directory"


def test_where_there_always_is_a_display_it_is_tried_here(
    screen: Screen, linux: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", raising(AssertionError()))
    monkeypatch.setattr(window.sys, "platform", "darwin")
    assert no_window_reason() == ""
    assert [call[0] for call in screen.calls] == ["namedWindow", "destroyWindow"]
    monkeypatch.setattr(cv2, "namedWindow", raising(cv2.error(NOT_BUILT)))
    assert no_window_reason() == f"OpenCV opens none: {NOT_BUILT}"


@pytest.mark.parametrize("fullscreen", [True, False])
def test_a_window_may_take_the_whole_screen(screen: Screen, fullscreen: bool) -> None:
    Window(fullscreen=fullscreen).write(frame())
    full = ("setWindowProperty", "Demo", cv2.WND_PROP_FULLSCREEN, cv2.WINDOW_FULLSCREEN)
    assert (full in screen.calls) == fullscreen
