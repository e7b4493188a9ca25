"""What the README says about files, rooms, tables and make's targets is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "darknet_py"
README = (ROOT / "README.md").read_text()
QUOTED = sorted(set(re.findall(r"`([^`\n]+)`", README)))
TOPS = {path.name for path in (*ROOT.iterdir(), *PACKAGE.iterdir()) if path.is_dir()}


def is_a_path(words: str) -> bool:
    """Below the root or the package, and no stand-in such as ROOM/x.py."""
    if not re.fullmatch(r"[\w./-]+", words) or "ROOM" in words:
        return False
    return words.split("/")[0] in TOPS if "/" in words else words.endswith(".py")


PATHS = [words for words in QUOTED if is_a_path(words) and words != "command.py"]


@pytest.mark.parametrize("path", PATHS)
def test_paths_are_there(path: str) -> None:
    assert (ROOT / path).exists() or (PACKAGE / path).exists()


def test_the_paths_are_found_in_the_text() -> None:
    assert {"layers/base.py", "tests/support/", "forks/rules.py", "cfg/shapes.cfg"} <= set(PATHS)


def test_every_room_has_its_line() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    table = README.split("| room of `darknet_py/` |")[1].split("\n\n")[0]
    lines = [line.split("|")[1] for line in table.splitlines()[2:]]
    assert rooms == {room for line in lines for room in re.findall(r"`(\w+)`", line)}


def test_tables_are_there() -> None:
    """`TABLE` in `path`, or there where no file is named."""
    assigned = {
        name
        for path in (*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py"))
        for name in re.findall(r"(?m)^([A-Z_]+)\b[^=\n]*=", path.read_text())
    }
    contracts = README.split("### One contract each")[1].split("\nAnd for all")[0]
    named = set(re.findall(r"row of `([A-Z_]+)`", contracts))
    assert len(named) == 18 and named <= assigned
    for table, path in re.findall(r"row of `([A-Z_]+)` in `([\w/.]+)`", contracts):
        file = next(top / path for top in (PACKAGE, ROOT) if (top / path).exists())
        assert re.search(rf"(?m)^{table}\b[^=\n]*=", file.read_text()), path


def test_makes_targets_are_there() -> None:
    targets = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text()))
    assert set(re.findall(r"\bmake ([a-z-]+)", README)) - {"the"} <= targets
