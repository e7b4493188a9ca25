"""The source of the live stream: taken at its own pace, and taken up again when it is over."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import replace
from typing import Any

from darknet_py.errors import DarknetError, DataError
from darknet_py.images.capture import CaptureOptions
from darknet_py.images.frames import FrameSource, PendingFrame
from darknet_py.images.moving_names import PIPE, is_video_file, source_name
from darknet_py.images.sources import PLAIN, open_source

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds before what has failed is tried again; doubled after each try."""
USUAL_FPS = 30.0
"""Of a file that does not tell."""
LONGEST_SKIP = 1.0
"""Seconds of a video that are passed over at the most before a frame is shown, however late."""


class LiveSource:
    """Frames for as long as anybody wants them; opened as it stands, or as `open_live` does.

    name: for messages. label: for viewers, whom folders, addresses and users are no concern of.
    first: open. reopen: opens it anew where that can be, as a file that has
    come to its end or a camera that has failed; raises DarknetError. every_frame: of a video that
    is shown too slowly no frame is left out. trouble: why there are no frames now, "" while there
    are.
    """

    def __init__(
        self,
        name: str,
        first: FrameSource,
        reopen: Callable[[], FrameSource] | None = None,
        every_frame: bool = False,
        label: str = "stream",
    ) -> None:
        self.name = name
        self.label = label
        self.fps = first.fps
        self.every_frame = every_frame
        self._reopen = reopen
        self._next: FrameSource | None = first
        self._current = first
        self._stopped = threading.Event()
        self._pause = FIRST_PAUSE
        self._trouble = ""

    @property
    def over(self) -> bool:
        """No frame will ever come again."""
        return self._stopped.is_set() or (self._next is None and self._reopen is None)

    @property
    def trouble(self) -> str:
        stats = self._current.stats
        return self._trouble or (stats.trouble if stats else "")

    def frames(self) -> FrameSource:
        """The frames from now on. Only `stop` stops them from another thread."""
        return FrameSource(self._frames(), live=True, fps=self.fps)

    def stop(self) -> None:
        """Ends the frames for good, from whatever thread, also while one is waited for."""
        self._stopped.set()
        self._current.stop()

    def fail(self, reason: str) -> None:
        """There is no frame because of that: it is said once, and then waited for a while."""
        if self._stopped.is_set():
            return
        if reason != self._trouble:
            again = "" if self.over else "; it is tried again and again"
            logger.warning("%s: %s%s", self.name, reason, again)
        self._trouble = reason
        if not self.over:
            self._stopped.wait(self._pause)
            self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def recover(self) -> None:
        """A frame has been shown."""
        if self._trouble:
            logger.warning("%s: is there again", self.name)
        self._trouble, self._pause = "", FIRST_PAUSE

    def _frames(self) -> Generator[PendingFrame, None, None]:
        while not self.over:
            source, count, reason = self._opened(), 0, "gives no frames"
            if source is None:
                continue
            try:
                with closing(source):
                    for frame in self._paced(source):
                        count += 1
                        yield frame
            except Exception as failure:  # noqa: BLE001 - whatever a caller's own source raises
                count, reason = 0, said(failure)
            if not count:
                self.fail(reason)

    def _opened(self) -> FrameSource | None:
        """None: it could not be opened, and some time has passed."""
        source, self._next = self._next, None
        if source is None and self._reopen is not None:
            try:
                source = self._reopen()
            except DarknetError as error:
                self.fail(said(error).removeprefix(f"{self.name}: "))
                return None
        self._current = source or self._current
        if self._stopped.is_set():  # while it was opened
            self._current.stop()
        return source

    def _paced(self, source: FrameSource) -> Generator[PendingFrame, None, None]:
        """What does not go on by itself, such as a file, at the speed that its times tell."""
        if source.live or source.endless:
            yield from source.frames
            return
        pace = Pace(self._stopped.wait, self.every_frame)
        for count, frame in enumerate(source.frames):
            moment = frame.time
            if moment is None and self._reopen is not None:
                moment = count / USUAL_FPS
            if moment is None or pace.shows(moment):
                yield frame
            elif source.stats is not None:
                source.stats.dropped += 1
            if self._stopped.is_set():
                return
        pace.end(1 / (source.fps or USUAL_FPS))


class Pace:
    """When each frame of a video is to be seen, by its time in seconds.

    wait: so many seconds. every_frame: none is passed over; then a network that is too slow makes
    it play slowly.
    """

    def __init__(self, wait: Callable[[float], object], every_frame: bool = False) -> None:
        self._wait = wait
        self._every_frame = every_frame
        self._start: float | None = None
        self._shown = self._last = 0.0

    def shows(self, moment: float) -> bool:
        """Whether the frame of this moment is shown, which is waited for; False where it is so late
        that the next one is due."""
        now = time.monotonic()
        if self._start is None:
            self._start, self._shown = now - moment, moment
        late = now - self._start - moment
        spacing, self._last = moment - self._last, moment
        if late < 0:
            self._wait(-late)
        elif not self._every_frame and spacing < late and moment - self._shown < LONGEST_SKIP:
            return False
        elif late > LONGEST_SKIP:
            self._start = now - moment
        self._shown = moment
        return True

    def end(self, seconds: float) -> None:
        """The last frame is to be seen for so long."""
        if self._start is not None:
            self._wait(max(0.0, self._start + self._last + seconds - time.monotonic()))


def open_live(asked: Any, capture: CaptureOptions = PLAIN) -> LiveSource:
    """A path of a video, the number of a camera, an address, "-", an open file, a generator of
    arrays, or a FrameSource that is open. The image behind an address is taken for a camera's.

    Raises ImageError for what does not open, DataError for images that do not move.
    """
    if isinstance(asked, FrameSource):
        return LiveSource("stream", asked, every_frame=capture.every_frame)
    capture = replace(capture, snapshots=True)
    named = isinstance(asked, (str, os.PathLike, int))
    name = source_name(os.fspath(asked)) if isinstance(asked, (str, os.PathLike)) else "stream"
    first = open_source(asked, capture)
    if not first.moving and first.length is not None:
        first.close()
        raise DataError(
            f"{name}: does not move; stream a video, a camera (its number) or an address"
        )
    reopen = (lambda: open_source(asked, capture)) if named and asked != PIPE else None
    label = os.path.basename(name) if named and is_video_file(name) else "stream"
    return LiveSource(name, first, reopen, capture.every_frame, label)


def said(failure: Exception) -> str:
    """In one line; what is no error of ours is said with its kind."""
    words = " ".join(str(failure).split())
    return words if isinstance(failure, DarknetError) else f"{type(failure).__name__}: {words}"
