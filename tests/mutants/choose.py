"""Which tests can notice a mutant, the likely and the quick ones first.

A changed line inside a function is noticed only by tests that run it. One that runs at import (a
default, a table, a declaration, a function that makes one) gives names a value: it is noticed by
the tests of its file, by those of test files that mention one of the names, and by those that run a
line of the package where one stands.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

from mutants.line_map import LineMap
from mutants.mutant import Mutant
from mutants.project import Project
from mutants.source import Source

READERS = {"ast"}
"""What test files mention that read the package's source: they notice without running it."""


def groups(mutant: Mutant, project: Project, lines: LineMap) -> list[list[str]]:
    """Groups of tests to run one after another until one fails; no test is in two."""
    inside = str(Path(mutant.path).relative_to(project.package))
    running = lines.tests.get((inside, mutant.line), set())
    own = {test for test in lines.seconds if test.startswith(project.mirror(mutant.path))}
    reading = _near(READERS, project, lines)
    source = _source(project.root / mutant.path)
    if running and mutant.line in source.function_lines:
        return _apart([running & own, running, reading], lines)
    names = source.names_at(mutant.line)
    near, using = _near(names, project, lines), _using(names, project, lines)
    return _apart([own, near, using, reading], lines)


def _using(names: set[str], project: Project, lines: LineMap) -> set[str]:
    """Tests that run a line of the package where one of the names stands."""
    package = project.root / project.package
    return {
        test
        for path in project.sources
        for line in _source(path).lines_with(names)
        for test in lines.tests.get((str(path.relative_to(package)), line), ())
    }


def _near(names: set[str], project: Project, lines: LineMap) -> set[str]:
    """Tests of files where one of the names stands."""
    word = re.compile(rf"\b({'|'.join(map(re.escape, names))})\b")
    files = [path for path in project.test_files if word.search(path.read_text())]
    there = {str(path.relative_to(project.root)) for path in files}
    return {test for test in lines.seconds if test.split("::")[0] in there}


@functools.cache
def _source(path: Path) -> Source:
    return Source(path)


def _apart(chosen: list[set[str]], lines: LineMap) -> list[list[str]]:
    """Each test where it is named first, the quickest test of a group first."""
    met: set[str] = set()
    result = []
    for tests in chosen:
        result.append(sorted(tests - met, key=lambda test: (lines.seconds[test], test)))
        met |= tests
    return [tests for tests in result if tests]
