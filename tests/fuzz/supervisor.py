"""Keeps a worker: starts it, gives it cases, and tells of what it died."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from fuzz.cases import Case, Verdict, write_case

TESTS = Path(__file__).resolve().parent.parent
MOST_CASES = 1000
"""After so many a fresh process: what a case leaves behind must not be counted against others."""
LINE = re.compile(r'File "[^"]*/(?:darknet_py|torch)/([^"]+)", line (\d+)')
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent}"}


class Supervisor:
    """memory: bytes a case may take; seconds: how long it may run. module: what the worker runs."""

    def __init__(self, memory: int, seconds: float, module: str = "fuzz.worker") -> None:
        self.module = module
        self.limits = (str(memory), str(seconds))
        self.process: subprocess.Popen[str] | None = None
        self.cases = 0
        self.scratch = Path(tempfile.mkdtemp(prefix="fuzz-"))
        self.report = self.scratch / "report"

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def verdict(self, case: Case) -> Verdict:
        """What became of the case, in a folder that goes again."""
        process = self._running()
        folder = Path(tempfile.mkdtemp(dir=self.scratch))
        write_case(case, folder)
        assert process.stdin and process.stdout
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(str(folder)) + "\n")
            process.stdin.flush()
        answer = process.stdout.readline()
        shutil.rmtree(folder, ignore_errors=True)
        self.cases += 1
        return Verdict(**json.loads(answer)) if answer else self._death()

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def _running(self) -> subprocess.Popen[str]:
        if self.cases >= MOST_CASES:
            self.stop()
        if self.process is None:
            self.cases = 0
            self.process = self._started()
        return self.process

    def _started(self) -> subprocess.Popen[str]:
        with self.report.open("wb") as report:
            return subprocess.Popen(
                [sys.executable, "-m", self.module, *self.limits],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=report,
                text=True,
                cwd=self.scratch,
                env=os.environ | ENVIRONMENT,
            )

    def _death(self) -> Verdict:
        assert self.process
        code = self.process.wait()
        self.stop()
        text = self.report.read_text(errors="replace")
        place = LINE.search(text)
        where = f"{place.group(1)}:{place.group(2)}" if place else "nowhere"
        if text.startswith("Timeout"):
            return Verdict("time", where, text)
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return Verdict("signal", f"{name} {where}", text)
