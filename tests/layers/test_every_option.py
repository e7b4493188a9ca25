"""Every option that a section kind declares is used somewhere, or says why training goes without.

Read from the source with `ast`: an option counts as used where it is read off `self` in its own
kind (or one that it derives from), or off something called layer, head or net elsewhere.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import darknet_py
from darknet_py.cfg.options import not_trained, options_of
from darknet_py.layers import SECTIONS
from darknet_py.layers.base import Layer
from darknet_py.layers.net import Net

KINDS: list[type] = [Net, *dict.fromkeys(SECTIONS.values())]


def _reads(tree: ast.AST, inside: str = "", method: bool = False) -> Iterator[tuple[str, str]]:
    """(whose, name) of each attribute that is read; whose: self.CLASS, or the last name before.

    Words in methods count as well: tables of names are handed to getattr there.
    """
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.Attribute(ctx=ast.Load(), attr=name, value=ast.Name(id="self")):
                yield f"self.{inside}", name
            case ast.Attribute(ctx=ast.Load(), attr=name, value=ast.Name(id=whose)):
                yield whose, name
            case ast.Attribute(ctx=ast.Load(), attr=name, value=ast.Attribute(attr=whose)):
                yield whose, name
            case ast.Constant(value=str(name)) if method and inside:
                yield f"self.{inside}", name
        kind = node.name if isinstance(node, ast.ClassDef) else inside
        yield from _reads(node, kind, method or isinstance(node, ast.FunctionDef))


@cache
def reads() -> dict[str, set[str]]:
    """Name -> off what it is read anywhere in the package."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in Path(darknet_py.__file__).parent.rglob("*.py"):
        for whose, name in _reads(ast.parse(path.read_text())):
            found[name].add(whose)
    return found


def unused(kind: type) -> list[str]:
    reasons, common = not_trained(kind), options_of(Layer)
    return [
        key
        for key, field in options_of(kind).items()
        if key not in reasons and not reads()[field.name] & _whose(kind, key in common)
    ]


def _whose(kind: type, common: bool = False) -> set[str]:
    """common: an option of all layers, which those kinds read that have a use for it."""
    if kind is Net:
        return {"self.Net", "net"}
    kinds = KINDS[1:] if common else [kind]
    return {f"self.{base.__name__}" for one in kinds for base in one.__mro__} | {"layer", "head"}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.KIND)
def test_every_declared_option_is_used_or_has_its_reason(kind: type) -> None:
    assert unused(kind) == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.KIND)
def test_no_reason_outlives_the_option_that_is_used_at_last(kind: type) -> None:
    stale = [
        key for key, (field, _) in not_trained(kind).items() if reads()[field.name] & _whose(kind)
    ]
    assert stale == []
    assert all(reason for _, reason in not_trained(kind).values())


def test_the_search_itself() -> None:
    tree = ast.parse(
        "class Box(Layer):\n  a: int = 1\n  def f(self):\n    return self.b, getattr(self, 'c')\n"
        "def g(p):\n  p.layer.d = p.net.e\n  return other.f\n"
    )
    assert {read for read in _reads(tree) if read[1] in "abcdef"} == {
        ("self.Box", "b"),
        ("self.Box", "c"),
        ("net", "e"),
        ("other", "f"),
    }
