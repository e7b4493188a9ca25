"""`cfglayers`, Hank.ai's word: how often each kind of section stands in cfg files."""

from __future__ import annotations

import html
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from darknet_py.cfg import text
from darknet_py.errors import CfgError, DataError, Problems
from darknet_py.files import encoded, replacing
from darknet_py.layers import SECTIONS

PLACES = ("cfg", "../cfg", ".")
"""Where cfg files are looked for when no folder is named; the first that holds any counts."""
SELDOM = 10
"""Kinds that so many files have are no longer among the least used."""
MOST_FILES, MOST_FOLDERS = 10_000, 5_000


@dataclass(frozen=True)
class SectionCounts:
    """Sections of each kind, by cfg file below `folder`; layers go by the first of their names.

    unreadable: a line for each file that is no cfg.
    """

    folder: str
    files: dict[str, Counter[str]]
    unreadable: tuple[str, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """Those that a file has, the one that most have first; names that no fork knows too."""
        return tuple(sorted(self.files_with, key=lambda kind: (-self.files_with[kind], kind)))

    @property
    def files_with(self) -> Counter[str]:
        """Kind -> how many files have it."""
        return Counter(kind for counts in self.files.values() for kind in counts)

    @property
    def unused(self) -> tuple[str, ...]:
        """Kinds that no file has."""
        known = dict.fromkeys(one.KIND for one in SECTIONS.values())
        return tuple(kind for kind in known if kind not in self.files_with)

    def text(self) -> str:
        """A line for each file, then what is used least and not at all."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        for name, counts in self.files.items():
            kinds = ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
            yield f"{name}: {kinds}"
        yield f"{len(self.files)} cfg files in {self.folder}"
        seldom = {kind: count for kind, count in self.files_with.items() if count < SELDOM}
        named = [f"{kind} {seldom[kind]}" for kind in sorted(seldom, key=lambda k: (seldom[k], k))]
        yield f"in fewer than {SELDOM} of them: {', '.join(named) or 'none'}"
        yield f"in none: {', '.join(self.unused) or 'none'}"

    def to_json(self) -> str:
        rows = {name: dict(counts) for name, counts in self.files.items()}
        return json.dumps({"folder": self.folder, "files": rows, "unused": self.unused}, indent=2)

    def save_page(self, path: str | os.PathLike[str]) -> None:
        """The table as an HTML page; raises OutputError."""
        with replacing(Path(path)) as file:
            file.write(encoded("\n".join(self._page())))

    def _page(self) -> Iterator[str]:
        yield "<!doctype html><html><head><meta charset='utf-8'>"
        yield f"<title>Sections of {len(self.files)} cfg files</title><style>{STYLE}</style></head>"
        yield f"<body><p>{len(self.files)} cfg files in {html.escape(self.folder)}</p><table>"
        yield _row(["filename", *self.kinds], "th")
        for name, counts in self.files.items():
            yield _row([name, *(str(counts[kind] or "") for kind in self.kinds)], "td")
        yield f"</table><p>In none: {html.escape(', '.join(self.unused))}</p></body></html>\n"


STYLE = (
    "table, th, td { white-space: nowrap; border-collapse: collapse; border: 1px solid black; "
    "padding: 3px; } td:not(:first-child) { text-align: center; } td:empty { background: #fe9; }"
)


def _row(cells: Sequence[str], tag: str) -> str:
    inside = "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells)
    return f"<tr>{inside}</tr>"


def count_sections(folder: str | os.PathLike[str] | None = None) -> SectionCounts:
    """Read every .cfg below a folder; raises DataError where there is none.

    As in Hank.ai's program, files below `unsupported` are left out and files of sub-folders come
    last. Its page has columns of what git says of each file, which this one has not.
    """
    places = [Path(folder)] if folder is not None else [Path(place) for place in PLACES]
    for place in places:
        if paths := _cfgs(place, deep=folder is not None or place.name == "cfg"):
            return _counted(place, paths)
    where = ", ".join(map(str, places))
    raise DataError(f"no .cfg file in {where}; name the folder: `darknet-py cfglayers FOLDER`")


def _cfgs(folder: Path, deep: bool) -> list[Path]:
    """Without sub-folders of the working folder, below which anything may lie."""
    found = _walked(folder) if deep else folder.glob("*.cfg")
    files = [path for path in found if path.is_file() and "unsupported" not in str(path)]
    if len(files) > MOST_FILES:
        raise DataError(f"{folder}: more than {MOST_FILES} cfg files")
    return sorted(files, key=lambda path: (len(path.parts), path))


def _walked(folder: Path) -> Iterator[Path]:
    """The cfg files of a folder and all below it, of which there may not be any number."""
    for number, (path, _, names) in enumerate(os.walk(folder)):
        if number >= MOST_FOLDERS:
            cure = "name the one that holds the cfg files"
            raise DataError(f"{folder}: more than {MOST_FOLDERS} folders; {cure}")
        yield from (Path(path) / name for name in names if name.endswith(".cfg"))


def _counted(folder: Path, paths: Sequence[Path]) -> SectionCounts:
    files, unreadable = dict[str, Counter[str]](), list[str]()
    for path in paths:
        try:
            sections = text.read(path, Problems())
        except CfgError as error:
            unreadable.append(str(error))
        else:
            names = (section.name for section in sections)
            files[str(path.relative_to(folder))] = Counter(map(_kind, names))
    return SectionCounts(str(folder), files, tuple(unreadable))


def _kind(name: str) -> str:
    if name in SECTIONS:
        return SECTIONS[name].KIND
    return "net" if name == "network" else name
