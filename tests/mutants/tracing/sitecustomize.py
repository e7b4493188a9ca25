"""Which lines of a package a Python process runs, for the test that is running when it starts.

Python imports this module by itself in every process that has its folder on PYTHONPATH, so that
programs a test starts are followed too. $MUTANTS_TRACE is a folder: `current` in it names the file
there that takes the lines (`path:number`, each once), and $MUTANTS_PACKAGE the package's folder.
"""

from __future__ import annotations

import os
import sys
import threading
from types import CodeType, FrameType
from typing import Any


class Tracer:
    def __init__(self, folder: str, package: str) -> None:
        self.folder, self.package = folder, package + os.sep
        self._left: dict[CodeType, set[int]] = {}
        self._out: int | None = None

    def start(self) -> None:
        """Follow from now on, for the current test: every line counts as new."""
        if self._out is not None:
            os.close(self._out)
            self._out = None
        self._left = {}
        try:
            with open(os.path.join(self.folder, "current")) as file:
                name = file.read()
        except OSError:
            return
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        self._out = os.open(os.path.join(self.folder, name), flags)
        threading.settrace(self._called)
        sys.settrace(self._called)

    def _called(self, frame: FrameType, event: str, value: Any) -> Any:
        """What sees the frame's lines: nothing once every line of its code has run."""
        code = frame.f_code
        if not code.co_filename.startswith(self.package):
            return None
        left = self._left.get(code)
        if left is None:
            left = self._left[code] = {line for *_, line in code.co_lines() if line}
            left.discard(code.co_firstlineno)
        return self._ran if left else None

    def _ran(self, frame: FrameType, event: str, value: Any) -> Any:
        left, line = self._left.get(frame.f_code), frame.f_lineno
        if left and line in left and self._out is not None:
            left.discard(line)
            path = frame.f_code.co_filename[len(self.package) :]
            os.write(self._out, f"{path}:{line}\n".encode())
        return self._ran if left else None


if "MUTANTS_TRACE" in os.environ:
    tracer = Tracer(os.environ["MUTANTS_TRACE"], os.environ["MUTANTS_PACKAGE"])
    tracer.start()
    os.register_at_fork(after_in_child=tracer.start)
