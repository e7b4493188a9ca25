"""The loop from results to outputs: in order, each frame once, and whole ends whatever happens."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import ExitStack

from darknet_py.detect.result import Result
from darknet_py.errors import OutputError
from darknet_py.parallel import ahead
from darknet_py.signals import StopSignal
from darknet_py.video.output import Output, OutputFrame, Paint, plotted

logger = logging.getLogger(__name__)

DEPTH, LIVE_DEPTH = 2, 1
"""Results that wait while one is drawn and written: network and outputs work side by side. Those of
a live source grow old."""


def play(
    results: Iterable[Result],
    outputs: Sequence[Output],
    *,
    paint: Paint = plotted,
    stop: Callable[[], bool] = lambda: False,
    failures: list[OutputError] | None = None,
    signals: StopSignal | None = None,
    depth: int = DEPTH,
    idle: Callable[[], object] | None = None,
) -> Generator[OutputFrame, None, None]:
    """Each result as a frame that every output has taken.

    results: run by a thread of their own, closed at the end. Ctrl-C, SIGTERM and SIGHUP, and `stop`
    asked after each frame, end the iteration; all outputs are closed then, as after an error.
    failures: takes the error of each output that could not go on. That is logged once, and the
    other outputs get the frames after it. signals: hears them, for who wants to know which it was.
    depth: results that may wait for the outputs. idle: called now and then while none comes.
    """
    takers = _Takers(outputs, [] if failures is None else failures)
    with ExitStack() as stack:
        signal = stack.enter_context(signals or StopSignal())
        for index, output in enumerate(outputs):
            stack.callback(takers.close, index, output)
        running = ahead(results, depth, name="network", idle=idle)
        stack.enter_context(contextlib.closing(running))
        for number, result in enumerate(running, 1):
            frame = OutputFrame(number, result, paint)
            start = time.perf_counter()
            takers.write(frame)
            frame.seconds = time.perf_counter() - start
            yield frame
            if signal.received or stop():
                return


class _Takers:
    """The outputs that still take frames."""

    def __init__(self, outputs: Sequence[Output], failures: list[OutputError]) -> None:
        self.working = dict(enumerate(outputs))
        self.failures = failures

    def write(self, frame: OutputFrame) -> None:
        for index, output in list(self.working.items()):
            try:
                output.write(frame)
            except OutputError as failure:
                self._drop(index, failure)

    def close(self, index: int, output: Output) -> None:
        """What a failed output says at its end is no news."""
        try:
            output.close()
        except OutputError as failure:
            if index in self.working:
                self._drop(index, failure)

    def _drop(self, index: int, failure: OutputError) -> None:
        logger.error("%s", failure)
        del self.working[index]
        self.failures.append(failure)
