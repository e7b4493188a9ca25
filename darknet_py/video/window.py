"""A window that shows the frames, where there is a display."""

from __future__ import annotations

import contextlib

import cv2

from darknet_py.errors import OutputError
from darknet_py.images.display import TITLE, first_line, is_visible, open_window
from darknet_py.video.output import OutputFrame

END_KEYS = (27, ord("q"), ord("Q"))
"""ESC as in both forks."""
ENTER_KEYS = (10, 13)
NEXT_SKIP = {0: 60, 60: 4, 4: 0}
"""Enter in AlexeyAB's window: how many frames are passed over from then on."""


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

    def idle(self) -> None:
        """While no frame comes: keys are heard, and the window can be moved and closed."""
        if self._open and not self._closed():
            with contextlib.suppress(cv2.error):
                self._heed(cv2.waitKey(1))

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
