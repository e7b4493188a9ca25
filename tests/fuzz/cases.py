"""One input: files, and the command line that is run on them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

COMMAND = "command.json"


@dataclass(frozen=True)
class Case:
    """words: a command line of darknet-py in a folder with `files`; see `entries.LIBRARY` as well.

    targets: which of the files mutations are made in; none: the words themselves.
    """

    category: str
    words: tuple[str, ...]
    files: dict[str, bytes]
    targets: tuple[str, ...] = ()

    def with_file(self, name: str, content: bytes) -> Case:
        return replace(self, files=self.files | {name: content})

    @property
    def size(self) -> int:
        """Bytes of what mutations are made in."""
        words = sum(len(word) for word in self.words)
        return sum(len(self.files[name]) for name in self.targets) if self.targets else words


@dataclass(frozen=True)
class Verdict:
    """kind: "fine", "refused", or what is wrong; signature: the same for the same fault."""

    kind: str
    signature: str = ""
    text: str = ""

    @property
    def is_finding(self) -> bool:
        return self.kind not in ("fine", "refused")


def write_case(case: Case, folder: Path) -> None:
    for name, content in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    told = {"category": case.category, "words": case.words, "targets": case.targets}
    (folder / COMMAND).write_text(json.dumps(told) + "\n")


def read_case(folder: Path) -> Case:
    told: dict[str, Any] = json.loads((folder / COMMAND).read_text())
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in (COMMAND, "finding.txt")
    }
    return Case(told["category"], tuple(told["words"]), files, tuple(told["targets"]))
