"""One mutant in a copy of the project: the tests that can notice it, until one does."""

from __future__ import annotations

from dataclasses import dataclass, field

from mutants.choose import groups
from mutants.copies import Copy
from mutants.line_map import LineMap
from mutants.mutant import Mutant
from mutants.project import Project

PASSED, FAILED, NOTHING_RUN = 0, 1, 5
ENDED = "pytest ends with"
START = 60
"""Seconds for Python and the collection of tests on a busy machine."""
SLOWER = 5
"""How much longer than when they were followed tests may take before they count as hanging."""


@dataclass(frozen=True)
class Verdict:
    noticed: bool
    by: str
    """The test that failed, or why it counts as noticed or not."""


@dataclass(frozen=True)
class Trials:
    """What is known of the tests, shared by all copies.

    A test that fails is run once on the project as it is: one that fails there too, because it
    depends on others or on the machine, notices nothing and is left out from then on.
    """

    project: Project
    lines: LineMap
    sound: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)

    def verdict(self, mutant: Mutant, copy: Copy) -> Verdict:
        count = 0
        for tests in groups(mutant, self.project, self.lines):
            by = self._first_failure(mutant, tests, copy)
            if by:
                return Verdict(True, by)
            count += len(tests)
        return Verdict(False, f"{count} tests pass")

    def _first_failure(self, mutant: Mutant, tests: list[str], copy: Copy) -> str:
        while left := [test for test in tests if test not in self.broken]:
            with copy.changed(mutant.path, mutant.source):
                by = self._run(left, copy)
            if by.startswith(ENDED):
                self._require_passing(left[0], copy)
            if by not in left or by in self.sound:
                return by
            (self.broken if self._run([by], copy) else self.sound).add(by)
        return ""

    def _require_passing(self, test: str, copy: Copy) -> None:
        """That pytest ended in another way must be the mutant's doing."""
        by = self._run([test], copy)
        if by.startswith(ENDED):
            log = (copy.folder / "log.txt").read_text()
            raise RuntimeError(f"{test} without a mutant: {by}\n{log[-2000:]}")

    def _run(self, tests: list[str], copy: Copy) -> str:
        """The first test that fails, what else ended the run, or nothing when all pass."""
        chosen, failed = copy.folder / "tests.txt", copy.folder / "failed"
        chosen.write_text("\n".join(tests))
        failed.unlink(missing_ok=True)
        files = sorted({test.split("::")[0] for test in tests})
        seconds = START + SLOWER * sum(self.lines.seconds[test] for test in tests)
        words = ["-x", "-p", "mutants.chosen_plugin", "-m", self.project.marks, *files]
        code = copy.run(words, seconds, {"MUTANTS_TESTS": str(chosen)})
        if code is None:
            return f"no end after {seconds:.0f} s"
        if code in (PASSED, NOTHING_RUN):
            return ""
        if code == FAILED and failed.exists():
            return failed.read_text()
        return f"{ENDED} {code}"
