"""The log of a training, line by line, against what AlexeyAB's program printed.

Figures that are chance or time are masked on both sides, digit by digit of their layout; everything
else must be the same bytes in the same order, on each stream and on both in one pipe.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.parity

RECORDINGS = (
    "train-map",
    "train-map110",
    "train-random",
    "train-saveweights",
    "train-finished",
    "train-continued",
    "train-cleared",
    "classifier-train",
    "classifier-train-topk",
)
STREAMS = {"both": ".both.txt", "stdout": ".txt", "stderr": ".stderr.txt"}
CLASSIFIER_IMAGES = 149
"""Lines of the list those trainings ran on, which is not kept; any images will do."""


class Difference(NamedTuple):
    """What is left out on both sides before they are compared. only: for these recordings."""

    theirs: str
    ours: str
    reason: str
    only: tuple[str, ...] = RECORDINGS


DIFFERS = (
    Difference(
        r" (GPU isn't used|Used AVX|Used FMA & AVX2|OpenCV version: .*) ?\n",
        r" (GPU isn't used|Used AVX|Used FMA & AVX2|OpenCV version: .*) ?\n",
        "what the machine has",
    ),
    Difference(
        r" Create \d+ permanent cpu-threads \n",
        r" Create \d+ permanent cpu-threads \n",
        "threads of the C program start when they will: here after its last weights are saved",
        ("train-finished",),
    ),
    Difference(
        r"(\r\d+)+(?=\n detections_count|Total)",
        r"(\r\d+)+(?=\n detections_count|Total)",
        "the counter of images, which a terminal overwrites: nothing to read",
        ("train-map", "train-map110"),
    ),
    Difference(
        r" rank = 0 of ranks = .*\r(?=class_id)",
        r" rank = 0 of ranks = .*\r(?=class_id)",
        "the counter of ranks, which a terminal overwrites: nothing to read",
        ("train-map", "train-map110"),
    ),
    Difference(
        r"(?!)",
        r"Saving weights to backup/class60_best\.weights\n",
        "the best weights of a classifier are kept too",
        ("classifier-train-topk",),
    ),
    Difference(
        r"\[\.\.\.\]",
        r"(?!)",
        "the recording is cut there",
        ("train-map", "train-map110", "classifier-train-topk"),
    ),
    Difference(r"(?!)", r"darknet-py: -dont_show: .*\n", "a flag without effect is named"),
    Difference(
        r"(?!)",
        r"(?m)^\w+\.cfg: .* images, .* fork alexeyab\n",
        "how it is trained, on stderr",
    ),
    Difference(
        r"(?!)",
        r"\w+\.weights: all layers, .* images seen\n",
        "what the weights hold, on stderr",
        ("train-finished", "train-continued", "train-cleared"),
    ),
    Difference(
        r"(?!)",
        r"warning: .*, so training is over; .*\n",
        "why nothing is trained, on stderr",
        ("train-finished",),
    ),
    Difference(
        r"(?!)",
        r"warning: boxes left out because their numbers are not finite.*\n",
        "batch statistics follow the rule of the GPU here, and are far off after so few updates",
        ("train-map", "train-map110"),
    ),
)
"""Lines that differ on purpose."""
FLOAT = re.compile(r"(?<![\w.@])(-nan|\d+\.(\d+))")
RANDOM_LINES = (
    re.compile(r"v3 \(mse loss.*"),
    re.compile(r" total_bbox = .*"),
    re.compile(r"class_id = .*"),
    re.compile(r"detections_count = \d+"),
    re.compile(r" for conf_thresh = .*"),
    re.compile(r" mean average precision \(mAP@0.50\) = .*"),
    re.compile(r" mean_average_precision \(mAP@0.50\) = .*"),
    re.compile(r"Last accuracy mAP@0.50 = .*?(?=\033)"),
    re.compile(r"(?<=\d: ).*?, .*? avg"),
    re.compile(r"(?<=rate, ).*? seconds"),
    re.compile(r"(?<=images, ).*? hours left"),
    re.compile(r"\r\d+: top 1: .*"),
    re.compile(r" accuracy top2 = .*"),
    re.compile(r"Loaded: .* seconds.*"),
)
"""What is chance or time in a line; in these every number is masked."""
LEFT_OUT_FIGURES = (
    (re.compile(r"Loaded: .* seconds.*"), "Loaded: # seconds"),
    (re.compile(r"Total Detection Time: \S+"), "Total Detection Time: #"),
    (re.compile(r"(?<=rate, ).*? seconds"), "# seconds"),
    (re.compile(r"(?<=images, ).*? hours left"), "# hours left"),
    (re.compile(r"loss=\S+ (map=)?[^\a]*\a"), r"loss=# \1"),
    (re.compile(r"(\r\d+: top 1: .*)"), "\r# top 1"),
)
"""What the recordings have # for already, on both sides."""


def masked(text: str) -> list[str]:
    for pattern, mark in LEFT_OUT_FIGURES:
        text = pattern.sub(mark, text)
    for pattern in RANDOM_LINES:
        text = pattern.sub(lambda match: _figures(match[0]), text)
    return text.splitlines()


def _figures(text: str) -> str:
    """Each float as its digits behind the point, each count as one sign."""
    text = FLOAT.sub(lambda match: f"#.{len(match[2] or '00')}", text)
    return re.sub(r"(?<== )\d+|(?<=count: )\d+", "#", text)


@pytest.fixture(scope="module")
def folder(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The inputs of the recordings."""
    made = tmp_path_factory.mktemp("training")
    for path in (shared / "compat" / "stdout" / "inputs").iterdir():
        (made / path.name).symlink_to(path)
    images = sorted(f"cls/{path.name}" for path in (made / "cls").iterdir())
    chosen = (images * CLASSIFIER_IMAGES)[:CLASSIFIER_IMAGES]
    (made / "cls-train.txt").write_text("\n".join(chosen) + "\n")
    return made


def run(command: str, folder: Path, merged: bool) -> dict[str, str]:
    """What a command line of Darknet's prints here, by stream."""
    arguments = command.removeprefix("$ darknet ").split()
    environment = {name: value for name, value in os.environ.items() if "LOG_STYLE" not in name}
    package = Path(__file__).resolve().parents[2]
    environment |= {"PYTHONPATH": str(package), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "darknet_py", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if merged else subprocess.PIPE,
        timeout=300,
        check=True,
    )
    if merged:
        return {"both": done.stdout.decode()}
    return {"stdout": done.stdout.decode(), "stderr": done.stderr.decode()}


def recorded(shared: Path, name: str, stream: str) -> tuple[str, str]:
    """The command, and what it printed."""
    with open(shared / "compat" / "stdout" / f"{name}{STREAMS[stream]}", newline="") as file:
        command, _, text = file.read().partition("\n")
    return command, text.replace("\n[exit 0]\n", "\n").removesuffix("[exit 0]\n")


def compared(theirs: str, ours: str, name: str) -> Iterator[list[str]]:
    for row in DIFFERS:
        if name in row.only:
            theirs, ours = re.sub(row.theirs, "", theirs), re.sub(row.ours, "", ours)
    yield masked(theirs)
    yield masked(ours)


@pytest.mark.parametrize("merged", [True, False], ids=["both", "streams"])
@pytest.mark.parametrize("name", RECORDINGS)
def test_the_log_is_darknets(shared: Path, folder: Path, name: str, merged: bool) -> None:
    command, _ = recorded(shared, name, "both")
    printed = run(command, folder, merged)
    for stream, ours in printed.items():
        theirs = recorded(shared, name, stream)[1]
        expected, actual = compared(theirs, ours, name)
        assert actual == expected, stream
