"""How a moving source goes on, on stderr: one line that is rewritten, or a line now and then."""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import dataclass, field

from darknet_py.images.frames import FrameSource
from darknet_py.video.output import OutputFrame

REDRAW_SECONDS = 0.1
LINE_SECONDS = 10.0
"""Between two lines where there is no terminal."""
SMOOTH = 0.9
ERASED = "\r\033[K"


@dataclass
class LiveLine:
    """Told of each frame that is out; say `end` when there are no more.

    counts: whether frames have boxes, to be counted.
    """

    source: FrameSource
    counts: bool = True
    start: float = field(default_factory=lambda: time.monotonic())
    frames: int = 0
    boxes: int = 0
    _network: float = 0.0
    _output: float = 0.0
    _said: float = field(default_factory=lambda: time.monotonic())
    _shown: bool = False

    def frame(self, frame: OutputFrame) -> None:
        share = 0.0 if self.frames == 0 else SMOOTH
        self._network = share * self._network + (1 - share) * frame.result.milliseconds
        self._output = share * self._output + (1 - share) * 1000 * frame.seconds
        self.frames += 1
        self.boxes += len(frame.result)
        now, terminal = time.monotonic(), sys.stderr.isatty()
        if now - self._said >= (REDRAW_SECONDS if terminal else LINE_SECONDS):
            self._said = now
            self._say(self.text(now), terminal)

    def text(self, now: float) -> str:
        """Frames, rate, milliseconds of a frame, what was dropped, and what is left of a file."""
        rate = self.frames / max(now - self.start, 1e-9)
        words = [f"frame {self.frames}" + (f"/{self.source.length}" if self.source.length else "")]
        if self.source.length:
            words.append(f"{max(0, self.source.length - self.frames) / rate:.0f} s left")
        if self.source.live and self.source.stats:
            words.append(f"{self.source.stats.dropped} dropped")
        return ", ".join([*words, f"{rate:.1f} FPS", *self._milliseconds()])

    def _milliseconds(self) -> list[str]:
        stats = self.source.stats
        capture = 1000 * stats.seconds / stats.captured if stats and stats.captured else 0.0
        parts = {"capture": capture, "network": self._network, "drawn": self._output}
        return [f"{name} {value:.1f} ms" for name, value in parts.items()]

    def _say(self, text: str, terminal: bool) -> None:
        if terminal:
            width = shutil.get_terminal_size().columns
            sys.stderr.write(f"{ERASED}{text[: width - 1]}")
            self._shown = True
        else:
            sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def clear(self) -> None:
        """Takes the line away, so that others can be printed."""
        if self._shown:
            sys.stderr.write(ERASED)
            self._shown = False

    def end(self) -> str:
        """Takes the line away; gives what there was in all, for a last line."""
        self.clear()
        seconds = time.monotonic() - self.start
        rate = self.frames / max(seconds, 1e-9)
        words = f"{self.frames} frames in {seconds:.1f} s ({rate:.1f} FPS)"
        stats, extra = self.source.stats, [f"{self.boxes} boxes"] if self.counts else []
        if stats and self.source.live:
            extra.append(f"{stats.dropped} frames dropped")
        if stats and stats.broken:
            extra.append(f"{stats.broken} broken")
        if stats and stats.reconnected:
            extra.append(f"taken up again {stats.reconnected} times")
        return ", ".join([words, *extra])
