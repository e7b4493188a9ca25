"""What is printed while frames go out: Darknet's lines, or our own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from darknet_py.detect import format
from darknet_py.forks import Fork
from darknet_py.images.frames import FrameSource
from darknet_py.video import demo_lines
from darknet_py.video.class_result import ClassResult
from darknet_py.video.frame_rate import FrameRate
from darknet_py.video.live_line import LiveLine
from darknet_py.video.output import OutputFrame

NETWORK_KEPT = 0.9
"""Share of the former ones in the running rate of a classifier's network."""
Lines = Callable[[OutputFrame], Iterable[str]]


class Printer(Protocol):
    """Told of frames that are out."""

    def frame(self, frame: OutputFrame) -> None: ...

    def end(self) -> None:
        """When all outputs are closed; not after an error."""


@dataclass
class DemoPrinter:
    """All that the C programs print, on stdout.

    quiet: no boxes are printed.
    """

    fork: Fork
    extended: bool = False
    quiet: bool = False
    sent: demo_lines.Sent = demo_lines.NOWHERE
    rate: FrameRate = field(default_factory=FrameRate)

    def frame(self, frame: OutputFrame) -> None:
        if frame.number == 1:
            boxes = frame.result.boxes
            self._print(demo_lines.size_line(boxes.width, boxes.height))
        self._print(self._block(frame))
        self.rate.count()

    def _block(self, frame: OutputFrame) -> str:
        if self.fork.log.rate_first:
            objects = "" if self.quiet else demo_lines.class_lines(frame.result)
            return demo_lines.plain_block(objects, self.rate)
        objects = "" if self.quiet else demo_lines.box_lines(frame.result, self.extended)
        objects = demo_lines.before_objects(frame.result, self.sent) + objects
        return demo_lines.block(objects, self.rate) + demo_lines.after_rates(self.sent)

    def end(self) -> None:
        if not self.fork.log.rate_first:
            self._print(demo_lines.CLOSED)
            self._print(demo_lines.WRITER_CLOSED if self.sent.video else "")

    def _print(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


@dataclass
class ClassPrinter:
    """What the C programs print of a classifier's frames. benchmark: rates alone."""

    fork: Fork
    benchmark: bool = False
    rate: FrameRate = field(default_factory=FrameRate)
    network: float = 0.0

    def frame(self, frame: OutputFrame) -> None:
        if frame.number == 1:
            boxes = frame.result.boxes
            sys.stdout.write(demo_lines.size_line(boxes.width, boxes.height))
        sys.stdout.write(self._block(frame))
        sys.stdout.flush()
        now = 1000 / max(frame.result.milliseconds, 1e-6)
        self.network = (
            NETWORK_KEPT * self.network + (1 - NETWORK_KEPT) * now if self.network else now
        )
        self.rate.count()

    def _block(self, frame: OutputFrame) -> str:
        result = frame.result
        assert isinstance(result, ClassResult)
        if not self.fork.log.network_rate:
            return demo_lines.plain_class_block(result.lines(), result.boxes.height, self.rate)
        if self.benchmark:
            return demo_lines.rates_block(self.network, self.rate)
        return demo_lines.class_block(result.lines(), self.network)

    def end(self) -> None: ...


@dataclass
class LinePrinter:
    """Our own lines: the live one on stderr, and those of each frame on stdout.

    lines: of a frame; None: only the live one, for where stdout is a terminal, which both would
    share. name: what the source is called in the last line. counts: whether it has boxes.
    """

    source: FrameSource
    name: str
    lines: Lines | None = None
    counts: bool = True
    live: LiveLine = field(init=False)

    def __post_init__(self) -> None:
        self.live = LiveLine(self.source, self.counts)

    def frame(self, frame: OutputFrame) -> None:
        if self.lines is not None:
            self.live.clear()
            print(*self.lines(frame), sep="\n", flush=True)
        self.live.frame(frame)

    def end(self) -> None:
        print(f"{self.name}: {self.live.end()}", file=sys.stderr)


def box_printer(
    source: FrameSource, name: str, fork: Fork, *, extended: bool, hidden: bool
) -> LinePrinter:
    """Of frames with boxes, whose lines a terminal shows only where `extended` asks for more."""
    wanted = not hidden and (extended or not sys.stdout.isatty())
    return LinePrinter(source, name, box_lines(name, fork, extended) if wanted else None)


def box_lines(name: str, fork: Fork, extended: bool) -> Lines:
    """The lines of `detect` for a frame. name: of the source, where frames have no path."""

    def lines(frame: OutputFrame) -> Iterator[str]:
        first, *rest = format.lines(frame.result, fork, extended)
        path, _, told = first.rpartition(": ")
        yield f"{path or name}, frame {frame.number}: {told}"
        yield from rest

    return lines


def class_lines(name: str) -> Lines:
    """The classes of a frame."""

    def lines(frame: OutputFrame) -> Iterator[str]:
        result = frame.result
        assert isinstance(result, ClassResult)
        where = f"{result.path or name}, frame {frame.number}"
        yield f"{where}: Predicted in {result.milliseconds:f} milli-seconds."
        yield from result.lines()

    return lines
