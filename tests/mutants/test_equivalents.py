"""The list of mutants that nothing could notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from mutants.equivalents import LISTED, equivalents, reason_of
from mutants.mutant import Mutant, mutants_of

ROOT = Path(__file__).resolve().parents[2]
ROW = "@ a.py\n- x = 1\n+ x = 2\n= nobody reads x\n"


def mutant(path: str = "a.py", line: int = 3, after: str = "x = 2") -> Mutant:
    return Mutant(path, line, "constant + 1", "x = 1", after, b"")


def test_a_row_is_found_by_its_text() -> None:
    listed = equivalents(ROW + "\n" + ROW.replace("a.py", "b.py"))
    assert [row.path for row in listed] == ["a.py", "b.py"]
    assert reason_of(mutant(), listed) == reason_of(mutant(line=9), listed) == "nobody reads x"
    assert reason_of(mutant("c.py"), listed) == reason_of(mutant(after="x = 0"), listed) == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- x = 1\n", "line 1 starts with '- ', expected '@ '"),
        (ROW + "\n@ b.py\n+ x\n", "line 7 starts with '\\+ ', expected '- '"),
        ("@ b.py\n- x\n", "line 2 ends the list inside a row"),
    ],
)
def test_a_list_out_of_order(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        equivalents(text)


def test_every_row_of_the_list_is_a_mutant_of_today() -> None:
    """A row whose line has gone, or is changed otherwise now, is to be removed."""
    listed = equivalents(LISTED.read_text())
    for path in {row.path for row in listed}:
        rows = {(row.before, row.after) for row in listed if row.path == path}
        mutants = mutants_of(ROOT, ROOT / path, {before for before, _ in rows})
        possible = {(one.before, one.after) for one in mutants}
        assert rows - possible == set(), path
    assert all(row.reason for row in listed)
