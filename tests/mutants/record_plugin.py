"""A pytest plugin that writes down which lines of the package each test runs, and for how long.

`-p mutants.record_plugin` in a process that imported tracing/sitecustomize.py; the record is JSON
in $MUTANTS_TRACE/record.json.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Generator
from pathlib import Path

import pytest
from sitecustomize import tracer

FOLDER = Path(os.environ["MUTANTS_TRACE"])
IMPORTS = "imports"
record: dict[str, dict[str, object]] = {}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    number = str(len(record))
    (FOLDER / "current").write_text(number)
    tracer.start()
    start = time.perf_counter()
    result = yield
    seconds = time.perf_counter() - start
    (FOLDER / "current").write_text(IMPORTS)
    tracer.start()
    taken = FOLDER / number
    record[item.nodeid] = {"seconds": round(seconds, 3), "lines": by_file(taken.read_text())}
    taken.unlink()
    return result


def by_file(text: str) -> dict[str, list[int]]:
    files: dict[str, set[int]] = {}
    for line in text.splitlines():
        path, _, number = line.rpartition(":")
        files.setdefault(path, set()).add(int(number))
    return {path: sorted(lines) for path, lines in files.items()}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed:
        failed.add(report.nodeid)


failed: set[str] = set()


def pytest_sessionfinish() -> None:
    for test in failed:
        record[test] = {"failed": True}
    (FOLDER / "record.json").write_text(json.dumps(record))
