"""A copy of the project in a folder of its own, and pytest in it: the original is never touched."""

from __future__ import annotations

import compileall
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode

TESTS = Path(__file__).parent.parent
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "*.log")
OPTIONS = ("-q", "-p", "no:cacheprovider", "--tb=line")


@dataclass(frozen=True)
class Copy:
    folder: Path
    nursery: subprocess.Popen[str] | None = None

    @classmethod
    def of(cls, root: Path, folder: Path, preloaded: Sequence[str] = ()) -> Copy:
        """folder is made; preloaded: modules that the process imports of which runs are forks."""
        shutil.copytree(root, folder / "project", ignore=LEFT_OUT)
        # Compiled by content: a mutant of the same size in the same second is another file.
        by_content = PycInvalidationMode.CHECKED_HASH
        compileall.compile_dir(folder / "project", quiet=2, invalidation_mode=by_content)
        return cls(folder, _nursery(preloaded) if preloaded else None)

    @property
    def root(self) -> Path:
        return self.folder / "project"

    def run(self, words: list[str], seconds: float, more: Mapping[str, str]) -> int | None:
        """The exit code of pytest with these words, None after so many seconds."""
        if self.nursery is None or self.nursery.stdin is None or self.nursery.stdout is None:
            raise RuntimeError("a copy without a nursery follows tests and runs no others")
        run = {
            "folder": str(self.root),
            "words": [*OPTIONS, *words],
            "env": self.environment(more),
            "seconds": seconds,
        }
        self.nursery.stdin.write(json.dumps(run) + "\n")
        self.nursery.stdin.flush()
        code: int | None = json.loads(self.nursery.stdout.readline())
        return code

    def environment(self, more: Mapping[str, str], *path: Path) -> dict[str, str]:
        """Temporary files and caches go below the copy's folder, emptied now."""
        scratch = self.folder / "tmp"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        places = (*path, self.root, self.root / "tests", TESTS)
        return {
            "PYTHONPATH": os.pathsep.join(str(one) for one in places),
            "TMPDIR": str(scratch),
            "HOME": str(self.folder),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            **more,
        }

    @contextmanager
    def changed(self, path: str, content: bytes) -> Iterator[None]:
        """A file of the copy with other content inside."""
        file = self.root / path
        before = file.read_bytes()
        file.write_bytes(content)
        try:
            yield
        finally:
            file.write_bytes(before)

    def close(self) -> None:
        if self.nursery is not None:
            with self.nursery:
                self.nursery.kill()


def _nursery(modules: Sequence[str]) -> subprocess.Popen[str]:
    command = [sys.executable, str(Path(__file__).with_name("nursery.py")), *modules]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
