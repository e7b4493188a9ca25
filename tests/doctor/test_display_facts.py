"""Whether a window can be opened."""

from __future__ import annotations

import cv2
import pytest

from darknet_py.doctor import display_facts
from darknet_py.doctor.display_facts import NO_BACKEND, display


@pytest.mark.parametrize("reason", ["", "no display"])
def test_the_reason_is_told(reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", "host:0")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(display_facts, "no_window_reason", lambda: reason)
    monkeypatch.setattr(cv2, "currentUIFramework", lambda: "QT", raising=False)
    assert display().facts == {
        "DISPLAY": True,
        "WAYLAND_DISPLAY": False,
        "window_backend": "QT",
        "window": reason == "",
        "no_window_reason": reason or None,
    }


def test_opencv_without_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    def headless() -> str:
        raise cv2.error("not implemented")

    monkeypatch.setattr(display_facts, "no_window_reason", lambda: "none")
    monkeypatch.setattr(cv2, "currentUIFramework", headless, raising=False)
    assert display().facts["window_backend"] == NO_BACKEND
    monkeypatch.delattr(cv2, "currentUIFramework")
    assert display().facts["window_backend"] == NO_BACKEND
