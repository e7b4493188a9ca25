"""All recordings of ../shared/golden, every layer, in full."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.golden_check import SHARED, TOLERANCE, cases, check_saves_the_same_bytes, errors

pytestmark = pytest.mark.parity
CASES = cases(SHARED / "golden") or ["none/none"]


@pytest.mark.parametrize("case", CASES)
def test_every_layer(case: str, shared: Path) -> None:
    name, fork = case.split("/")
    off = [row for row in errors(shared / "golden" / name, fork) if not row[2] <= TOLERANCE]
    assert off == []


@pytest.mark.parametrize("case", CASES)
def test_saved_bytes(case: str, shared: Path, tmp_path: Path) -> None:
    name, fork = case.split("/")
    check_saves_the_same_bytes(shared / "golden" / name, fork, tmp_path / "again.weights")
