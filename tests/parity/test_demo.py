"""`detector demo` against what AlexeyAB's program printed and wrote for a video (../shared).

His program throws frames away at both ends, shows none in its first pass, and with -avgframes A is
A // 2 frames late; here each frame has its own boxes, is printed and is written once. His frame k
is our frame k + A // 2.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import pytest

pytestmark = pytest.mark.parity

FRAMES = 24
FLAGS = {
    "avgframes1": (0, "-ext_output -avgframes 1"),
    "default": (1, "-ext_output"),
    "avgframes5": (2, "-ext_output -avgframes 5"),
    "s2": (1, "-ext_output -s 2"),
    "letter_box": (1, "-ext_output -letter_box"),
    "dontdraw_bbox": (1, "-ext_output -dontdraw_bbox"),
    "prefix": (1, "-prefix pre"),
}
"""Recording -> by how many frames his program is late, and the flags."""
DARK = {"s2": 3}
"""Passes at his start without an image, of which he prints no boxes; 1 in the others."""
NO_JSON = ("prefix",)
ENDS = ("Stream closed.", "input video stream closed. ")
CLEARED = "\033[H\033[J"


@pytest.fixture
def here(shared: Path, tmp_path: Path) -> Path:
    for name in ("yolo-fastest-1.1.cfg", "yolo-fastest-1.1.weights", "coco.names"):
        shutil.copy(shared / "models" / name, tmp_path)
    shutil.copy(shared / "compat" / "demo" / "pan.avi", tmp_path)
    (tmp_path / "coco.data").write_text("classes=80\nnames=coco.names\n")
    return tmp_path


def demo(folder: Path, flags: str) -> str:
    """What is printed; out.json and out.avi are written."""
    words = f"coco.data yolo-fastest-1.1.cfg yolo-fastest-1.1.weights pan.avi -dont_show {flags}"
    files = "-thresh .25 -json_file_output out.json -out_filename out.avi"
    line = [sys.executable, "-m", "darknet_py", "detector", "demo", *f"{words} {files}".split()]
    environment = {**os.environ, "DARKNET_PY_LOG_STYLE": "darknet"}
    run = subprocess.run(
        line, cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def objects(text: str) -> list[list[dict[str, Any]]]:
    frames = json.loads(text)
    assert [frame["frame_id"] for frame in frames] == list(range(1, len(frames) + 1))
    return [frame["objects"] for frame in frames]


@pytest.mark.parametrize("name", FLAGS)
def test_a_video(name: str, shared: Path, here: Path) -> None:
    late, flags = FLAGS[name]
    printed = demo(here, flags)
    recorded = shared / "compat" / "demo" / f"pan-{name}"
    compare_lines(printed, recorded.with_name(f"pan-{name}.txt").read_text(), late, name)
    if name not in NO_JSON:
        ours = objects((here / "out.json").read_text())
        theirs = objects(recorded.with_name(f"pan-{name}.json").read_text())
        assert len(ours) == FRAMES and len(theirs) == FRAMES - 1 - late
        for mine, other in zip(ours[late:], theirs, strict=False):
            compare_objects(mine, other)
    assert frames_in(here / "out.avi") == FRAMES
    if name == "prefix":
        assert len(list(here.glob("pre_000000??.jpg"))) == FRAMES


def compare_objects(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> None:
    """The same classes in the same order; numbers to the digits that are written."""
    assert [one["class_id"] for one in ours] == [one["class_id"] for one in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        assert mine["name"] == other["name"]
        assert mine["confidence"] == pytest.approx(other["confidence"], abs=1.1e-5)
        assert mine["relative_coordinates"] == pytest.approx(
            other["relative_coordinates"], abs=1.1e-5
        )


def compare_lines(ours: str, theirs: str, late: int, name: str) -> None:
    """The start and the end line by line; of each frame the lines of its boxes."""
    first, *blocks = ours.split(CLEARED)
    their_first, *their_blocks = theirs.split(CLEARED)
    assert first.splitlines() == [
        line for line in their_first.splitlines()[1:] if "Video stream" not in line
    ] + ["Video stream: 320 x 240 "]
    assert len(blocks) == FRAMES
    # His first passes show nothing; pass k shows what the network saw in frame k + late.
    if name == "dontdraw_bbox":
        assert {boxes(block) for block in blocks} == {""}
    else:
        shown = [boxes(block) for block in blocks[late : FRAMES - 1]]
        their_shown = [boxes(block) for block in their_blocks]
        dark = next(index for index, lines in enumerate(their_shown) if lines)
        assert dark == DARK.get(name, 1)
        assert shown[dark:] == their_shown[dark:]
        assert all(boxes(block) for block in blocks)
    assert tuple(blocks[-1].splitlines()[-len(ENDS) - 1 : -1]) == ENDS
    assert blocks[-1].endswith(" closing... closed!output_video_writer closed. \n")


def boxes(block: str) -> str:
    """The lines between `Objects:` and the rates."""
    found = re.match(r"Objects:\n\n([\s\S]*?)(\nFPS:[\d.#]+ \t AVG_FPS:[\d.#]+\n|\[exit -6)", block)
    assert found, block
    return found[1]


def frames_in(path: Path) -> int:
    capture = cv2.VideoCapture(str(path))
    count = 0
    while capture.read()[0]:
        count += 1
    size = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
    assert (*size, capture.get(cv2.CAP_PROP_FPS)) == (320, 240, 10)
    return count
