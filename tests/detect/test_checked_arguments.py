"""What arguments may be, and what is said of others: one line that names what is taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.tiny_detector import files

import darknet_py
from darknet_py.detect.checked_arguments import (
    given_names,
    refuse_keywords,
    share,
    whole_number,
)
from darknet_py.errors import ArgumentError, DataError


@pytest.mark.parametrize("value", [0, 1, 0.5, np.float32(0.5), np.float64(1), np.int64(1)])
def test_a_share_is_any_number_from_0_to_1(value: Any) -> None:
    number = share("thresh", value)
    assert type(number) is float and number == value


@pytest.mark.parametrize("value", ["high", None, True, [0.5], 1j, b"1"])
def test_what_is_no_number_is_a_type_error(value: Any) -> None:
    expected = (
        rf"^thresh .*: expected a number from 0 to 1, such as 0.25, not {type(value).__name__}$"
    )
    with pytest.raises(ArgumentError, match=expected) as caught:
        share("thresh", value)
    assert isinstance(caught.value, TypeError) and isinstance(caught.value, DataError)


@pytest.mark.parametrize("value", [-0.1, 1.01, 25, float("nan"), float("inf")])
def test_a_number_beyond_is_none(value: Any) -> None:
    with pytest.raises(DataError, match=f"^nms {value:g}: expected a number from 0 to 1") as caught:
        share("nms", value)
    assert not isinstance(caught.value, TypeError)


def test_whole_numbers() -> None:
    assert [whole_number("batch", one) for one in (1, np.int32(7))] == [1, 7]
    for value in (1.0, "1", True, None):
        with pytest.raises(ArgumentError, match="^batch .*: expected a whole number of 1 or more"):
            whole_number("batch", value)
    with pytest.raises(DataError, match="^batch 0: expected a whole number of 1 or more$"):
        whole_number("batch", 0)


def test_names_may_be_a_dict_by_number() -> None:
    assert given_names({1: "b", 0: "a"}) == given_names(("a", "b")) == ["a", "b"]
    assert given_names("a.names") == "a.names" and given_names(Path("a")) == Path("a")
    assert given_names(None) is None
    for names in (5, b"ab", [1, 2], {"a": 0}, {1: "a"}, {0: "a", 5: "b"}, iter(["a"])):
        with pytest.raises(ArgumentError, match="^names.*: expected the path of a names file, or"):
            given_names(names)


def test_keywords_that_are_none() -> None:
    known, foreign = ["thresh", "nms"], {"save": "result.save(path)"}
    refuse_keywords("f()", ["nms"], known, foreign)
    for word, message in {
        "tresh": r"f\(\) has no argument 'tresh'; did you mean 'thresh'\?",
        "save": r"f\(\) has no argument 'save'; here it is result.save\(path\)",
        "xyz": r"f\(\) has no argument 'xyz'$",
    }.items():
        with pytest.raises(ArgumentError, match=message):
            refuse_keywords("f()", [word], known, foreign)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "cfg",
            3,
            "cfg 3: expected the path of a cfg file or a network's name, as text or pathlib",
        ),
        ("cfg", b"a.cfg", "cfg b'a.cfg': expected the path .* not bytes"),
        ("weights", True, "weights True: expected the path of a .weights file"),
        ("data", 4, "data 4: expected the path of a .data file"),
        ("names", 5, "names 5: expected the path of a names file, or a list of class names"),
        ("fork", 3, "fork 3: expected one of alexeyab, pjreddie"),
        ("width", "416", "width '416': expected a whole number of 1 or more, not str"),
        ("height", 1.5, "height 1.5: expected a whole number"),
        ("precision", 16, "precision 16: expected one of fp32, tf32, .*, int8, not int"),
        ("calibrate", 3, "calibrate 3: expected the path of a .data file, a folder or a zip"),
        ("calibrate_images", "9", "calibrate_images '9': expected a whole number of 1 or more"),
        ("max_map_loss", "1", "max_map_loss '1': expected a number from 0 to 1"),
        ("engine", None, "engine None: expected one of torch, .*, not NoneType"),
        ("compiled", "yes", "compiled 'yes': expected True or False"),
    ],
)
def test_load_names_what_it_takes(tmp_path: Path, name: str, value: Any, message: str) -> None:
    cfg, weights = files(tmp_path)
    given: dict[str, Any] = {"cfg": cfg, "weights": weights, name: value}
    with pytest.raises(ArgumentError, match=f"^{message}") as caught:
        darknet_py.load(**given)
    assert "\n" not in str(caught.value)


def test_a_detector_is_of_a_network() -> None:
    with pytest.raises(ArgumentError, match="expected a darknet_py.Network, not Linear"):
        darknet_py.Detector(torch.nn.Linear(1, 1), ["a"])  # type: ignore[arg-type]
