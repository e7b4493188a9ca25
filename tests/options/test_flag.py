"""Flags of records and their order."""

from __future__ import annotations

import dataclasses

from darknet_py.options.flag import Flag, flag, flags_of


@dataclasses.dataclass(frozen=True, kw_only=True)
class Small:
    first: int = flag(1, "One.", "-f", least=0)
    plain: int = 2


@dataclasses.dataclass(frozen=True, kw_only=True)
class Large(Small):
    second: str = flag("two")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Changed(Large):
    third: bool = flag(False)
    first: int = flag(5, "Five.")


def test_own_flags_come_first_and_a_changed_one_is_own() -> None:
    assert flags_of(Large) == {"second": Flag(), "first": Flag("One.", ("-f",), least=0)}
    assert list(flags_of(Large)) == ["second", "first"]
    assert list(flags_of(Changed)) == ["third", "first", "second"]
    assert flags_of(Changed)["first"] == Flag("Five.")
    assert Changed() == Changed(first=5, plain=2, second="two", third=False)
