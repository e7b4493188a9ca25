"""Whether a window can be opened, and by what."""

from __future__ import annotations

import os

import cv2

from darknet_py.doctor.section import Examined, Fact
from darknet_py.images.display import DISPLAYS, no_window_reason

NO_BACKEND = "none (headless OpenCV)"


def display() -> Examined:
    """window: "" where one can be opened, else why not. Displays are only said to be set: their
    names may hold that of a machine."""
    facts: dict[str, Fact] = {name: bool(os.environ.get(name)) for name in DISPLAYS}
    reason = no_window_reason()
    return Examined(
        facts
        | {"window_backend": _backend(), "window": not reason, "no_window_reason": reason or None}
    )


def _backend() -> str:
    """Qt, GTK, Cocoa ... as OpenCV calls it."""
    try:
        return str(cv2.currentUIFramework()) or NO_BACKEND
    except (AttributeError, cv2.error):  # before 4.5.7, and where it is headless
        return NO_BACKEND
