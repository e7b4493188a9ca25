"""Which engines could run a network, and what their times depend on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support import fake_engine

from darknet_py.engines import candidates as room
from darknet_py.engines.candidates import candidates, facts, own_config
from darknet_py.engines.table import ENGINES, EngineConfig, EngineRow


@pytest.fixture(autouse=True)
def _rows(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_engine.add_to_table(monkeypatch, "shifted", "half", "missing")


def names(**asked: object) -> list[str]:
    return list(candidates(EngineConfig("auto", **asked))[0])  # type: ignore[arg-type]


def test_those_that_are_installed_and_do_what_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert names() == ["torch", "shifted"]
    assert names(exact=True) == ["torch"], "only torch can be asked for exact sums"
    monkeypatch.setattr(
        "darknet_py.engines.torch_engine.Pytorch.offers", lambda: {"cpu": ("fp16",)}
    )
    assert names(precision="fp16") == ["torch", "shifted", "half"]
    assert names(precision="fp16", device="mps") == []


def test_each_gets_the_options_it_has() -> None:
    asked = EngineConfig("auto", compiled=True, threads=3, exact=True)
    assert own_config("torch", asked) == EngineConfig("torch", compiled=True, threads=3, exact=True)
    assert own_config("shifted", asked) == EngineConfig("shifted", threads=3)
    assert candidates(EngineConfig("auto"))[0]["shifted"] == EngineConfig("shifted")


def test_a_broken_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENGINES, "broken", EngineRow("support.no_such_module:Engine"))
    able, broken = candidates(EngineConfig("auto"))
    assert list(able) == ["torch", "shifted"]
    assert broken == {"broken": "ModuleNotFoundError: No module named 'support.no_such_module'"}


def test_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever makes another engine the fastest makes other facts; no engine is imported for it."""
    monkeypatch.setitem(ENGINES, "own", EngineRow("support.no_such_module:Engine", ("pytest",)))
    usual = facts(EngineConfig("auto"))
    assert usual == facts(EngineConfig("auto"))
    for changed in (
        EngineConfig("auto", "fp16"),
        EngineConfig("auto", compiled=True),
        EngineConfig("auto", exact=True),
        EngineConfig("auto", device="mps"),
    ):
        assert facts(changed) != usual
    for name, value in {"version": "9.9", "instruction_set": "avx9", "processors": 99}.items():
        with monkeypatch.context() as patch:
            patch.setattr(room, name, lambda *_, value=value: value)
            assert facts(EngineConfig("auto")) != usual
    monkeypatch.delitem(ENGINES, "own")
    assert facts(EngineConfig("auto")) != usual


def test_a_module_of_a_package_of_another_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file tells one version from another."""
    module = tmp_path / "engine_of_ours.py"
    module.write_text("raise ImportError\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setitem(ENGINES, "own", EngineRow("", ("engine_of_ours",)))
    before = facts(EngineConfig("auto"))
    assert before == facts(EngineConfig("auto"))
    module.write_text("raise ImportError  # 2\n")
    assert facts(EngineConfig("auto")) != before
