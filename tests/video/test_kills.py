"""A run that is killed: the video opens and holds what was drawn so far, JSON is valid.

What kill -9 takes: of an MP4 and an AVI what is on its way through a pipe, of Matroska and WebM the
cluster that is not full, up to a second and a frame. Ctrl-C and SIGTERM take nothing.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import fake_video
from support.fake_video import FPS, holds_frames, levels

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such signals")

TESTS = Path(fake_video.__file__).parent.parent
CHILD = """
import itertools, sys, time
from pathlib import Path
from support.fake_video import FPS, frame_result
from darknet_py.video.json_files import JsonFile, JsonLines
from darknet_py.video.output import bare
from darknet_py.video.playback import play
from darknet_py.video.video_writer import VideoFile

def results():
    for index in itertools.count():
        time.sleep(0.003)
        yield frame_result(index)

folder, suffix = Path(sys.argv[1]), sys.argv[2]
outputs = [VideoFile(folder / f"a{suffix}", FPS), JsonFile(folder / "a.json")]
outputs.append(JsonLines(folder / "a.jsonl"))
for frame in play(results(), outputs, paint=bare):
    print(frame.number, flush=True)
"""
LOST_FRAMES = {".mp4": FPS, ".avi": FPS, ".mkv": FPS + 1, ".webm": FPS + 1}
"""The most that kill -9 may take: a second, and where a cluster is written at the first frame
beyond a second, that frame."""


@dataclass
class Killed:
    """A run that was killed after the frame `at`. last: the last frame that it told of."""

    folder: Path
    suffix: str
    number: int
    at: int
    last: int = 0
    status: int = 0

    def run(self) -> None:
        self.folder.mkdir()
        command = [sys.executable, "-c", CHILD, os.fspath(self.folder), self.suffix]
        path = os.pathsep.join([os.fspath(TESTS), os.fspath(TESTS.parent)])
        environment = os.environ | {"PYTHONPATH": path}
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as child:
            assert child.stdout is not None
            for line in child.stdout:
                self.last = int(line)
                if self.last == self.at:
                    child.send_signal(self.number)
            self.status = child.wait()

    @property
    def video(self) -> Path:
        return self.folder / f"a{self.suffix}"

    def frames(self) -> int:
        return len(levels(self.video))

    def entries(self) -> tuple[int, int]:
        """Of the JSON file, and lines."""
        whole = json.loads((self.folder / "a.json").read_text())
        lines = (self.folder / "a.jsonl").read_text().splitlines()
        numbers = list(range(1, len(whole) + 1))
        assert [entry["frame_id"] for entry in whole] == numbers
        assert [json.loads(line)["frame_id"] for line in lines] == list(range(1, len(lines) + 1))
        return len(whole), len(lines)


def check(run: Killed) -> None:
    run.run()
    assert run.last >= run.at
    found, (entries, lines) = run.frames(), run.entries()
    assert holds_frames(run.video, found)
    if run.number == signal.SIGKILL:
        assert run.status == -signal.SIGKILL
        assert run.last - LOST_FRAMES[run.suffix] <= found <= run.last + 1
        assert {entries, lines} <= {run.last, run.last + 1}
    else:
        assert run.status == 0
        assert found == entries == lines == run.last
        assert sorted(os.listdir(run.folder)) == sorted(["a.json", "a.jsonl", run.video.name])


@pytest.mark.parametrize(
    ("number", "suffix"),
    [(signal.SIGKILL, ".mp4"), (signal.SIGTERM, ".avi"), (signal.SIGINT, ".mp4")],
)
def test_one_of_each_signal(tmp_path: Path, number: int, suffix: str) -> None:
    check(Killed(tmp_path / "run", suffix, number, at=17))


@pytest.mark.slow
@pytest.mark.parametrize("suffix", LOST_FRAMES)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_signals_at_random_frames(tmp_path: Path, number: int, suffix: str) -> None:
    rng = random.Random(f"{number} {suffix}")
    for index in range(10):
        check(Killed(tmp_path / str(index), suffix, number, at=rng.randint(1, 120)))
