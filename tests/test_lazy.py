"""Modules come when they are first used, all at once, or with the line that installs them."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import pytest

from darknet_py.errors import DarknetError
from darknet_py.lazy import deferred, import_at_once, import_modules, optional_module


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package `house` of two modules that note the order in which they are imported."""
    folder = tmp_path / "house"
    folder.mkdir()
    (folder / "__init__.py").write_text("came = []\n")
    for name in ("second", "first"):
        (folder / f"{name}.py").write_text(
            f"import house\nhouse.came.append({name!r})\nvalue = 7\n"
        )
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("house", "house.first", "house.second"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return folder


def test_a_stand_in_imports_at_the_first_look_up(package: Path) -> None:
    stand_in = deferred("house.first")
    assert "house.first" not in sys.modules
    assert stand_in.value == 7 and "house.first" in sys.modules
    assert vars(stand_in)["value"] == 7, "later look-ups ask nobody"
    with pytest.raises(AttributeError):
        stand_in.nothing  # noqa: B018


def test_all_modules_of_a_package_come_in_order_of_their_names(package: Path) -> None:
    import_modules("house", [str(package)])
    assert sys.modules["house"].came == ["first", "second"]


@pytest.mark.parametrize("working", [True, False])
def test_the_collector_is_as_before_after_a_large_import(package: Path, working: bool) -> None:
    (gc.enable if working else gc.disable)()
    try:
        import_at_once("house.first")
        assert gc.isenabled() == working and "house.first" in sys.modules
    finally:
        gc.enable()
        gc.unfreeze()


def test_a_missing_extra_names_what_installs_it() -> None:
    assert optional_module("json").loads("3") == 3
    with pytest.raises(DarknetError) as caught:
        optional_module("no_such_module", "onnx")
    cure = "no_such_module is not installed; pip install no_such_module onnx"
    assert str(caught.value) == cure
