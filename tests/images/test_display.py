"""Whether there is a display, and an image shown on it."""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest
from support.fake_screen import NOT_BUILT, Screen, raising, screen_of

from darknet_py.errors import DarknetError
from darknet_py.images import display
from darknet_py.images.display import no_window_reason, show_until_closed


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    return screen_of(monkeypatch)


@pytest.fixture
def linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display.sys, "platform", "linux")
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
    assert commands == [([sys.executable, "-c", display.PROBE], 30.0)]


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
    monkeypatch.setattr(display, "PROBE", program)
    if "sleep" in program:
        monkeypatch.setattr(display, "PROBE_SECONDS", 0.2)
    assert no_window_reason() == reason


def test_another_process_cannot_be_started(linux: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display.sys, "executable", "/no/such/python")
    assert no_window_reason() == "the display cannot be tried: No such file or directory"


def test_where_there_always_is_a_display_it_is_tried_here(
    screen: Screen, linux: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", raising(AssertionError()))
    monkeypatch.setattr(display.sys, "platform", "darwin")
    assert no_window_reason() == ""
    assert [call[0] for call in screen.calls] == ["namedWindow", "destroyWindow"]
    monkeypatch.setattr(cv2, "namedWindow", raising(cv2.error(NOT_BUILT)))
    assert no_window_reason() == f"OpenCV opens none: {NOT_BUILT}"


def test_an_image_is_shown_until_a_key_is_pressed(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(display, "no_window_reason", lambda: "")
    screen.keys = [-1, -1, 32]
    show_until_closed(np.zeros((30, 40, 3), np.uint8), "a.jpg")
    assert [call[:2] for call in screen.calls] == [
        ("namedWindow", "a.jpg"),
        ("resizeWindow", "a.jpg"),
        ("imshow", "a.jpg"),
        ("destroyWindow", "a.jpg"),
    ]
    assert screen.keys == []


def test_an_image_is_shown_until_its_window_is_closed(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(display, "no_window_reason", lambda: "")
    screen.closes_at_key = True
    show_until_closed(np.zeros((30, 40, 3), np.uint8))
    assert screen.shown == 1


def test_without_a_display_an_image_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "no_window_reason", lambda: "no display")
    with pytest.raises(DarknetError, match="^no window: no display; write the image to a file"):
        show_until_closed(np.zeros((3, 4, 3), np.uint8))
