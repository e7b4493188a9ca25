"""The loop from results to outputs: in order, each frame once, and whole ends whatever happens."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import ExitStack

from darknet_py.detect.result import Result
from darknet_py.parallel import ahead
from darknet_py.signals import StopSignal
from darknet_py.video.output import Output, OutputFrame, Paint, plotted

DEPTH = 2
"""Results that wait while one is drawn and written: network and outputs work side by side."""


def play(
    results: Iterable[Result],
    outputs: Sequence[Output],
    *,
    paint: Paint = plotted,
    stop: Callable[[], bool] = lambda: False,
) -> Generator[OutputFrame, None, None]:
    """Each result as a frame that every output has taken.

    results: run by a thread of their own, closed at the end. Ctrl-C, SIGTERM and SIGHUP, and `stop`
    asked after each frame, end the iteration; all outputs are closed then, as after an error.
    """
    with ExitStack() as stack:
        signal = stack.enter_context(StopSignal())
        for output in outputs:
            stack.callback(output.close)
        running = stack.enter_context(contextlib.closing(ahead(results, DEPTH, name="network")))
        for number, result in enumerate(running, 1):
            frame = OutputFrame(number, result, paint)
            start = time.perf_counter()
            for output in outputs:
                output.write(frame)
            frame.seconds = time.perf_counter() - start
            yield frame
            if signal.received or stop():
                return
