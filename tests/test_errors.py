"""Errors and notices as they are printed, and the collector of them."""

from __future__ import annotations

import pickle

import pytest

from darknet_py.errors import (
    ArgumentError,
    CfgError,
    DarknetError,
    DataError,
    ImageError,
    Location,
    Notice,
    OversizedImage,
    Problems,
    ShapeError,
    nearest,
)

SPOT = Location("a.cfg", 7, "conv", "size")


@pytest.mark.parametrize(
    ("location", "text"),
    [
        (SPOT, "a.cfg:7: [conv] size"),
        (Location("a.cfg", 7), "a.cfg:7"),
        (Location("a.cfg", section="net"), "a.cfg: [net]"),
        (Location("a.data", key="names"), "a.data: names"),
        (Location(), ""),
    ],
)
def test_location(location: Location, text: str) -> None:
    assert str(location) == text


def test_an_error_names_its_location_first() -> None:
    assert str(CfgError("read 0", SPOT)) == "a.cfg:7: [conv] size: read 0"
    assert str(DarknetError("has no head")) == "has no head"
    assert issubclass(ShapeError, CfgError) and issubclass(ImageError, DataError)


def test_a_notice_leaves_out_an_empty_location() -> None:
    assert str(Notice("warning", SPOT, "is odd")) == "warning: a.cfg:7: [conv] size: is odd"
    assert str(Notice("note", Location(), "is odd")) == "note: is odd"


def test_an_error_is_raised_unless_errors_are_collected() -> None:
    with pytest.raises(CfgError, match="read 0"):
        Problems().fail(CfgError("read 0", SPOT))
    problems = Problems(collect=True)
    problems.note(SPOT, "a note")
    problems.warn(SPOT, "a warning")
    problems.fail(CfgError("an error"))
    assert [notice.level for notice in problems.notices] == ["note", "warning", "error"]
    assert problems.errors == [Notice("error", Location(), "an error")]


def test_strict_makes_errors_of_warnings() -> None:
    with pytest.raises(CfgError, match="a warning"):
        Problems(strict=True).warn(SPOT, "a warning")
    problems = Problems(strict=True, collect=True)
    problems.warn(SPOT, "a warning")
    problems.note(SPOT, "a note")
    assert [notice.level for notice in problems.notices] == ["error", "note"]


def test_nearest_known_word() -> None:
    assert nearest("widht", ["width", "height"]) == "; did you mean 'width'?"
    assert nearest("qqq", ["width", "height"]) == ""


@pytest.mark.parametrize(
    "error",
    [
        CfgError("read 0", SPOT),
        ArgumentError("thresh 'high': expected a number"),
        OversizedImage("a.png: 9 x 9 pixels", (9, 9)),
    ],
)
def test_an_error_comes_back_from_another_process(error: DarknetError) -> None:
    other = pickle.loads(pickle.dumps(error))
    assert type(other) is type(error) and str(other) == str(error)
    assert vars(other) == vars(error)


def test_an_argument_of_another_type_is_a_type_error_too() -> None:
    assert issubclass(ArgumentError, TypeError) and issubclass(ArgumentError, DataError)
