"""Videos of cameras and streams that play as fast as what they show went on."""

from __future__ import annotations

from darknet_py.video.output import OutputFrame
from darknet_py.video.video_writer import VideoFile

LONGEST_STILL = 1.0
"""Seconds that a frame stands at most: what was away for longer is cut short."""


class PacedVideo:
    """Writes a frame again as often as frames were missed after it, by the seconds they came at.

    A network that sees every third frame of a camera would otherwise give a video that is three
    times too fast. Frames without a time are written once.
    """

    def __init__(self, video: VideoFile) -> None:
        self.video = video
        self._start = 0.0
        self._written = 0
        self._last: OutputFrame | None = None

    def write(self, frame: OutputFrame) -> None:
        """May raise OutputError."""
        for _ in range(self._missed(frame.result.time)):
            self._put(self._last)
        self._put(frame)
        self._last = frame

    def _missed(self, time: float | None) -> int:
        """Frames that should stand in the video before one of this time and do not."""
        if time is None:
            return 0
        if self._last is None:
            self._start = time
        missed = int((time - self._start) * self.video.fps + 0.5) - self._written
        most = int(LONGEST_STILL * self.video.fps)
        if missed > most:
            self._start += (missed - most) / self.video.fps
        return max(0, min(missed, most))

    def _put(self, frame: OutputFrame | None) -> None:
        if frame is not None:
            self.video.write(frame)
            self._written += 1

    def close(self) -> None:
        """Raises OutputError when the end could not be written."""
        self.video.close()
