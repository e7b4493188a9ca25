"""`darknet-py serve` as a process of its own, and what it costs the machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
PATIENCE = 120.0


@dataclass(frozen=True)
class ServerProcess:
    """started: by `time.perf_counter`."""

    process: subprocess.Popen[bytes]
    port: int
    started: float

    def megabytes(self) -> float:
        """Of memory that it has in use (Linux)."""
        pages = int(self._proc("statm").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def cpu_seconds(self) -> float:
        """Of all its threads so far (Linux)."""
        after_name = self._proc("stat").rpartition(")")[2].split()
        return (int(after_name[11]) + int(after_name[12])) / TICKS

    def open_files(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def threads(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def _proc(self, name: str) -> str:
        return Path(f"/proc/{self.process.pid}/{name}").read_text()


@contextmanager
def server_process(cfg: str, weights: str, flags: Sequence[str] = ()) -> Iterator[ServerProcess]:
    """The server when its port is open; SIGTERM must end it well."""
    command = [sys.executable, "-m", "darknet_py", "serve", cfg, weights, "--port", "0", *flags]
    started = time.perf_counter()
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        yield ServerProcess(process, announced_port(process), started)
    finally:
        ended = process.poll()
        process.terminate()
        try:
            _, said = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
        # Also where it is why the caller failed.
        assert (ended, process.returncode) == (None, 0), f"ended with {ended}: {said.decode()}"


def announced_port(process: subprocess.Popen[bytes]) -> int:
    """Of the line that says where it serves; it may say other things before."""
    assert process.stderr is not None
    before = []
    for line in process.stderr:
        if found := re.search(rb"serving at http://127\.0\.0\.1:(\d+)", line):
            return int(found[1])
        before.append(line)
    raise AssertionError(f"the server ended at its start: {b''.join(before).decode()}")
