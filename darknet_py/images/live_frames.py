"""Frames of what goes on by itself: a thread takes each as it comes, and hands out the newest."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field

from darknet_py.errors import ImageError
from darknet_py.images.frames import CaptureStats, PendingFrame, decoded_frame
from darknet_py.images.opencv_capture import Capture, Opener, decoded

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds before a stream that has stopped is opened again; doubled after each try."""
JOIN_SECONDS = 2.0
"""A thread that waits for a frame cannot be called back; it ends by itself a little later."""


class FrameBuffer:
    """Between the thread that captures and the one that asks: `limit` frames at the most.

    newest: a frame that comes in drives out those that wait, and is never waited with; otherwise
    whoever brings one waits until there is room.
    """

    def __init__(self, limit: int, newest: bool, stats: CaptureStats) -> None:
        self.limit = limit
        self.newest = newest
        self.stats = stats
        self._waiting: deque[PendingFrame] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._failure: BaseException | None = None

    @property
    def closed(self) -> bool:
        return self._closed

    def put(self, frame: PendingFrame) -> None:
        with self._changed:
            if self.newest:
                self.stats.dropped += len(self._waiting)
                self._waiting.clear()
            self._changed.wait_for(lambda: len(self._waiting) < self.limit or self._closed)
            self._waiting.append(frame)
            self._changed.notify_all()

    def take(self) -> PendingFrame | None:
        """The next frame, waited for; None once closed. Raises what the capturing thread died of,
        after the frames before."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if self._waiting and (self._failure or not self._closed):
                frame = self._waiting.popleft()
                self._changed.notify_all()
                return frame
            if self._failure is not None:
                raise self._failure
            return None

    def close(self, failure: BaseException | None = None) -> None:
        with self._changed:
            self._closed = True
            self._failure = self._failure or failure
            self._changed.notify_all()

    def closed_within(self, seconds: float) -> bool:
        """Waits so long for the end."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed, seconds)


@dataclass(eq=False)
class LiveReading:
    """One camera or stream, taken up again whenever it stops, until nobody wants it any more.

    name: for messages and frames. capture: open. reopen: opens it anew. frames_ahead: how many may
    wait where every frame counts; None: only the newest is kept. began: when the first frame came.
    pause: before it is opened again the next time. running: the thread has the capture.
    """

    name: str
    capture: Capture
    reopen: Opener
    frames_ahead: int | None = None
    stats: CaptureStats = field(default_factory=CaptureStats)
    began: float | None = None
    pause: float = field(init=False)
    running: bool = False

    def __post_init__(self) -> None:
        newest = self.frames_ahead is None
        self.pause = FIRST_PAUSE
        self.buffer = FrameBuffer(self.frames_ahead or 1, newest, self.stats)

    def stop(self) -> None:
        """Ends the frames, from whatever thread, also while one is waited for."""
        self.buffer.close()
        if not self.running:
            self.capture.release()

    def frames(self) -> Generator[PendingFrame, None, None]:
        """Frames as they are wanted; their numbers count those that came in, so that what was
        dropped is a gap, and their times go from when the first came."""
        self.running = True
        thread = threading.Thread(target=self._run, name="capture", daemon=True)
        thread.start()
        try:
            while (frame := self.buffer.take()) is not None:
                yield frame
        finally:
            self.buffer.close()
            thread.join(JOIN_SECONDS)

    def _run(self) -> None:
        try:
            while not self.buffer.closed:
                self._capture_all()
                self._take_up_again()
        except BaseException as failure:  # noqa: BLE001 - raised where frames are asked for
            self.buffer.close(failure)
        finally:
            self.capture.release()

    def _capture_all(self) -> None:
        """Frames until there is none."""
        while not self.buffer.closed:
            start = time.perf_counter()
            there = self.capture.grab()
            moment = time.monotonic()
            # Of each frame, also of those that nobody will take: at 1080p this is a third of what
            # grabbing costs, and who asks would otherwise have to wait for the next one.
            pixels = decoded(self.capture) if there else None
            self.stats.seconds += time.perf_counter() - start
            if not there:
                return
            number, self.stats.captured = self.stats.captured, self.stats.captured + 1
            if pixels is None:
                self.stats.broken += 1
                continue
            self.pause, self.stats.trouble = FIRST_PAUSE, ""
            self.began = moment if self.began is None else self.began
            self.buffer.put(decoded_frame(pixels, self.name, number, moment - self.began))

    def _take_up_again(self) -> None:
        """Opens what has stopped, with growing pauses, until it opens or nobody wants it."""
        self.capture.release()
        reason = f"stopped after {self.stats.captured} frames"
        while not self.buffer.closed:
            self.stats.trouble = reason
            logger.warning("%s: %s; it is opened again in %g s", self.name, reason, self.pause)
            if self.buffer.closed_within(self.pause):
                return
            self.pause = min(2 * self.pause, LONGEST_PAUSE)
            try:
                self.capture = self.reopen()
            except ImageError:
                reason = "cannot be opened"
            else:
                self.stats.reconnected += 1
                logger.warning("%s: is there again", self.name)
                return
