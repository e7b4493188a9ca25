"""What `compare` does on the command line: two result files, or two commands that write one."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from darknet_py.errors import DarknetError
from darknet_py.evaluate.compare import Tolerance, compare
from darknet_py.evaluate.formats.reading import BoxTable, read_results

RUNNABLE = ("detect", "detector test", "map", "detector map")
"""Commands whose -out file can be compared."""


Execute = Callable[[list[str]], int]
"""Runs the words of a command line and gives its exit code."""


def run(first: str, second: str, tolerance: Tolerance, shown: int, execute: Execute) -> None:
    """Print how two runs differ."""
    runs = [_results(word, execute) for word in (first, second)]
    click.echo("\n".join(compare(runs[0], runs[1], tolerance, shown)))


def _results(word: str, execute: Execute) -> BoxTable | dict[str, Any]:
    if os.path.exists(word) or " " not in word.strip():
        return read_results(word)
    with tempfile.TemporaryDirectory() as folder:
        return read_results(_executed(word, Path(folder), execute))


def _executed(line: str, folder: Path, execute: Execute) -> Path:
    """The -out file of a command line; what it prints is dropped."""
    words = shlex.split(line)
    known = next((name for name in RUNNABLE if words[: name.count(" ") + 1] == name.split()), None)
    if known is None:
        choices = ", ".join(RUNNABLE)
        raise DarknetError(f"'{line}' is neither a file nor one of the commands {choices}")
    out = folder / "out.json"
    words += ["--out", str(out)]
    if known in ("detect", "detector test"):
        words += ["--prefix", str(folder / "image")]
    said = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        code = execute(words)
    if code or not out.exists():
        last = said.getvalue().strip().splitlines()[-1:] or ["nothing was written"]
        raise DarknetError(f"'{line}' failed: {last[0]}")
    return out
