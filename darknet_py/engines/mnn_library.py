"""MNN's package: loaded without a word of its own, and its converter. Light to import."""

from __future__ import annotations

import ctypes
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CONVERTER = "import sys, _tools; _tools.mnnconvert(sys.argv)"
"""MNN's own command for it installs a package and reports to its makers what was converted."""
STDOUT = 1
SECONDS = 300
"""A conversion that takes longer is taken for one that hangs."""
TROUBLE = ("not support", "error", "fail", "can't", "invalid")
"""Words of the converter's lines that say why there is no file."""


@contextmanager
def _unheard() -> Iterator[None]:
    """What MNN's library prints when it is loaded, past sys.stdout, is no part of any result."""
    try:
        kept = os.dup(STDOUT)
    except OSError:  # it is closed, so that nothing can be heard
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, STDOUT)
    try:
        yield
        # C keeps the lines back where stdout is no terminal.
        ctypes.CDLL("ucrtbase" if os.name == "nt" else None).fflush(None)
    finally:
        os.dup2(kept, STDOUT)
        os.close(kept)
        os.close(nowhere)


with _unheard():
    importlib.import_module("_mnncengine")
MNN = importlib.import_module("MNN")


def converted(source: Path, path: Path) -> str:
    """Writes the .mnn file of an .onnx file; why there is none, "" where there is.

    In a process of its own: the converter prints much, and ends the process where it fails.
    """
    files = ["--modelFile", str(source), "--MNNModel", str(path)]
    try:
        done = subprocess.run(
            [sys.executable, "-c", CONVERTER, "-f", "ONNX", *files, "--bizCode", "darknet-py"],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            cwd=path.parent,  # whose modules go before those that are installed
        )
    except subprocess.TimeoutExpired:
        return f"MNN's converter took over {SECONDS} s"
    if path.is_file() and path.stat().st_size and not done.returncode:
        return ""
    lines = (done.stdout + done.stderr).splitlines() or [f"it ended with {done.returncode}"]
    telling = [line for line in lines if any(word in line.lower() for word in TROUBLE)]
    return f"MNN does not convert it: {(telling or lines)[-1].strip()}"
