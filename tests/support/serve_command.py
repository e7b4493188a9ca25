"""`darknet-py serve` in a process of its own."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def serve_command(*words: str, **variables: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`darknet-py serve` of a network in data/, and its port."""
    files = (ROOT / "cfg" / "shapes.cfg", ROOT / "data" / "shapes.weights")
    call = [sys.executable, "-m", "darknet_py", "serve", *map(str, files), "--port", "0", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **variables}
    process = subprocess.Popen(call, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        said = ""
        while not (port := re.search(r"serving at http://127\.0\.0\.1:(\d+)", said)):
            line = process.stderr.readline()
            assert line, f"the server ended at its start: {said}"
            said += line
        yield process, int(port[1])
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
