"""`detector demo` and its relatives from the command line to the files they leave."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from support.small_videos import drawn_frames, jpeg, read_back, write_video
from support.tiny_detector import files

import darknet_py
from darknet_py.cli.main import main
from darknet_py.detect.mean_engine import MeanEngine

FRAMES = 6
CLEARED = "\033[H\033[J"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: n.cfg, n.weights, n.data, n.names, a.avi, and no display."""
    files(tmp_path)
    (tmp_path / "n.names").write_text("ant\nbee\ncow\n")
    (tmp_path / "n.data").write_text("classes=3\nnames=n.names\n")
    write_video(tmp_path / "a.avi", FRAMES)
    monkeypatch.chdir(tmp_path)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def run(words: str, style: str = "darknet", code: int = 0) -> Result:
    result = CliRunner().invoke(main, [*words.split(), "--log-style", style])
    assert result.exit_code == code, result.output
    return result


def blocks(stdout: str) -> list[list[str]]:
    """The lines of boxes of each frame."""
    found = re.findall(r"Objects:\n\n([\s\S]*?)\nFPS:", stdout)
    return [block.splitlines() for block in found]


DEMO = "detector demo n.data n.cfg n.weights a.avi -thresh .3 "


def test_every_frame_is_printed_and_written_once() -> None:
    result = run(
        f"{DEMO} -out_filename b.avi -json_file_output b.json -json-lines b.jsonl -prefix p"
    )
    lines = result.stdout.splitlines()
    assert lines.index("video file: a.avi") == lines.index("Video stream: 50 x 40 ") - 1
    assert lines.index("Demo") < lines.index("video file: a.avi")
    shown, frames = blocks(result.stdout), json.loads(Path("b.json").read_text())
    assert len(shown) == len(frames) == len(read_back(Path("b.avi"))) == FRAMES
    assert sorted(path.name for path in Path().glob("p_*")) == [
        f"p_0000000{number}.jpg" for number in range(1, FRAMES + 1)
    ]
    for number, (block, frame) in enumerate(zip(shown, frames, strict=True), 1):
        assert frame["frame_id"] == number and "filename" not in frame
        percents = [round(100 * one["confidence"]) for one in frame["objects"]]
        printed = [int(value) for line in block for value in re.findall(r"(\d+)%", line)]
        assert printed == percents and percents
    assert len(Path("b.jsonl").read_text().splitlines()) == FRAMES
    assert result.stdout.count("\n cvWriteFrame \n") == FRAMES
    assert result.stdout.endswith("closing... closed!output_video_writer closed. \n")


def test_frames_are_stretched_bytewise_in_demo_and_as_images_in_detect() -> None:
    run(f"{DEMO} -dont_show -json_file_output demo.json")
    run("detect n.cfg n.weights a.avi -thresh .3 -out detect.json --no-pictures")
    demo = json.loads(Path("demo.json").read_text())
    detect = json.loads(Path("detect.json").read_text())
    detector = darknet_py.load("n.cfg", "n.weights")
    images = detector(read_back(Path("a.avi")), thresh=0.3)
    assert isinstance(images, list)
    expected = [json.loads(image.to_json())["objects"] for image in images]
    assert [frame["objects"] for frame in detect] == expected
    assert [frame["objects"] for frame in demo] != expected


@pytest.mark.parametrize("flags", ["-dontdraw_bbox", "-benchmark"])
def test_boxes_are_neither_printed_nor_drawn(flags: str) -> None:
    result = run(f"{DEMO} -dont_show {flags} -prefix p -json_file_output b.json")
    assert blocks(result.stdout) == [[]] * FRAMES
    assert all(frame["objects"] for frame in json.loads(Path("b.json").read_text()))
    first = np.asarray(__import__("cv2").imread("p_00000001.jpg"), int)
    assert abs(first - read_back(Path("a.avi"))[0]).mean() < 25


def test_what_has_no_effect_is_said() -> None:
    result = run(f"{DEMO} -dont_show -avgframes 3 -save_labels")
    assert "-avgframes: no effect: in Darknet it only delays the boxes of demo" in result.stderr
    assert "-save_labels: no effect" in result.stderr
    result = run("detect n.cfg n.weights p.png --json-lines x -track", code=1)
    assert "--json-lines: no effect: only videos and cameras have it" in result.stderr
    assert "--track: no effect: only videos and cameras have it" in result.stderr


def test_without_a_display_there_is_one_line() -> None:
    shown = run(DEMO, "plain").stderr.splitlines()
    assert sum("no window: no display" in line for line in shown) == 1
    assert "no window" not in run(f"{DEMO} -dont_show").stderr


def test_our_own_lines() -> None:
    result = run(f"{DEMO} -dont_show -ext_output", "plain")
    heads = [line for line in result.stdout.splitlines() if "Predicted in" in line]
    assert [line.partition(":")[0] for line in heads] == [
        f"a.avi, frame {number}" for number in range(1, FRAMES + 1)
    ]
    assert "left_x:" in result.stdout
    assert re.search(
        rf"a\.avi: {FRAMES} frames in [\d.]+ s \([\d.]+ FPS\), \d+ boxes\n", result.stderr
    )


def test_detect_writes_a_video_of_the_same_kind() -> None:
    result = run("detect n.cfg n.weights a.avi -thresh .3", "plain")
    assert "predictions.avi: " in result.stderr
    assert len(read_back(Path("predictions.avi"))) == FRAMES
    run("detect n.cfg n.weights a.avi a.avi -thresh .3 --prefix out")
    assert len(read_back(Path("out_a.avi"))) == FRAMES


def test_images_and_videos_together(here: Path) -> None:
    from support.tiny_detector import save

    save(here, "one.png")
    result = run("detect n.cfg n.weights one.png a.avi -thresh .3", "plain")
    assert "one.png: Predicted in" in result.stdout and "a.avi, frame 6:" in result.stdout
    assert Path("predictions.jpg").exists() and Path("predictions.avi").exists()


def test_a_run_ends_when_its_time_is_over() -> None:
    run(f"{DEMO} -dont_show -time_limit_sec .000001 -json_file_output b.json")
    assert len(json.loads(Path("b.json").read_text())) == 1
    run(f"{DEMO} -dont_show -time_limit_sec 0 -json_file_output b.json")
    assert len(json.loads(Path("b.json").read_text())) == FRAMES


def test_pjreddies_demo() -> None:
    """A line for each class below the rate, the mean of three frames, boxes in a letter box."""
    result = run(f"{DEMO} -dont_show --fork pjreddie -json_file_output b.json")
    assert result.stdout.count("\033[2J\033[1;1H\nFPS:") == FRAMES
    assert "Stream closed" not in result.stdout
    frames = json.loads(Path("b.json").read_text())
    detector = darknet_py.load("n.cfg", "n.weights", fork="pjreddie")
    detector = detector.on(MeanEngine(detector.engine, 3))
    from darknet_py.detect.pipeline import PipelineOptions
    from darknet_py.images.fitted_images import InputSpec
    from darknet_py.images.sources import open_source
    from darknet_py.layers.head import Suppression

    options = PipelineOptions(thresh=0.3, nms=0.4, suppression=Suppression("objectness"))
    found = detector.results(open_source("a.avi"), options, InputSpec.of(detector.graph))
    expected = [json.loads(result.to_json())["objects"] for result in found]
    assert [frame["objects"] for frame in frames] == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("detector demo n.data n.cfg n.weights gone.avi -dont_show", "gone.avi: "),
        ("detector demo n.data n.cfg n.weights n.names -dont_show", "n.names"),
        (f"{DEMO} -dont_show -out_filename b.txt", "b.txt"),
        (f"{DEMO} -dont_show -out_filename gone/b.avi", "gone"),
        (f"{DEMO} -dont_show --tile x", "x"),
        (f"{DEMO} -dont_show -http_post_host ftp://a/b", "ftp"),
    ],
)
def test_what_cannot_be_done_is_one_line(words: str, message: str) -> None:
    result = run(words, code=1)
    errors = [line for line in result.stderr.splitlines() if line.startswith("darknet-py: error")]
    assert len(errors) == 1 and message in errors[0]
    assert not any(Path().glob("b.*"))


def test_tracking_without_its_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trackers", None)
    result = run(f"{DEMO} -dont_show --track -out_filename b.avi", code=1)
    assert "pip install trackers" in result.stderr and not Path("b.avi").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for others")
def test_a_source_that_says_nothing_can_be_left() -> None:
    """Ctrl-C while a frame of standard input is waited for."""
    line = [sys.executable, "-m", "darknet_py", "detect", "n.cfg", "n.weights", "-"]
    run = subprocess.Popen(
        [*line, "--log-style", "plain", "-out", "b.json"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=False,
    )
    assert run.stdin is not None and run.stderr is not None
    run.stdin.write(jpeg(drawn_frames(1)[0]))
    run.stdin.flush()
    told = run.stderr.readline()
    assert told.startswith(b"n.cfg: 3 layers")
    wait_until(lambda: Path("b.json").exists())
    run.send_signal(signal.SIGINT)
    assert run.wait(timeout=60) == 128 + signal.SIGINT
    assert len(json.loads(Path("b.json").read_text())) == 1
    run.stdin.close()
    run.stderr.close()


def wait_until(done: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("words", [DEMO, "detect n.cfg n.weights a.avi"])
def test_what_cannot_be_written_is_refused_before_torch_is_there(words: str) -> None:
    line = [sys.executable, "-X", "importtime", "-m", "darknet_py", *words.split()]
    run = subprocess.run([*line, "-out_filename", "b.txt"], capture_output=True, text=True)
    modules = {row.rpartition("|")[2].strip() for row in run.stderr.splitlines()}
    assert run.returncode == 1 and "b.txt: no video of suffix '.txt'" in run.stderr
    assert "cv2" in modules and "torch" not in modules


@pytest.mark.parametrize("words", [DEMO, "detect n.cfg n.weights a.avi"])
@pytest.mark.parametrize("style", ["darknet", "plain"])
def test_lines_of_json_have_stdout_for_themselves(words: str, style: str) -> None:
    result = run(f"{words} -dont_show --json-lines -", style)
    frames = [json.loads(line) for line in result.stdout.splitlines()]
    assert [frame["frame_id"] for frame in frames] == list(range(1, FRAMES + 1))
