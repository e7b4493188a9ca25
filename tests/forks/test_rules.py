"""What a fork does differently is a field of its record: nothing else asks which fork it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from darknet_py import forks
from darknet_py.errors import DarknetError
from darknet_py.forks import ALEXEYAB, FORKS, PJREDDIE, Fork, fork_named

HOME = Path(forks.__file__).parent
PACKAGE = HOME.parent


def test_nothing_asks_which_fork_it_is() -> None:
    actual = {
        (path.relative_to(PACKAGE).as_posix(), ast.unparse(node))
        for path in PACKAGE.rglob("*.py")
        if path.parent != HOME
        for node in asking(ast.parse(path.read_text()))
    }
    assert actual == set()


def asking(tree: ast.AST) -> Iterator[ast.AST]:
    """Comparisons with, and look-ups by, a fork or its name; printing the name is none."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare():
                asked = [node.left, *node.comparators]
            case ast.Subscript():
                asked = [*parts(node.slice)]
            case ast.Call(func=ast.Attribute(attr="get")):
                asked = [part for value in node.args for part in parts(value)]
            case ast.Match():
                asked = [node.subject]
            case _:
                continue
        if any(names_a_fork(part) for part in asked):
            yield node


def parts(node: ast.AST) -> Iterator[ast.AST]:
    """Down to attributes: a look-up by a field of the record is what fields are for."""
    yield node
    if not isinstance(node, ast.Attribute):
        for child in ast.iter_child_nodes(node):
            yield from parts(child)


def names_a_fork(node: ast.AST) -> bool:
    """`fork`, `x.fork`, either one's `.name`, and the two records by name."""
    match node:
        case ast.Attribute(value=value, attr="name"):
            return names_a_fork(value)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name in ("fork", "ALEXEYAB", "PJREDDIE")
    return False


@pytest.mark.parametrize(
    ("line", "asks"),
    [
        ("graph.fork.name == 'pjreddie'", True),
        ("options.fork != 'alexeyab'", True),
        ("fork is PJREDDIE", True),
        ("TABLE[fork.name, 1]", True),
        ("TABLE.get(self.fork.name, 0)", True),
        ("fork.name in ('pjreddie',)", True),
        ("f'fork {graph.fork.name}'", False),
        ("dict(fork=graph.fork.name)", False),
        ("OTHERS[fork.samples.crop_ratios]", False),
        ("fork.samples.truth_size == 5", False),
    ],
)
def test_the_rule_itself(line: str, asks: bool) -> None:
    assert any(asking(ast.parse(line))) == asks


def test_names_find_records() -> None:
    assert fork_named("alexeyab") is ALEXEYAB and fork_named(PJREDDIE) is PJREDDIE
    assert list(FORKS) == ["alexeyab", "pjreddie"]
    with pytest.raises(DarknetError, match=r"unknown fork 'pjredie', known are .*pjreddie"):
        fork_named("pjredie")


OLDER_WORDS = ["detect.cell_order", "log.best_class_only"]
"""What `yolo` and `coco` alone set, as yolov1_cells says: see yolov1_words."""


def test_every_field_is_a_difference() -> None:
    alike = [
        f"{group.name}.{field.name}"
        for group in fields(Fork)[1:]
        for field in fields(getattr(ALEXEYAB, group.name))
        if getattr(getattr(ALEXEYAB, group.name), field.name)
        == getattr(getattr(PJREDDIE, group.name), field.name)
    ]
    assert alike == OLDER_WORDS
