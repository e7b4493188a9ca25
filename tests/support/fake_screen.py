"""In place of OpenCV's windows: what was called, and the keys that are pressed in turn."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

NOT_BUILT = "OpenCV(5.0.0) window.cpp:582: error: (-2:Unspecified error) The function is not built"


class Screen:
    """What was called. keys: those that are pressed. closes_at_key: its user closes it then."""

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
        assert milliseconds in (1, 50)
        self.visible = 0.0 if self.closes_at_key else self.visible
        return self.keys.pop(0) if self.keys else -1

    def getWindowProperty(self, title: str, number: int) -> float:
        assert title and number == cv2.WND_PROP_VISIBLE
        return self.visible

    @property
    def shown(self) -> int:
        return sum(call[0] == "imshow" for call in self.calls)


def screen_of(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """In force until the test ends."""
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


def raising(failure: Exception) -> Callable[..., object]:
    def call(*values: object, **options: object) -> object:
        raise failure

    return call
