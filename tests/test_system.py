"""Processors, memory as Linux and its groups of processes tell it, the name of the processor."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from darknet_py import system as machine

MEMINFO = "MemTotal:       24684100 kB\nMemFree:        1000 kB\nMemAvailable:    5000 kB\n"


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(machine, "MEMORY_FILE", tmp_path / "meminfo")
    monkeypatch.setattr(machine, "GROUP_FOLDER", tmp_path)
    (tmp_path / "meminfo").write_text(MEMINFO)
    return tmp_path


def test_what_the_system_can_give(system: Path) -> None:
    assert machine.free_memory() == 5000 * 1024


def test_the_limit_of_a_container(system: Path) -> None:
    """Its files in the page cache count as used, and can be dropped."""
    (system / "memory.max").write_text("3000000\n")
    (system / "memory.current").write_text("2500000\n")
    (system / "memory.stat").write_text("anon 2000000\ninactive_file 400000\n")
    assert machine.free_memory() == 900_000
    (system / "memory.current").write_text("9000000\n")
    assert machine.free_memory() == 0
    (system / "memory.max").write_text("max\n")
    assert machine.free_memory() == 5000 * 1024


def test_the_limit_of_an_older_container(system: Path) -> None:
    (system / "memory").mkdir()
    (system / "memory/memory.limit_in_bytes").write_text("2000000\n")
    (system / "memory/memory.usage_in_bytes").write_text("1500000\n")
    assert machine.free_memory() == 500_000
    (system / "memory/memory.stat").write_text("cache 7\ntotal_inactive_file 100000\n")
    assert machine.free_memory() == 600_000


def test_only_a_limit_below_what_there_is_counts(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "total_memory", lambda: 1000)
    assert machine.memory_limit() is None
    (system / "memory.max").write_text("max\n")
    assert machine.memory_limit() is None
    (system / "memory.max").write_text("1000\n")
    assert machine.memory_limit() is None
    (system / "memory.max").write_text("999\n")
    assert machine.memory_limit() == 999
    (system / "memory").mkdir()
    (system / "memory/memory.limit_in_bytes").write_text("700\n")
    assert machine.memory_limit() == 700
    monkeypatch.setattr(machine, "total_memory", lambda: None)
    assert machine.memory_limit() == 700


def test_a_system_that_does_not_tell(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (system / "meminfo").unlink()
    pages = {"SC_AVPHYS_PAGES": 10, "SC_PHYS_PAGES": 30, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(machine.os, "sysconf", pages.__getitem__)
    assert machine.free_memory() == 40960
    assert machine.total_memory() == 3 * 40960

    def unknown(name: str) -> int:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(machine.os, "sysconf", unknown)
    assert machine.free_memory() is None
    assert machine.total_memory() is None


def test_this_machine() -> None:
    free = machine.free_memory()
    assert free is None or free > 0
    total = machine.total_memory()
    assert total is None or free is None or total >= free
    assert 1 <= machine.processors() <= (os.cpu_count() or 1)


def test_only_processors_this_process_may_use_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.os, "cpu_count", lambda: 8)
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda pid: {1, 5}, raising=False)
    assert machine.processors() == 2
    monkeypatch.delattr(machine.os, "sched_getaffinity")
    assert machine.processors() == 8
    monkeypatch.setattr(machine.os, "cpu_count", lambda: None)
    assert machine.processors() == 1


CPUS = "processor : {}\nmodel name\t: A CPU @ 2 GHz\nflags\t: sse avx\nbogomips : {}\n"


def test_the_name_of_the_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = tmp_path / "cpuinfo"
    facts.write_text("processor : 0\nmodel name\t: A CPU @ 2 GHz\nmodel name : Other\n")
    monkeypatch.setattr(machine, "CPU_FILE", facts)
    assert machine.cpu_model() == "A CPU @ 2 GHz"
    monkeypatch.setattr(machine, "CPU_FILE", tmp_path / "none")
    assert machine.cpu_model() != ""


def test_the_instructions_do_not_depend_on_the_number_of_processors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = tmp_path / "cpuinfo"
    monkeypatch.setattr(machine, "CPU_FILE", facts)
    facts.write_text(CPUS.format(0, 4000.1) + CPUS.format(1, 4000.2))
    assert machine.instruction_set() == "flags\t: sse avx model name\t: A CPU @ 2 GHz"
    facts.write_text("processor : 0\nFeatures\t: fp asimd\n")
    assert machine.instruction_set() == "Features\t: fp asimd"
    facts.unlink()
    monkeypatch.setattr(machine.platform, "machine", lambda: "arm64")
    monkeypatch.setattr(machine.platform, "processor", lambda: "arm")
    assert machine.instruction_set() == "arm64 arm"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs Linux")
def test_where_linux_tells() -> None:
    assert machine.MEMORY_FILE.exists() and machine.CPU_FILE.exists()
    assert machine.MEMORY_FILE.read_text().startswith("MemTotal:")
