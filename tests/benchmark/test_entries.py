"""Which engines, precisions and batch sizes take part."""

from __future__ import annotations

import pytest
from support import fake_engine

from darknet_py.benchmark.entries import Entry, entries
from darknet_py.errors import DarknetError


def test_every_combination_batch_by_batch() -> None:
    found = entries(["torch"], ["fp32", "bf16"], True, [1, 8])
    assert [(e.batch, e.label) for e in found] == [
        (batch, label)
        for batch in (1, 8)
        for label in (
            "torch fp32",
            "torch fp32 compiled",
            "torch bf16",
            "torch bf16 compiled",
        )
    ]


def test_all_are_those_installed_and_only_torch_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_engine.add_to_table(monkeypatch, "shifted", "missing")
    found = entries(["all"], ["fp32"], True, [1])
    assert found == [
        Entry("torch", compiled=False, named=False),
        Entry("torch", compiled=True, named=False),
        Entry("shifted", named=False),
    ]


def test_without_a_wish_torch_is_compiled_where_it_usually_is() -> None:
    (entry,) = entries(["torch"], ["fp32"], False, [1])
    assert entry.config("cpu", None).compiled is None


def test_what_is_named_is_wanted_whether_installed_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_engine.add_to_table(monkeypatch, "shifted", "missing")
    found = entries(["all", "missing", "shifted"], ["fp32"], False, [1])
    assert {entry.engine: entry.named for entry in found} == {
        "torch": False,
        "shifted": True,
        "missing": True,
    }


def test_an_unknown_engine_is_refused_with_the_nearest() -> None:
    with pytest.raises(DarknetError, match=r"unknown engine 'troch'.*did you mean 'torch'\?"):
        entries(["all", "troch"], ["fp32"], False, [1])


def test_compiling_needs_an_engine_that_can_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_engine.add_to_table(monkeypatch, "shifted")
    with pytest.raises(DarknetError, match="--compile is for engine torch; shifted always"):
        entries(["shifted"], ["fp32"], True, [1])


def test_the_config_of_an_entry() -> None:
    config = Entry("torch", "bf16", True, 8).config("cuda:1", 3)
    assert (config.engine, config.precision, config.compiled) == ("torch", "bf16", True)
    assert (config.device, config.threads) == ("cuda:1", 3)
