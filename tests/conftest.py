"""Fixtures that all tests share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import settings
from support.golden_check import GOLDEN, SHARED

from darknet_py.cli.messages import messages_shown
from darknet_py.detect import command
from darknet_py.engines.compiler import CannotBuild
from darknet_py.engines.native.library import library
from darknet_py.engines.native.suppression import box_functions

# The same examples in every run, and no database of failures in the working directory.
settings.register_profile(
    "repeatable", derandomize=True, database=None, deadline=None, max_examples=60
)
settings.load_profile("repeatable")

torch.set_num_threads(1)  # for tensors of a few hundred values threads cost more than they bring


@pytest.fixture(scope="session", autouse=True)
def _built() -> None:
    """They are there before any test can be surprised by what is said while they are built."""
    with contextlib.suppress(CannotBuild):
        library()
    box_functions()


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.fixture
def as_command_line() -> Iterator[None]:
    """What the library logs is said on stderr, as on the command line."""
    with messages_shown():
        yield


@pytest.fixture(autouse=True)
def _first_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """`detect` goes by torch here whatever has run before; those of later runs ask for them."""
    monkeypatch.setattr(command, "stored_key", lambda *_: None)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of the C programs' outputs, where there is one."""
    if not SHARED.is_dir():
        pytest.skip("needs the measurements in ../shared (or $DARKNET_PY_SHARED)")
    return SHARED


@pytest.fixture(scope="session")
def golden() -> Path:
    """The small copies of those outputs that are part of the repository."""
    return GOLDEN


@pytest.fixture(autouse=True)
def _results_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands print their results; tests of all that Darknet prints take the variable away."""
    monkeypatch.setenv("DARKNET_PY_LOG_STYLE", "plain")


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test downloads anything; those of downloads, from this machine, take the variable away."""
    monkeypatch.setenv("DARKNET_PY_OFFLINE", "1")
