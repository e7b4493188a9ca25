"""A dict in the place of a .data file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from darknet_py.cfg.data_mapping import data_of_mapping
from darknet_py.errors import DataError


def test_it_has_the_options_of_the_file() -> None:
    given = {"train": Path("t.txt"), "valid": None, "names": "n.names", "saveweights": 5}
    data = data_of_mapping(given)
    assert data.options == {"train": "t.txt", "saveweights": "5", "names": "n.names"}
    assert (data.path, data.names) == ("data", ())


def test_names_may_stand_there_themselves() -> None:
    data = data_of_mapping({"names": ("a", "b"), "classes": 2})
    assert (data.names, data.options) == (("a", "b"), {"classes": "2"})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"names": ["a"], "classes": 2}, "data: classes is 2, and there are 1 names"),
        ({"train": ["a.jpg"]}, "data: train is of type list, expected a path"),
        ({"classes": "2"}, "data: classes is of type str, expected a whole number"),
        ({"classes": True}, "data: classes is of type bool, expected a whole number"),
        ({"trian": "t"}, "data: unknown key 'trian', known are .*; did you mean 'train'"),
    ],
)
def test_what_cannot_be(given: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=f"^{message}"):
        data_of_mapping(given)
