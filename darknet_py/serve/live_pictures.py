"""The newest frame as a picture, drawn and encoded once for all who look, and only while any do."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from darknet_py.serve.live_source import said
from darknet_py.video.broadcast import Broadcast, DroppingQueue
from darknet_py.video.mjpeg_server import MOST_FPS, jpeg_bytes, part_bytes
from darknet_py.video.output import OutputFrame

logger = logging.getLogger(__name__)


class LivePictures:
    """Parts of an MJPEG stream, made by a thread of their own that sleeps while nobody looks.

    most_fps: pictures a second at the most. made: how many were. trouble: why the last frame could
    not be made a picture, "" where it was.
    """

    def __init__(self, most_fps: float = MOST_FPS) -> None:
        self.made = 0
        self.trouble = ""
        self._seconds = 1 / most_fps
        self._due = 0.0
        self._parts: Broadcast[bytes] = Broadcast(depth=1)
        self._changed = threading.Condition()
        self._frame: OutputFrame | None = None
        self._newest: bytes | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="stream pictures", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def show(self, frame: OutputFrame) -> None:
        """Never waits; takes the place of a frame that nobody was quick enough to see."""
        with self._changed:
            self._frame, self._newest = frame, None
            self._changed.notify_all()

    def join(self, changed: Callable[[], object]) -> DroppingQueue[bytes]:
        """As Broadcast.join: a new viewer begins with the newest frame, if there is one."""
        with self._changed:
            queue = self._parts.join(changed)
            if self._newest is not None:
                queue.put(self._newest)
            self._changed.notify_all()
        return queue

    def leave(self, queue: DroppingQueue[bytes]) -> None:
        self._parts.leave(queue)

    @property
    def readers(self) -> int:
        return self._parts.readers

    @property
    def dropped(self) -> int:
        """Pictures that viewers were too slow for."""
        return self._parts.dropped

    def close(self) -> None:
        """Viewers may take what waits for them, and then there is no more. Waits for nothing."""
        with self._changed:
            self._closed = True
            self._frame = None
            self._parts.close()
            self._changed.notify_all()

    def join_thread(self, seconds: float) -> None:
        if self._thread.ident is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        while (frame := self._wanted()) is not None:
            try:
                part = part_bytes(jpeg_bytes(frame.image))
            except Exception as failure:  # noqa: BLE001 - the next frame may be another one
                self._fail(said(failure))
                continue
            self.made, self.trouble = self.made + 1, ""
            with self._changed:
                # A newer frame that came meanwhile is what the next viewer begins with.
                self._newest = part if self._frame is None else None
                self._parts.publish(part)

    def _wanted(self) -> OutputFrame | None:
        """The newest frame that somebody wants to see, waited for; None once closed."""
        with self._changed:
            pause = max(0.0, self._due - time.monotonic())
            self._changed.wait_for(lambda: self._closed, pause)
            self._changed.wait_for(lambda: self._closed or (self._frame and self._parts.readers))
            now = time.monotonic()
            # Not from now on: of a source that is a little late that would show every second frame.
            self._due = max(self._due, now - self._seconds / 2) + self._seconds
            frame, self._frame = self._frame, None
            return frame

    def _fail(self, reason: str) -> None:
        if reason != self.trouble:
            logger.warning("stream: %s", reason)
        self.trouble = reason
