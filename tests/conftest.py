"""Fixtures that all tests share, and the marker of those that need the measurements of ../shared."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from hypothesis import settings

HERE = Path(__file__).resolve().parent
SHARED = Path(os.environ.get("DARKNET_PY_SHARED") or HERE.parent.parent / "shared")

# The same examples in every run, and no database of failures in the working directory.
settings.register_profile("repeatable", derandomize=True, database=None, deadline=None, max_examples=60)
settings.load_profile("repeatable")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "parity: compares with the measurements of ../shared (slow)")


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of the C programs' outputs, where there is one."""
    if not SHARED.is_dir():
        pytest.skip("needs the measurements in ../shared (or $DARKNET_PY_SHARED)")
    return SHARED


@pytest.fixture(scope="session")
def golden() -> Path:
    """The small copies of those outputs that are part of the repository."""
    return HERE / "golden"
