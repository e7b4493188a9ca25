"""`darknet-py serve` as a process of its own, and what it costs the machine."""

from __future__ import annotations

import os
import socket
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
    """The server when its port is open; it is ended by SIGTERM."""
    port = free_port()
    words = ["serve", cfg, weights, "--port", str(port), *flags]
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "darknet_py", *words])
    server = ServerProcess(process, port, started)
    try:
        wait_for_port(server)
        yield server
    finally:
        process.terminate()
        process.wait(PATIENCE)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_for_port(server: ServerProcess) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert server.process.poll() is None, "the server ended at its start"
        try:
            socket.create_connection(("127.0.0.1", server.port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.005)
    raise AssertionError(f"nobody listens on port {server.port}")
