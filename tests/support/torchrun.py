"""Scripts run by torchrun, with two processes on the CPU."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

PACKAGE_ROOT = Path(__file__).resolve().parents[2]


def torchrun(folder: Path, *words: str, restarts: int = 0) -> subprocess.CompletedProcess[str]:
    """Run `words`, a script or -m MODULE with its arguments, in two processes there."""
    with socket.socket() as free:
        free.bind(("", 0))
        port = free.getsockname()[1]
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2"]
    how = [f"--master-port={port}", f"--max-restarts={restarts}"]
    return run([*launcher, *how, *words], folder)


def run(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    there = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(PACKAGE_ROOT)}
    return subprocess.run(
        words, cwd=folder, env=there, capture_output=True, text=True, timeout=180, check=False
    )
