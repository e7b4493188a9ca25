"""Windows on a display, where there is one: how one is opened, and why it cannot be."""

from __future__ import annotations

import os
import subprocess
import sys

import cv2

from darknet_py.errors import DarknetError
from darknet_py.images.io import Pixels

TITLE = "Demo"
LARGEST = (1352, 1013)
"""Pixels: the width and height of the window of both forks, whatever the frame's; here the most."""
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")
PROBE = "import cv2; cv2.namedWindow('probe'); cv2.waitKey(1); cv2.destroyAllWindows()"
PROBE_SECONDS = 30.0
WAIT_MILLISECONDS = 50
ALWAYS_A_DISPLAY = ("darwin", "win32", "cygwin")
"""Platforms on which what lacks is only OpenCV's part, and it says so with an exception."""


def no_window_reason() -> str:
    """Why no window can be opened, in one line without an end; "" where one can.

    Qt, which OpenCV draws with on Linux, ends the process when it cannot reach the display: it is
    tried in another process first, which takes half a second.
    """
    if sys.platform in ALWAYS_A_DISPLAY:
        return _tried_here()
    if not any(os.environ.get(name) for name in DISPLAYS):
        return f"no display ({' and '.join(DISPLAYS)} are not set)"
    return _tried_apart()


def _tried_here() -> str:
    try:
        cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL)
        cv2.destroyWindow(TITLE)
    except cv2.error as failure:
        return f"OpenCV opens none: {first_line(str(failure))}"
    return ""


def _tried_apart() -> str:
    command = [sys.executable, "-c", PROBE]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PROBE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"the display does not answer within {PROBE_SECONDS:g} seconds"
    except OSError as failure:
        return f"the display cannot be tried: {failure.strerror}"
    return "" if done.returncode == 0 else f"OpenCV opens none: {probe_words(done.stderr)}"


def probe_words(stderr: str) -> str:
    """What is said first, or of an exception last."""
    if "Traceback" in stderr:
        raised = [line for line in stderr.splitlines() if "error" in line]
        return first_line("\n".join(raised))
    return first_line(stderr)


def first_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines()]
    return next(filter(None, lines), "no reason is given")


def is_visible(title: str = TITLE) -> bool:
    """Whether a window is open, and not closed by its user."""
    try:
        return cv2.getWindowProperty(title, cv2.WND_PROP_VISIBLE) >= 1
    except cv2.error:  # Qt has nobody to ask once the last window is gone
        return False


def open_window(image: Pixels, fullscreen: bool = False, title: str = TITLE) -> None:
    """In the shape of the image, no larger than LARGEST; or over the whole screen."""
    height, width = image.shape[:2]
    scale = min(1.0, LARGEST[0] / width, LARGEST[1] / height)
    cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO)
    cv2.resizeWindow(title, max(1, round(width * scale)), max(1, round(height * scale)))
    if fullscreen:
        cv2.setWindowProperty(title, cv2.WND_PROP_FULLSCREEN, cv2.WINDOW_FULLSCREEN)


def show_until_closed(image: Pixels, title: str = TITLE) -> None:
    """The image (H, W, 3) BGR in a window of its own, until a key is pressed or it is closed.

    Raises DarknetError where no window can be opened.
    """
    if reason := no_window_reason():
        raise DarknetError(f"no window: {reason}; write the image to a file instead")
    try:
        open_window(image, title=title)
        cv2.imshow(title, image)
        while cv2.waitKey(WAIT_MILLISECONDS) < 0 and is_visible(title):
            pass
        cv2.destroyWindow(title)
    except cv2.error as failure:
        raise DarknetError(f"the window fails: {first_line(str(failure))}") from None
