"""Which outputs options ask for, and how a run with them ends."""

from __future__ import annotations

import json
import logging
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.fake_screen import screen_of
from support.fake_video import frame_result

from darknet_py.detect.result import Result
from darknet_py.errors import DarknetError, OutputError
from darknet_py.images.frames import CaptureStats, FrameSource
from darknet_py.options.demo import DemoOptions
from darknet_py.options.inference import DetectOptions
from darknet_py.video import outputs
from darknet_py.video.frame_images import FrameImages
from darknet_py.video.http_post import HttpPost
from darknet_py.video.json_files import JsonFile, JsonLines
from darknet_py.video.json_server import JsonServer
from darknet_py.video.mjpeg_server import MjpegServer
from darknet_py.video.output import OutputFrame
from darknet_py.video.outputs import OUTPUTS, open_outputs, run_outputs
from darknet_py.video.paced_video import PacedVideo
from darknet_py.video.video_writer import VideoFile
from darknet_py.video.window import Window

FILE = FrameSource([], 3, fps=10, stats=CaptureStats())
CAMERA = FrameSource([], live=True, endless=True, fps=10, stats=CaptureStats())
SERVED = {"host": "127.0.0.1"}


@pytest.fixture(autouse=True)
def no_display(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(outputs, "no_window_reason", lambda: "no display")
    monkeypatch.chdir(tmp_path)


def opened(source: FrameSource = FILE, **asked: object) -> list[object]:
    made = open_outputs(DetectOptions(cfg="a.cfg", **{**SERVED, **asked}), source, "a.avi")  # type: ignore[arg-type]
    for output in made.all:
        output.close()
    return [*made.all]


@pytest.mark.parametrize(
    ("option", "value", "kind"),
    [
        ("out_filename", "a.avi", VideoFile),
        ("json_file_output", "a.json", JsonFile),
        ("json_lines", "a.jsonl", JsonLines),
        ("frames", "a", FrameImages),
        ("mjpeg_port", 0, MjpegServer),
        ("json_port", 0, JsonServer),
        ("http_post_host", "localhost/a", HttpPost),
    ],
)
def test_an_option_asks_for_one_output(option: str, value: object, kind: type) -> None:
    assert option in OUTPUTS
    (output,) = opened(**{option: value})
    assert type(output) is kind
    assert opened() == []


def test_the_video_of_a_camera_keeps_its_pace() -> None:
    (output,) = opened(CAMERA, out_filename="a.avi")
    assert isinstance(output, PacedVideo) and output.video.fps == 10


def test_where_it_is_served_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "darknet_py"):
        opened(mjpeg_port=0, json_port=0)
    words = [record.getMessage() for record in caplog.records]
    assert [word.partition(" ")[0] for word in words] == ["MJPEG:", "JSON:"]
    assert all("http://127.0.0.1:" in word for word in words)
    assert "other machines" not in caplog.text
    with caplog.at_level(logging.INFO, "darknet_py"):
        opened(mjpeg_port=0, host="0.0.0.0")
    assert "other machines can look, too (--host 127.0.0.1: none)" in caplog.text


def test_what_was_opened_is_closed_when_the_next_cannot_be() -> None:
    with pytest.raises(OutputError, match="b.txt"):
        opened(mjpeg_port=0, out_filename="b.txt")
    assert not [one for one in threading.enumerate() if one.daemon and "mjpeg" in one.name.lower()]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, True),
        ({"dont_show": True}, False),
        ({"benchmark": True}, False),
        ({"frames": "f"}, False),
    ],
)
def test_demo_wants_a_window(
    asked: dict[str, object],
    expected: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    options = DemoOptions(cfg="a.cfg", s=3, fullscreen=True, **asked)  # type: ignore[arg-type]
    with caplog.at_level(logging.INFO, "darknet_py"):
        assert open_outputs(options, FILE, "a").window is None
    assert ("no window: no display" in caplog.text) == expected
    monkeypatch.setattr(outputs, "no_window_reason", lambda: "")
    made = open_outputs(options, FILE, "a")
    assert (made.window is not None) == expected and (made.window in made.all) == expected
    if made.window is not None:
        assert isinstance(made.window, Window)
        assert (made.window.skip, made.window.fullscreen) == (3, True)


class Lines:
    """A printer that notes what it is told."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.ended = False

    def frame(self, frame: OutputFrame) -> None:
        self.numbers.append(frame.number)

    def end(self) -> None:
        self.ended = True


def results(count: int = 3) -> Iterator[Result]:
    yield from map(frame_result, range(count))


def test_a_run_that_goes_well() -> None:
    lines = Lines()
    made = open_outputs(DetectOptions(cfg="a.cfg", json_file_output="a.json"), FILE, "a")
    assert run_outputs(results(), FILE, made, lines) == 0
    assert (lines.numbers, lines.ended) == ([1, 2, 3], True)
    assert len(json.loads(Path("a.json").read_text())) == 3


def test_an_output_that_fails_is_told_by_the_exit_code() -> None:
    made = open_outputs(DetectOptions(cfg="a.cfg", frames="f"), FILE, "a")
    Path("f_00000002.jpg").mkdir()
    lines = Lines()
    assert run_outputs(results(), FILE, made, lines) == 1
    assert lines.numbers == [1, 2, 3]


def test_the_source_is_stopped_when_the_time_is_over() -> None:
    """A camera that says nothing would be waited for."""
    silent = threading.Event()

    def waiting() -> Iterator[Result]:
        yield frame_result(0)
        silent.wait(60)

    source = FrameSource([], live=True, endless=True, stats=CaptureStats(), stop=silent.set)
    lines = Lines()
    made = open_outputs(DetectOptions(cfg="a.cfg"), source, "a")
    assert run_outputs(waiting(), source, made, lines, seconds=0.2) == 0
    assert silent.is_set() and lines.numbers == [1]


def test_an_error_of_the_network_ends_all_outputs() -> None:
    def failing() -> Iterator[Result]:
        yield frame_result(0)
        raise DarknetError("broken")

    made = open_outputs(DetectOptions(cfg="a.cfg", json_file_output="a.json"), FILE, "a")
    lines = Lines()
    with pytest.raises(DarknetError, match="broken"):
        run_outputs(failing(), FILE, made, lines)
    assert len(json.loads(Path("a.json").read_text())) == 1 and not lines.ended


def test_frames_can_be_looked_at_while_they_go_out() -> None:
    made = open_outputs(DetectOptions(cfg="a.cfg", json_port=0, **SERVED), FILE, "a")  # type: ignore[arg-type]
    (server,) = made.all
    assert isinstance(server, JsonServer)
    seen: list[bytes] = []
    viewer = threading.Thread(
        target=lambda: seen.append(urllib.request.urlopen(server.url, timeout=30).read())
    )

    def looked_at() -> Iterator[Result]:
        viewer.start()
        while not server.clients:
            pass
        yield from results()

    assert run_outputs(looked_at(), FILE, made, Lines()) == 0
    viewer.join(30)
    assert [frame["frame_id"] for frame in json.loads(seen[0])] == [1, 2, 3]


def test_closing_the_window_stops_a_source_that_says_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = screen_of(monkeypatch)
    monkeypatch.setattr(outputs, "no_window_reason", lambda: "")
    silent = threading.Event()

    def waiting() -> Iterator[Result]:
        yield frame_result(0)
        screen.keys = [27]
        silent.wait(60)

    source = FrameSource([], live=True, endless=True, stats=CaptureStats(), stop=silent.set)
    made = open_outputs(DemoOptions(cfg="a.cfg"), source, "a")
    lines = Lines()
    assert run_outputs(waiting(), source, made, lines) == 0
    assert silent.is_set() and lines.numbers == [1]
