"""The table of formats agrees with what makes and runs them."""

from __future__ import annotations

import importlib

import pytest

from darknet_py.conversion.box_forms import ARRANGED
from darknet_py.conversion.formats import FORMATS, FORMS
from darknet_py.export.box_rows import READERS
from darknet_py.export.runtimes import RUNTIMES


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_has_a_maker_and_runtimes(name: str) -> None:
    row = FORMATS[name]
    module, _, function = row.home.partition(":")
    assert callable(getattr(importlib.import_module(module), function))
    assert row.suffix.startswith(".") and set(row.runtimes) <= set(RUNTIMES)


def test_every_runtime_runs_a_format_and_excuses_known_forms() -> None:
    assert {name for row in FORMATS.values() for name in row.runtimes} == set(RUNTIMES)
    assert all(set(runtime.unfit) <= set(FORMS) for runtime in RUNTIMES.values())
    assert all(set(row.unfit) <= set(FORMS) for row in FORMATS.values())
    assert list(FORMS) == ["heads", "boxes", "nms", "ultralytics", "deepstream", "raw"]


def test_every_form_is_arranged_and_read() -> None:
    own = {form for form, row in FORMS.items() if row.outputs}
    assert own == set(ARRANGED) and set(READERS) == set(FORMS)
    assert all(FORMS[form].needs == "boxes" for form in own)
