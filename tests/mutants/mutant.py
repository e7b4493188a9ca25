"""Mutants of a package: all that the operators make of it, and so many drawn from a seed."""

from __future__ import annotations

import ast
import random
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from mutants.operators import OPERATORS, Change
from mutants.source import Source


@dataclass(frozen=True)
class Mutant:
    """One changed line of a file; the path is relative to the project's root."""

    path: str
    line: int
    kind: str
    before: str
    after: str
    source: bytes
    """The whole changed file."""

    @property
    def key(self) -> str:
        """What it is, in a line: the same for the same seed and source."""
        return f"{self.path}:{self.line} [{self.kind}] {self.before} -> {self.after}"


def mutants_of(root: Path, path: Path, texts: Collection[str] = ()) -> Iterator[Mutant]:
    """Every mutant of a file that can be read as Python; a change that spans lines is none.

    texts: of lines without indentation; none: of every line.
    """
    source = Source(path)
    for change in _changes(source):
        if texts and source.line_text(source.line_of(change.span)) not in texts:
            continue
        yield from _applied(change, source, str(path.relative_to(root)))


def drawn(root: Path, files: list[Path], seed: int, count: int) -> list[Mutant]:
    """A mutant of each of `count` lines; every line with a change is as likely as any other."""
    sources = {str(path.relative_to(root)): Source(path) for path in files}
    lines: dict[tuple[str, int], list[Change]] = defaultdict(list)
    for path, source in sources.items():
        for change in _changes(source):
            lines[path, source.line_of(change.span)].append(change)
    chance = random.Random(seed)
    mutants: list[Mutant] = []
    for path, line in chance.sample(sorted(lines), len(lines)):
        if len(mutants) == count:
            break
        mutants += _applied(chance.choice(lines[path, line]), sources[path], path)
    return mutants


def _changes(source: Source) -> Iterator[Change]:
    for node in source.acting():
        for change in OPERATORS.get(type(node), _none)(node, source):
            if "\n" not in source.text_of(change.span):
                yield change


def _none(node: ast.AST, source: Source) -> Iterator[Change]:
    yield from ()


def _applied(change: Change, source: Source, path: str) -> Iterator[Mutant]:
    start, end = change.span.start, change.span.end
    changed = source.bytes[:start] + change.text.encode() + source.bytes[end:]
    try:
        ast.parse(changed)
    except SyntaxError:
        return
    line = source.line_of(change.span)
    before, after = (text.splitlines()[line - 1].decode() for text in (source.bytes, changed))
    yield Mutant(path, line, change.kind, before.strip(), after.strip(), changed)
