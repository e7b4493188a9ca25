"""Data sets as `data import` leaves them, read with plain means."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from darknet_py.cli.main import main
from darknet_py.interchange.labelled_set import LabelledSet
from darknet_py.interchange.layouts import read_labelled_set
from darknet_py.interchange.set_builder import ImportRules

Row = tuple[str, str, int, int, int, int, int]
"""Split, image, class, left, top, right, bottom in pixels."""


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def found(path: Path, layout: str | None = None, **rules: object) -> LabelledSet:
    """What is read of a folder, a zip or a file. rules: of ImportRules."""
    return read_labelled_set(str(path), ImportRules(**rules), layout)  # type: ignore[arg-type]


def rows_in(folder: Path, width: int, height: int) -> set[Row]:
    """All labels of the lists of an imported data set, images being of that size."""
    rows = set()
    for split in ("train", "valid", "test"):
        listed = folder / f"{split}.txt"
        for line in listed.read_text().splitlines() if listed.exists() else ():
            image = Path(line)
            assert image.is_file()
            for label in image.with_suffix(".txt").read_text().splitlines():
                number, *box = label.split()
                x, y, w, h = map(float, box)
                sides = (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
                pixels = (round(s * n, 3) for s, n in zip(sides, (width, height) * 2, strict=True))
                rows.add((split, image.name, int(number), *map(whole, pixels)))
    return rows  # type: ignore[return-value]


def whole(value: float) -> int:
    assert value == int(value), f"{value} is no whole pixel"
    return int(value)
