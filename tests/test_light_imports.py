"""Help, summary and check start at once: nothing heavy is imported for them."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from darknet_py.cli.command_table import COMMANDS, GROUPS

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("torch", "numpy", "cv2", "pycocotools", "PIL", "matplotlib")
SECONDS, RUNS = 1.5, 3
REPORT = f"""
import atexit, sys
heavy = lambda: sorted(name for name in {HEAVY} if name in sys.modules)
atexit.register(lambda: sys.stderr.write("heavy: " + " ".join(heavy())))
"""
RUN = REPORT + "from darknet_py.cli.main import run\nrun()\n"
TINY = "cfg/yolov3-tiny.cfg"
CALLS = [
    "--help",
    "--version",
    *(f"{words} --help" for words in [*COMMANDS, *GROUPS]),
    f"summary {TINY}",
    f"summary {TINY} --json",
    "summary cfg/yolov3.cfg",
    f"check {TINY} cfg/coco.data",
    "check none.cfg",
    f"ops {TINY}",
    f"benchmark {TINY} --engines none",
    "sumary",
]


def python(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("words", CALLS)
def test_command_is_light(words: str) -> None:
    result = python(RUN, *words.split())
    assert result.stderr.endswith("heavy: "), result.stderr


def test_help_is_there_at_once() -> None:
    """The median of a few runs: one may have waited for others on this machine."""
    assert statistics.median(map(seconds_of_help, range(RUNS))) < SECONDS


def seconds_of_help(run: int) -> float:
    start = time.monotonic()
    assert python(RUN, "--help").returncode == 0
    return time.monotonic() - start


@pytest.mark.parametrize(
    "module",
    [
        "darknet_py",
        "darknet_py.network.graph",
        "darknet_py.network.summary",
        "darknet_py.network.check",
    ],
)
def test_module_is_light(module: str) -> None:
    assert python(f"{REPORT}import {module}").stderr == "heavy: "
