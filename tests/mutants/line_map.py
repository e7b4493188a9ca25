"""Which tests run which lines of the package: recorded once, kept in a file, renewed as it ages.

A test file that changed is recorded again, and everything is when the package changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mutants.copies import OPTIONS, Copy
from mutants.project import Project

TRACING = Path(__file__).parent / "tracing"


@dataclass(frozen=True)
class LineMap:
    seconds: dict[str, float]
    """How long each test took while it was followed; tests that failed are not there."""
    tests: dict[tuple[str, int], set[str]]
    """The tests that run a line of a file of the package, the path relative to the package."""

    def of_file(self, path: str) -> set[str]:
        return {test for (name, _), tests in self.tests.items() if name == path for test in tests}


def line_map(project: Project, kept: Path, workers: int) -> LineMap:
    """The map of a project, from the file where it is kept as far as that still holds."""
    package = _digest(project.sources)
    record = json.loads(kept.read_text()) if kept.exists() else {}
    files = record["files"] if record.get("package") == package else {}
    digests = {str(path.relative_to(project.root)): _digest([path]) for path in project.test_files}
    files = {path: one for path, one in files.items() if digests.get(path) == one["digest"]}
    missing = sorted(set(digests) - set(files))
    if missing:
        sys.stdout.write(f"following the tests of {len(missing)} files line by line ...\n")
        sys.stdout.flush()
    recorded = _recorded(project, missing, workers)
    for path in missing:
        tests = {test: one for test, one in recorded.items() if test.split("::")[0] == path}
        files[path] = {"digest": digests[path], "tests": tests}
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps({"package": package, "files": files}))
    return _map_of(test for one in files.values() for test in one["tests"].items())


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()


def _map_of(records: Iterable[tuple[str, dict]]) -> LineMap:  # type: ignore[type-arg]
    tests: dict[tuple[str, int], set[str]] = defaultdict(set)
    seconds: dict[str, float] = {}
    for test, record in records:
        if record.get("failed"):
            continue
        seconds[test] = record["seconds"]
        for path, lines in record["lines"].items():
            for line in lines:
                tests[path, line].add(test)
    return LineMap(seconds, tests)


def _recorded(project: Project, files: list[str], workers: int) -> dict[str, dict]:  # type: ignore[type-arg]
    """Test -> what its run was, from as many processes as there are workers."""
    parts = [files[start::workers] for start in range(workers)]
    with ThreadPoolExecutor(workers) as pool:
        runs = pool.map(lambda part: _record_part(project, part), [one for one in parts if one])
        return {test: record for run in runs for test, record in run.items()}


def _record_part(project: Project, files: list[str]) -> dict[str, dict]:  # type: ignore[type-arg]
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Copy.of(project.root, Path(folder))
        trace = Path(folder) / "trace"
        trace.mkdir()
        (trace / "current").write_text("imports")
        more = {"MUTANTS_TRACE": str(trace), "MUTANTS_PACKAGE": str(copy.root / project.package)}
        command = [sys.executable, "-m", "pytest", *OPTIONS, "-p", "mutants.record_plugin"]
        done = subprocess.run(
            [*command, "-m", project.marks, *files],
            cwd=copy.root,
            env={**os.environ, **copy.environment(more, TRACING)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if not (trace / "record.json").exists():
            told = (done.stdout + done.stderr)[-2000:]
            raise RuntimeError(f"pytest ended with {done.returncode} before its record:\n{told}")
        return json.loads((trace / "record.json").read_text())
