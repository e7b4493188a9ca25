"""A source file by its syntax tree: where a node stands, and which nodes hold code that acts."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

WORDING = {"debug", "info", "warning", "error", "exception", "warn", "note"}
"""Methods whose texts are wording: they may be said in other words."""
PASSIVE_DECORATORS = {"dataclass", "overload", "lru_cache", "cache", "wraps"}
PASSIVE_NAMES = {"__all__", "__slots__", "logger"}
PASSIVE_KEYWORDS = {"help", "strict"}
"""Of calls: words for people, and zip's check of what is so anyway."""
TYPES_ONLY = {"cast", "TypeVar", "NewType"}


@dataclass(frozen=True)
class Span:
    """A stretch of a file, in bytes as `ast` counts them within a line."""

    start: int
    end: int


class Source:
    def __init__(self, path: Path) -> None:
        self.stem, self.bytes = path.stem, path.read_bytes()
        self.tree = ast.parse(self.bytes)
        self.lines = self.bytes.splitlines(keepends=True)
        self.first_items = {
            node.slice
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Subscript) and ast.unparse(node.slice) == "0"
        }
        """Of [0]: the last item is the same where there is only one."""
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line))

    def span(self, node: ast.AST) -> Span:
        start = self._starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]
        end = self._starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]
        return Span(start, end)

    def text_of(self, span: Span) -> str:
        return self.bytes[span.start : span.end].decode()

    def between(self, left: ast.AST, right: ast.AST) -> Span:
        return Span(self.span(left).end, self.span(right).start)

    def line_of(self, span: Span) -> int:
        return self.bytes.count(b"\n", 0, span.start) + 1

    def line_text(self, line: int) -> str:
        return self.lines[line - 1].decode().strip()

    def with_comma(self, span: Span) -> Span:
        """An argument and the comma before it, or the one behind it if it is the first."""
        before = self.bytes[: span.start].rstrip()
        if before.endswith(b","):
            return Span(len(before) - 1, span.end)
        rest = self.bytes[span.end :]
        behind = len(rest) - len(rest.lstrip(b", "))
        return Span(span.start, span.end + behind)

    def is_bound_before(self, node: ast.stmt, name: str) -> bool:
        return any(
            name in bound and function.lineno <= node.lineno <= (function.end_lineno or 0)
            for function, bound in self._bindings
            if bound.get(name, node.lineno) < node.lineno
        )

    @functools.cached_property
    def _bindings(self) -> list[tuple[ast.FunctionDef, dict[str, int]]]:
        """Each function with the first line where each of its names has a value."""
        functions = [one for one in ast.walk(self.tree) if isinstance(one, ast.FunctionDef)]
        return [(one, _first_lines(one)) for one in functions]

    def acting(self) -> Iterator[ast.AST]:
        """The nodes of code that acts: no docstring, annotation, wording or type."""
        yield from _acting(self.tree, wording=False)

    def names_at(self, line: int) -> set[str]:
        """What a line at import gives a value: the names of its assignment, or else of the
        functions and classes around it."""
        around = [
            node
            for node in ast.walk(self.tree)
            if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0)
        ]
        within = {getattr(node, "name", "") for node in around} - {""}
        if line in self.function_lines:
            return within
        return {name for node in around for name in _targets(node)} or within or {self.stem}

    def lines_with(self, names: set[str]) -> set[int]:
        """Lines of functions where one of the names is mentioned."""
        word = re.compile(rf"\b({'|'.join(map(re.escape, names))})\b")
        return {line for line in self.function_lines if word.search(self.lines[line - 1].decode())}

    @functools.cached_property
    def function_lines(self) -> set[int]:
        """Lines that run when a function is called, not when the file is imported."""
        return {
            line
            for function in ast.walk(self.tree)
            if isinstance(function, (ast.FunctionDef, ast.Lambda))
            for line in _body_lines(function)
        }


def _targets(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.AnnAssign):
        targets = [node.target]
    elif isinstance(node, ast.Assign):
        targets = node.targets  # type: ignore[assignment]
    else:
        return
    for target in targets:
        yield from (one.id for one in ast.walk(target) if isinstance(one, ast.Name))


def _first_lines(function: ast.FunctionDef) -> dict[str, int]:
    first = {
        one.arg: function.lineno for one in ast.walk(function.args) if isinstance(one, ast.arg)
    }
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            first[node.id] = min(first.get(node.id, node.lineno), node.lineno)
    return first


def _body_lines(function: ast.FunctionDef | ast.Lambda) -> range:
    body = function.body[0] if isinstance(function, ast.FunctionDef) else function.body
    end = function.end_lineno or body.lineno
    return range(body.lineno, end + 1) if body.lineno > function.lineno else range(0)


def _acting(node: ast.AST, wording: bool) -> Iterator[ast.AST]:
    for child in _children(node):
        if isinstance(child, ast.Constant) and isinstance(child.value, str) and wording:
            continue
        if not _is_passive(child):
            yield child
            yield from _acting(child, wording or _is_wording(child))


def _children(node: ast.AST) -> Iterator[ast.AST]:
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns", "bases", "ctx", "ops", "op"}:
            continue
        if field == "decorator_list":
            value = [one for one in value if called(one) not in PASSIVE_DECORATORS]
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, ast.AST):
                yield one


def _is_passive(node: ast.AST) -> bool:
    if isinstance(node, (ast.Import, ast.ImportFrom, ast.JoinedStr)):
        return True  # within an f-string the tree of older Pythons knows no places
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING"
    if isinstance(node, ast.ClassDef):
        return any(called(base) == "Protocol" for base in node.bases)
    if isinstance(node, ast.Assign):
        return isinstance(node.targets[0], ast.Name) and node.targets[0].id in PASSIVE_NAMES
    if isinstance(node, ast.Call):
        return called(node) in TYPES_ONLY
    return isinstance(node, ast.keyword) and node.arg in PASSIVE_KEYWORDS


def _is_wording(node: ast.AST) -> bool:
    """Whether texts below it are messages for people."""
    if isinstance(node, ast.Raise):
        return True
    name = called(node) if isinstance(node, ast.Call) else ""
    return name in WORDING or name.endswith("Error")


def called(node: ast.AST) -> str:
    """The last name of what is called, subscribed or named."""
    while isinstance(node, (ast.Call, ast.Subscript)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
