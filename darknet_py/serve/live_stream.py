"""One moving image for all who look: through the network once, and out as pictures and as JSON."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace

from darknet_py.detect.detector import Detector
from darknet_py.detect.pipeline import PipelineOptions
from darknet_py.detect.result import Result
from darknet_py.detect.tracking import Tracker
from darknet_py.files import encoded
from darknet_py.images.fitted_images import InputSpec
from darknet_py.images.frames import FrameSource
from darknet_py.options.serving import QueryOptions
from darknet_py.serve.live_pictures import LivePictures
from darknet_py.serve.live_source import LiveSource, said
from darknet_py.video.broadcast import Broadcast
from darknet_py.video.followed import Following
from darknet_py.video.frame_rate import MEAN_SECONDS, FrameRate
from darknet_py.video.json_files import frame_line
from darknet_py.video.json_server import MOST_WAITING
from darknet_py.video.output import OutputFrame

logger = logging.getLogger(__name__)

JOIN_SECONDS = 2.0
"""For the threads to end; one that waits for a frame of a caller's generator cannot be told to."""


@dataclass(frozen=True)
class StreamState:
    """frames: that went through the network so far. fps: of these a second now. viewers: who look
    or read now. pictures: that were drawn and encoded. dropped: pictures and lines that viewers
    were too slow for. trouble: why no frames come, "" while they do. ended: none will come again.
    """

    frames: int
    fps: float
    viewers: int
    pictures: int
    dropped: int
    trouble: str
    ended: bool


class LiveStream:
    """A source behind a network, from `start` to `stop`.

    pictures: parts of an MJPEG stream. lines: of each frame, as `--json-lines` writes them.
    entries: as in AlexeyAB's array of JSON. What nobody takes is not made.
    """

    def __init__(
        self,
        detector: Detector,
        source: LiveSource,
        options: QueryOptions | None = None,
        track: bool = False,
    ) -> None:
        """options: which boxes are shown. track: objects get numbers that stay. Raises DarknetError
        where the package trackers is missing for that."""
        self.detector = detector
        self.source = source
        self.options = options or QueryOptions()
        self.following = Following(tracker=Tracker(source.fps) if track else None)
        self.pictures = LivePictures()
        self.lines: Broadcast[bytes] = Broadcast(MOST_WAITING)
        self.entries: Broadcast[bytes] = Broadcast(MOST_WAITING)
        self._frames = 0
        self._rate = FrameRate()
        self._shown = 0.0
        self._ended = False
        self._lock = threading.Lock()
        self._started = False
        self._thread = threading.Thread(target=self._run, name="stream", daemon=True)

    @property
    def state(self) -> StreamState:
        """As it is now; from any thread."""
        feeds = self.pictures, self.lines, self.entries
        moving = time.monotonic() - self._shown < MEAN_SECONDS
        return StreamState(
            frames=self._frames,
            fps=self._rate.running if moving else 0.0,
            viewers=sum(feed.readers for feed in feeds),
            pictures=self.pictures.made,
            dropped=sum(feed.dropped for feed in feeds),
            trouble=self.source.trouble or self.pictures.trouble,
            ended=self._ended,
        )

    def start(self) -> None:
        """Runs from now on, if it does not yet and was not stopped."""
        with self._lock:
            if self._started or self._ended:
                return
            self._started = True
            self.pictures.start()
            self._thread.start()

    def stop(self) -> None:
        """All viewers get the end of the stream. Waits for nothing; from any thread, at any time,
        as often as one likes."""
        with self._lock:
            self._ended = True
        self.source.stop()
        for feed in (self.pictures, self.lines, self.entries):
            feed.close()

    def close(self) -> None:
        """The same, and the threads have ended, or will with the frame that they wait for."""
        self.stop()
        if self._started:
            self._thread.join(JOIN_SECONDS)
        self.pictures.join_thread(JOIN_SECONDS)

    def _run(self) -> None:
        try:
            while not self.source.over:
                self._show_all()
        finally:
            self.stop()

    def _show_all(self) -> None:
        """Until the source is over or the network fails."""
        try:
            with closing(self._results(self.source.frames())) as results:
                for result in results:
                    self._publish(result)
        except Exception as failure:  # noqa: BLE001 - a device out of memory; the server goes on
            self.source.fail(said(failure))

    def _results(self, frames: FrameSource) -> Generator[Result, None, None]:
        chosen = self.options
        options = PipelineOptions(thresh=chosen.thresh, nms=chosen.nms, hier=chosen.hier)
        spec = InputSpec.of(self.detector.graph, True if chosen.letter_box else None)
        return self.following.results(self.detector, frames, options, spec)

    def _publish(self, result: Result) -> None:
        self._frames += 1
        self._rate.count()
        self._shown = time.monotonic()
        self.source.recover()
        named = replace(result, path=self.source.label)
        frame = OutputFrame(self._frames, named, self.following.paint)
        if self.lines.readers:
            self.lines.publish(encoded(frame_line(frame)))
        if self.entries.readers:
            self.entries.publish(encoded(frame.json))
        self.pictures.show(frame)
