"""The outputs that options ask for, and the run that fills them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from darknet_py.detect.result import Result
from darknet_py.errors import OutputError
from darknet_py.images.display import no_window_reason
from darknet_py.images.frames import FrameSource
from darknet_py.options.demo import ShowOptions
from darknet_py.options.video import FrameOutputOptions
from darknet_py.signals import SIGNALLED, StopSignal
from darknet_py.video.addresses import EVERYWHERE
from darknet_py.video.frame_images import FrameImages
from darknet_py.video.http_post import HttpPost
from darknet_py.video.json_files import JsonFile, JsonLines
from darknet_py.video.json_server import JsonServer
from darknet_py.video.mjpeg_server import MjpegServer
from darknet_py.video.output import Output, Paint, plotted
from darknet_py.video.paced_video import PacedVideo
from darknet_py.video.playback import DEPTH, LIVE_DEPTH, play
from darknet_py.video.printing import Printer
from darknet_py.video.video_writer import VideoFile
from darknet_py.video.window import Window

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """What an output is made from: the value of its option, all options, the source, its name."""

    value: Any
    options: FrameOutputOptions
    source: FrameSource
    name: str


def _served(server: JsonServer | MjpegServer, what: str, host: str) -> Output:
    """Said with its address, and that others can reach it where they can."""
    open_to = (
        "; other machines can look, too (--host 127.0.0.1: none)" if host in EVERYWHERE else ""
    )
    logger.info("%s: %s%s", what, server.url, open_to)
    return server


def _video(asked: Asked) -> Output:
    video = VideoFile(asked.value, asked.source.fps)
    return PacedVideo(video) if asked.source.live else video


OUTPUTS: dict[str, Callable[[Asked], Output]] = {
    "mjpeg_port": lambda asked: _served(
        MjpegServer(asked.options.host, asked.value), "MJPEG", asked.options.host
    ),
    "json_port": lambda asked: _served(
        JsonServer(asked.options.host, asked.value), "JSON", asked.options.host
    ),
    "out_filename": _video,
    "json_file_output": lambda asked: JsonFile(asked.value),
    "json_lines": lambda asked: JsonLines(asked.value),
    "frames": lambda asked: FrameImages(asked.value),
    "http_post_host": lambda asked: HttpPost(
        asked.value, asked.name, once=bool(asked.options.time_limit_sec)
    ),
}
"""Option -> the output that it asks for; all but the window, which asks for itself."""


@dataclass
class Outputs:
    """What frames go to. window: among them, if there is one."""

    all: list[Output] = field(default_factory=list)
    window: Window | None = None

    def wants_end(self) -> bool:
        return self.window is not None and self.window.wants_end()

    def idle(self, source: FrameSource) -> None:
        """While a frame is waited for, which nobody wants any more once the window is closed."""
        if self.window is not None:
            self.window.idle()
            if self.window.wants_end():
                source.stop()


def open_outputs(options: FrameOutputOptions, source: FrameSource, name: str) -> Outputs:
    """One for each option that is given. Raises OutputError for what cannot be written or served,
    before any work is done."""
    with ExitStack() as undo:
        outputs = Outputs()
        for asked, make in _asked(options, source, name):
            outputs.all.append(make(asked))
            undo.callback(outputs.all[-1].close)
        if isinstance(options, ShowOptions) and options.wants_window:
            outputs.window = _window(options)
        undo.pop_all()
    if outputs.window is not None:
        outputs.all.append(outputs.window)
    return outputs


def _asked(
    options: FrameOutputOptions, source: FrameSource, name: str
) -> Iterator[tuple[Asked, Callable[[Asked], Output]]]:
    for option, make in OUTPUTS.items():
        value = getattr(options, option, None)
        if value is not None:
            yield Asked(value, options, source, name), make


def _window(options: ShowOptions) -> Window | None:
    if reason := no_window_reason():
        logger.info("no window: %s; -dont_show says that none is wanted", reason)
        return None
    return Window(options.s, options.fullscreen)


def run_outputs(
    results: Iterable[Result],
    source: FrameSource,
    outputs: Outputs,
    printer: Printer,
    seconds: float | None = None,
    paint: Paint = plotted,
) -> int:
    """The exit code: 1 if an output failed on the way, else that of a signal that ended the run.

    source: of the results; it is stopped when the run is to end, because it may be waiting for a
    frame. seconds: after which the run ends; None and 0: never, as in Darknet.
    """
    failures: list[OutputError] = []
    signals = StopSignal(then=source.stop)
    with ended_after(seconds, source) as over:

        def stop() -> bool:
            ended = outputs.wants_end() or over()
            if ended:
                source.stop()  # the next frame may be long in coming
            return ended

        playing = play(
            results,
            outputs.all,
            paint=paint,
            stop=stop,
            failures=failures,
            signals=signals,
            depth=LIVE_DEPTH if source.live else DEPTH,
            idle=partial(outputs.idle, source) if outputs.window else None,
        )
        with closing(playing) as frames:
            for frame in frames:
                printer.frame(frame)
    printer.end()
    return int(bool(failures)) or (SIGNALLED + signals.received if signals.received else 0)


@contextmanager
def ended_after(seconds: float | None, source: FrameSource) -> Iterator[Callable[[], bool]]:
    """Whether so many seconds are over; then the source is stopped. None and 0: never."""
    if not seconds:
        yield lambda: False
        return
    end = time.monotonic() + seconds
    timer = threading.Timer(seconds, source.stop)
    timer.daemon = True
    timer.start()
    try:
        yield lambda: time.monotonic() >= end
    finally:
        timer.cancel()
