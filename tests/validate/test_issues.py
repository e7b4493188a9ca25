"""Issues of a data set: counted all and kept some, at their levels."""

from __future__ import annotations

from darknet_py.errors import Location
from darknet_py.validate.issues import KINDS, Issue, Issues


def test_issues_are_counted_all_and_kept_some() -> None:
    issues = Issues(most=3)
    issues.add(Issue("tiny", Location("a.txt", line), "") for line in range(10))
    issues.add([Issue("no-size", Location("a.txt"), ""), Issue("no-label-file", Location("b"), "")])
    assert (issues.counts["tiny"], len(issues.kept["tiny"])) == (10, 3)
    assert issues.kinds() == ["no-size", "tiny", "no-label-file"]
    assert [issues.total(level) for level in ("error", "warning", "note")] == [1, 10, 1]


def test_strict_issues() -> None:
    issues = Issues(strict=True)
    issues.add([Issue("tiny", Location("a"), ""), Issue("no-label-file", Location("b"), "")])
    assert [issues.total(level) for level in ("error", "warning", "note")] == [1, 0, 1]


def test_levels_are_known() -> None:
    assert {kind.level for kind in KINDS.values()} == {"error", "warning", "note"}
