"""A window that shows the frames, where there is a display."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys

import cv2

from darknet_py.errors import OutputError
from darknet_py.images.io import Pixels
from darknet_py.video.output import OutputFrame

TITLE = "Demo"
LARGEST = (1352, 1013)
"""Pixels: the width and height of the window of both forks, whatever the frame's; here the most."""
END_KEYS = (27, ord("q"), ord("Q"))
"""ESC as in both forks."""
ENTER_KEYS = (10, 13)
NEXT_SKIP = {0: 60, 60: 4, 4: 0}
"""Enter in AlexeyAB's window: how many frames are passed over from then on."""

DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")
PROBE = "import cv2; cv2.namedWindow('probe'); cv2.waitKey(1); cv2.destroyAllWindows()"
PROBE_SECONDS = 30.0
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


class Window:
    """An output, for the main thread: see `no_window_reason` before one is made.

    skip: frames that are passed over after each that is shown, `-s`. ESC or q, and closing the
    window, ask for the end: see `wants_end`. Enter changes `skip`. fullscreen: the window takes the
    whole screen.
    """

    def __init__(self, skip: int = 0, fullscreen: bool = False) -> None:
        self.skip = skip
        self.fullscreen = fullscreen
        self._open = False
        self._ended = False
        self._passed = 0

    def wants_end(self) -> bool:
        """For `stop` of playback.play."""
        return self._ended

    def write(self, frame: OutputFrame) -> None:
        """Raises OutputError where the window cannot be opened or drawn."""
        try:
            if not self._closed():
                self._show_or_pass(frame)
                self._heed(cv2.waitKey(1))
        except cv2.error as failure:
            message = f"the window fails: {first_line(str(failure))}; go on without it: -dont_show"
            raise OutputError(message) from None

    def _closed(self) -> bool:
        """By its user, which ends the show; to draw on it would open it again."""
        self._ended = self._ended or (self._open and not is_visible())
        return self._ended

    def _show_or_pass(self, frame: OutputFrame) -> None:
        if self._open and self._passed < self.skip:
            self._passed += 1
            return
        self._passed = 0
        if not self._open:
            open_window(frame.image, self.fullscreen)
            self._open = True
        cv2.imshow(TITLE, frame.image)

    def _heed(self, key: int) -> None:
        """The low byte: some systems add the state of NumLock and the like."""
        pressed = key & 0xFF if key >= 0 else key
        self._ended = pressed in END_KEYS or self._closed()
        if pressed in ENTER_KEYS:
            self.skip = NEXT_SKIP.get(self.skip, 0)

    def close(self) -> None:
        if self._open:
            with contextlib.suppress(cv2.error):  # closed by its user
                cv2.destroyWindow(TITLE)
                cv2.waitKey(1)
        self._open = False


def is_visible() -> bool:
    try:
        return cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) >= 1
    except cv2.error:  # Qt has nobody to ask once the last window is gone
        return False


def open_window(image: Pixels, fullscreen: bool = False) -> None:
    """In the shape of the image, no larger than LARGEST; or over the whole screen."""
    height, width = image.shape[:2]
    scale = min(1.0, LARGEST[0] / width, LARGEST[1] / height)
    cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO)
    cv2.resizeWindow(TITLE, max(1, round(width * scale)), max(1, round(height * scale)))
    if fullscreen:
        cv2.setWindowProperty(TITLE, cv2.WND_PROP_FULLSCREEN, cv2.WINDOW_FULLSCREEN)
