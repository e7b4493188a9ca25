"""Free memory as Linux and its groups of processes tell it."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.data import memory

MEMINFO = "MemTotal:       24684100 kB\nMemFree:        1000 kB\nMemAvailable:    5000 kB\n"


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(memory, "MEMORY_FILE", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "GROUP_FOLDER", tmp_path)
    (tmp_path / "meminfo").write_text(MEMINFO)
    return tmp_path


def test_what_the_system_can_give(system: Path) -> None:
    assert memory.free_memory() == 5000 * 1024


def test_the_limit_of_a_container(system: Path) -> None:
    """Its files in the page cache count as used, and can be dropped."""
    (system / "memory.max").write_text("3000000\n")
    (system / "memory.current").write_text("2500000\n")
    (system / "memory.stat").write_text("anon 2000000\ninactive_file 400000\n")
    assert memory.free_memory() == 900_000
    (system / "memory.current").write_text("9000000\n")
    assert memory.free_memory() == 0
    (system / "memory.max").write_text("max\n")
    assert memory.free_memory() == 5000 * 1024


def test_the_limit_of_an_older_container(system: Path) -> None:
    (system / "memory").mkdir()
    (system / "memory/memory.limit_in_bytes").write_text("2000000\n")
    (system / "memory/memory.usage_in_bytes").write_text("1500000\n")
    assert memory.free_memory() == 500_000
    (system / "memory/memory.stat").write_text("cache 7\ntotal_inactive_file 100000\n")
    assert memory.free_memory() == 600_000


def test_a_system_that_does_not_tell(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (system / "meminfo").unlink()
    figures = {"SC_AVPHYS_PAGES": 10, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(memory.os, "sysconf", figures.__getitem__)
    assert memory.free_memory() == 40960

    def unknown(name: str) -> int:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(memory.os, "sysconf", unknown)
    assert memory.free_memory() is None


def test_this_machine() -> None:
    free = memory.free_memory()
    assert free is None or free > 0
