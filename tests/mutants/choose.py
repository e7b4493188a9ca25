"""Which tests can notice a mutant, the likely and the quick ones first.

A changed line inside a function is noticed only by tests that run it. One that runs at import (a
default, a table, a declaration) may be noticed wherever its file's names are used: the tests of the
file first, then those that run a line of it, then all others.
"""

from __future__ import annotations

import functools
from pathlib import Path

from mutants.line_map import LineMap
from mutants.mutant import Mutant
from mutants.project import Project
from mutants.source import Source


def groups(mutant: Mutant, project: Project, lines: LineMap) -> list[list[str]]:
    """Groups of tests to run one after another until one fails; no test is in two."""
    inside = str(Path(mutant.path).relative_to(project.package))
    running = lines.tests.get((inside, mutant.line), set())
    own = {test for test in lines.seconds if test.startswith(project.mirror(mutant.path))}
    if mutant.line in _function_lines(project.root / mutant.path):
        chosen = [running & own, running]
    else:
        chosen = [own, lines.of_file(inside), set(lines.seconds)]
    return _apart(chosen, lines)


@functools.cache
def _function_lines(path: Path) -> set[int]:
    return Source(path).function_lines


def _apart(chosen: list[set[str]], lines: LineMap) -> list[list[str]]:
    """Each test where it is named first, the quickest test of a group first."""
    met: set[str] = set()
    result = []
    for tests in chosen:
        result.append(sorted(tests - met, key=lambda test: (lines.seconds[test], test)))
        met |= tests
    return [tests for tests in result if tests]
