"""Engines, their devices and precisions."""

from __future__ import annotations

import pytest

from darknet_py.doctor import engine_facts
from darknet_py.doctor.engine_facts import engines
from darknet_py.engines.table import EngineRow
from darknet_py.engines.torch_engine import Pytorch


def test_here() -> None:
    found = engines()
    torch = found.facts["torch"]
    assert isinstance(torch, dict) and isinstance(torch["cpu"], list)
    assert torch["cpu"][0] == "fp32" and found.remarks == ()


def test_an_engine_that_lacks_its_packages_and_one_that_is_broken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> dict[str, tuple[str, ...]]:
        raise ImportError("libsome.so: cannot open\nmore")

    rows = {
        "torch": EngineRow("darknet_py.engines.torch_engine:Pytorch"),
        "other": EngineRow("", ("no_such_one", "sys"), packages=("one", "two")),
    }
    monkeypatch.setattr(engine_facts, "ENGINES", rows)
    monkeypatch.setattr(Pytorch, "offers", broken)
    found = engines()
    assert found.facts == {
        "torch": "broken: libsome.so: cannot open",
        "other": "needs no_such_one; pip install one two",
    }
    cure = "pip install --force-reinstall torch"
    assert found.remarks == (f"torch: libsome.so: cannot open; {cure}",)
