"""Both streams of a command line by line against what AlexeyAB's program printed (../shared).

A recording begins with its command and ends with the exit code. Times, the machine and what is
chance are masked; DIFFERS names every other line that is not ours, with the reason. What is ours
beside those lines goes to stderr.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

pytestmark = pytest.mark.parity

NO_TIME = "an image that cannot be read is named and left out; Darknet looks at a black one instead"
NO_WINDOW = "no window is opened"
NO_SIZE = "a command that cannot do what it is for ends with an error"
MACHINE = "a line of the library that reads images"

DIFFERS: Mapping[str, Mapping[str, str]] = {
    "test-missing-picture": {
        " Detection layer: 121 - type = 28 ": NO_TIME,
        " Detection layer: 130 - type = 28 ": NO_TIME,
        "images/nothere.png: Predicted in # milli-seconds.": NO_TIME,
        "[ WARN:0@0.142] global ./modules/imgcodecs/src/loadsave.cpp (239) findDecoder imread_("
        "'images/nothere.png'): can't open/read file: check file path/integrity": MACHINE,
        "Cannot load image images/nothere.png": NO_TIME,
        "[exit 0]": NO_TIME,
    },
    "calc_anchors-no-size": {"[exit 0]": NO_SIZE},
    **dict.fromkeys(("detect", "detect-thresh"), {"[exit 134]": NO_WINDOW}),
}
"""Recording -> line that is not among ours -> the reason."""
RECORDINGS = (
    *("test", "test-ext_output", "test-MobileNet-ext_output", "test-missing-picture"),
    *("test-stdin", "detect", "detect-thresh", "map", "map-points101-iou75", "valid"),
    *("valid-coco", "recall", "calc_anchors", "calc_anchors-shapes", "calc_anchors-no-size"),
    *("classifier-predict", "classifier-predict-stdin", "classifier-predict-t5"),
    *("classifier-valid", "classifier-valid10"),
)
COUNTERS = (
    re.compile(r" rank = \d+ of ranks = \d+ \r"),
    re.compile(r"\r loaded \t image: \d+ \t box: \d+"),
)
"""What is rewritten on a terminal; recordings show the first two, [...] and the last."""
MASKS = (
    (re.compile(r"Predicted in [\d.]+ milli"), "Predicted in # milli"),
    (re.compile(r"Total Detection Time: [\d.]+ Seconds"), "Total Detection Time: # Seconds"),
    (re.compile(r"OpenCV version: [\d.]+"), "OpenCV version: #"),
    (re.compile(r"\[exit (\d+): .*\]"), r"[exit \1]"),
    # The library that was to open a window says the rest.
    (re.compile(r"^qt\.qpa\.[\s\S]*", re.MULTILINE), ""),
    # Of calc_anchors, whose k-means starts from chance.
    (re.compile(r"iterations = \d+ "), "iterations = # "),
    (re.compile(r"avg IoU = [\d.]+ %"), "avg IoU = # %"),
    (re.compile(r"anchors = (?: *[\d.]+,)+ *[\d.]+"), "anchors = #"),
)


def cut(text: str, counter: re.Pattern[str]) -> str:
    """The steps of a counter but the first two and the last as [...]."""
    steps = list(counter.finditer(text))
    if len(steps) < 4:
        return text
    return f"{text[: steps[1].end()]}[...]{text[steps[-1].start() :]}"


def lines_of(text: str) -> list[str]:
    for counter in COUNTERS:
        text = cut(text, counter)
    for pattern, mask in MASKS:
        text = pattern.sub(mask, text)
    return text.split("\n")


def recorded(path: Path) -> list[str]:
    """All below the command."""
    return lines_of(path.read_bytes().decode().partition("\n")[2])


def is_among(expected: list[str], lines: list[str]) -> list[str]:
    """The expected lines that do not come, in this order, among the lines."""
    rest = iter(lines)
    return [line for line in expected if line not in rest]


@pytest.fixture
def inputs(shared: Path, tmp_path: Path) -> Path:
    """A folder with all that the recorded commands ran on."""
    shutil.copytree(shared / "compat/stdout/inputs", tmp_path, dirs_exist_ok=True)
    for path in (shared / "models").iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / "coco-val128").symlink_to(shared / "coco-val128")
    subprocess.run(["chmod", "-R", "u+w", str(tmp_path)], check=True)
    return tmp_path


def run(command: str, folder: Path) -> tuple[str, str, int]:
    """stdout, stderr and exit code of a line `darknet WORDS [< FILE]`."""
    words, _, given = command.partition(" < ")
    root = Path(__file__).resolve().parent.parent.parent
    environment = {**os.environ, "PYTHONPATH": str(root)}
    environment.pop("DARKNET_PY_LOG_STYLE", None)
    done = subprocess.run(
        [sys.executable, "-m", "darknet_py", *shlex.split(words)[1:]],
        input=(folder / given).read_bytes() if given else None,
        stdin=None if given else subprocess.DEVNULL,
        capture_output=True,
        cwd=folder,
        env=environment,
        timeout=600,
        check=False,
    )
    return done.stdout.decode(), done.stderr.decode(), done.returncode


@pytest.mark.parametrize("name", RECORDINGS)
def test_lines_are_darknets(name: str, shared: Path, inputs: Path) -> None:
    path = shared / "compat/stdout" / f"{name}.txt"
    darknet_out, darknet_err = recorded(path), recorded(path.with_suffix(".stderr.txt"))
    out, err, code = run(path.read_text().partition("\n")[0].removeprefix("$ "), inputs)
    ours, differs = lines_of(f"{out}[exit {code}]\n"), DIFFERS.get(name, {})
    assert set(differs) <= {*darknet_out, *darknet_err}, "a line that differs is one of Darknet's"
    assert not set(differs) & {*ours, *lines_of(err)}, "and it is none of ours"
    if any(line.startswith("[exit") for line in differs):
        ours.remove(f"[exit {code}]")
    assert ours == [line for line in darknet_out if line not in differs]
    kept = [line for line in darknet_err if line not in differs]
    assert is_among(kept, lines_of(err)) == []
