"""What all records of options have in common."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path

import pytest

from darknet_py.options import benchmarking, datasets, evaluation, inference, model, training

PACKAGE = Path(__file__).resolve().parents[2] / "darknet_py"
MODULES = (benchmarking, datasets, evaluation, inference, model, training)
RECORDS = [
    kind
    for module in MODULES
    for kind in vars(module).values()
    if isinstance(kind, type) and dataclasses.is_dataclass(kind) and "Options" in kind.__name__
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_records_are_frozen_and_keyword_only(record: type) -> None:
    assert record.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert all(field.kw_only for field in dataclasses.fields(record))


SPREAD = {"fork", "width", "height", "gpu", "nogpu", "device", "engine"}
"""Fields that each command had once for itself."""


def test_shared_options_are_written_once() -> None:
    """Width and height mean something else for anchors and for drawn images."""
    homes: dict[str, list[str]] = {name: [] for name in SPREAD}
    for path in sorted((PACKAGE / "options").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) in SPREAD:
                homes[ast.unparse(node.target)].append(path.stem)
    again = {name: modules for name, modules in homes.items() if modules != ["model"]}
    other = ["datasets", "evaluation", "model"]
    assert again == {"width": other, "height": other}


def test_the_command_line_writes_no_default_of_its_own() -> None:
    """Numbers stand in the records: an option beside them is a flag or has no default."""
    for path in (PACKAGE / "cli").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "default":
                assert not isinstance(node.value, ast.Constant), f"{path.name}:{node.lineno}"
