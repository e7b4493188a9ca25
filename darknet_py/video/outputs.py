"""The outputs that options ask for, and the run that fills them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing

from darknet_py.detect.result import Result
from darknet_py.images.frames import FrameSource
from darknet_py.options.video import FrameOutputOptions
from darknet_py.video.output import Output, Paint, plotted
from darknet_py.video.playback import play
from darknet_py.video.printing import Printer


def outputs_of(options: FrameOutputOptions, source: FrameSource) -> list[Output]:
    """One for each option that is given. Raises OutputError for what cannot be written or served,
    before any work is done."""
    return []


def run_outputs(
    results: Iterable[Result],
    outputs: Sequence[Output],
    printer: Printer,
    options: FrameOutputOptions,
    paint: Paint = plotted,
) -> int:
    """The exit code: 1 if an output failed on the way."""
    stop = _time_limit(options.time_limit_sec)
    with closing(play(results, outputs, paint=paint, stop=stop)) as out:
        for frame in out:
            printer.frame(frame)
    printer.end()
    return 0


def _time_limit(seconds: float | None) -> Callable[[], bool]:
    """Whether so many seconds are over, asked from now on; None or 0: never, as in Darknet."""
    end = time.monotonic() + seconds if seconds else None
    return lambda: end is not None and time.monotonic() >= end
