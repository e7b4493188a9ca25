"""How a moving source is told of while it goes on."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from support.fake_video import frame_result

from darknet_py.images.frames import CaptureStats, FrameSource
from darknet_py.video import live_line
from darknet_py.video.live_line import LiveLine
from darknet_py.video.output import OutputFrame


class Stderr(io.StringIO):
    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


def line(source: FrameSource, frames: int, start: float = 100.0) -> LiveLine:
    made = LiveLine(source, start=start)
    for number in range(frames):
        result = replace(frame_result(number), milliseconds=20.0)
        made.frame(OutputFrame(number + 1, result, seconds=0.004))
    return made


def test_a_file_has_an_end_in_sight() -> None:
    source = FrameSource([], 30, fps=10, stats=CaptureStats(captured=10, seconds=0.03))
    assert line(source, 10).text(105.0) == (
        "frame 10/30, 10 s left, 2.0 FPS, capture 3.0 ms, network 20.0 ms, drawn 4.0 ms"
    )


def test_a_stream_drops_frames() -> None:
    stats = CaptureStats(captured=30, dropped=20, seconds=0.3)
    source = FrameSource([], live=True, stats=stats)
    assert line(source, 10).text(101.0) == (
        "frame 10, 20 dropped, 10.0 FPS, capture 10.0 ms, network 20.0 ms, drawn 4.0 ms"
    )


def test_the_last_line_counts_what_went_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_line.time, "monotonic", lambda: 104.0)
    stats = CaptureStats(captured=30, dropped=20, broken=2, reconnected=3)
    end = line(FrameSource([], live=True, stats=stats), 10).end()
    assert end.startswith("10 frames in 4.0 s (2.5 FPS), 10 boxes, 20 frames dropped, 2 broken, ")
    assert end.endswith(", taken up again 3 times")
    file = line(FrameSource([], 10, stats=CaptureStats(captured=10)), 10).end()
    assert file == "10 frames in 4.0 s (2.5 FPS), 10 boxes"
    assert (
        LiveLine(FrameSource([]), counts=False, start=100.0).end() == "0 frames in 4.0 s (0.0 FPS)"
    )


@pytest.mark.parametrize("terminal", [True, False])
def test_one_line_is_rewritten_and_elsewhere_one_comes_now_and_then(
    terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    stderr, now = Stderr(terminal), [100.0]
    monkeypatch.setattr(live_line.sys, "stderr", stderr)
    monkeypatch.setattr(live_line.time, "monotonic", lambda: now[0])
    made = LiveLine(FrameSource([], 300, stats=CaptureStats()))
    for number in range(240):
        now[0] += 0.05
        made.frame(OutputFrame(number + 1, frame_result(number)))
    made.clear()
    shown = stderr.getvalue()
    if terminal:
        assert shown.count("\r\033[K") > 50 and "\n" not in shown and shown.endswith("\r\033[K")
        assert all(len(part) < 80 for part in shown.split("\r\033[K"))
    else:
        (only,) = shown.splitlines()
        assert only.startswith(("frame 200/300, 5 s left, 20.0 FPS", "frame 201/300"))
