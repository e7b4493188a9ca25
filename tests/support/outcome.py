"""What a training in a test's folder has left."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np


def state_of(folder: Path) -> dict[str, Any]:
    with np.load(folder / "backup" / "small_last.state", allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "results.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def kept_in(folder: Path) -> set[str]:
    """Weights and state, which charts are drawn beside."""
    names = {path.name for path in (folder / "backup").iterdir()}
    return {name for name in names if not name.endswith(".png")}


def require_same(first: Path, second: Path) -> None:
    """Two runs that reached the same: losses, weights and states, bit for bit."""
    assert [row["loss"] for row in rows_of(first)] == [row["loss"] for row in rows_of(second)]
    one, two = state_of(first), state_of(second)
    assert one.keys() == two.keys()
    assert all(np.array_equal(one[name], two[name]) for name in one)
    names = [name for name in kept_in(first) if name.endswith((".weights", ".backup"))]
    assert names
    for name in names:
        read = [(folder / "backup" / name).read_bytes() for folder in (first, second)]
        assert read[0] == read[1], name
