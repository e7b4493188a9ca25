"""Option values by C's rules: atoi, atof, lists, words, limits, unknown keys."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darknet_py.cfg.options import atof, atoi, option, options_of, read_options, split_list
from darknet_py.cfg.text import parse
from darknet_py.errors import BadOption, CfgError, Location, Problems, nearest

ATOI = [
    ("12", 12), ("+12", 12), ("-12", -12), ("007", 7), ("1e3", 1), (".5", 0), ("3.9", 3), ("-0", 0),
    ("", 0), ("x", 0), ("12abc", 12), ("40#32", 40), ("0x10", 0), ("--1", 0), ("+-1", 0),
    ("1,2", 1),
    ("2147483647", 2**31 - 1), ("2147483648", 2**31 - 1), ("-9999999999", -(2**31)),
]  # fmt: skip

ATOF = [
    ("1", 1.0), (".5", 0.5), ("5.", 5.0), ("-.1", -0.1), ("+2.5", 2.5), ("1e3", 1000.0),
    ("1E-3", 0.001),
    ("1e", 1.0), ("1e+", 1.0), ("0x10", 16.0), ("0X1p3", 8.0), ("0x1.8", 1.5), ("-0x2", -2.0),
    ("0x.8", 0.5),
    ("inf", math.inf), ("-Infinity", -math.inf), ("INF", math.inf), ("infinite", math.inf),
    ("", 0.0), (".", 0.0), ("x", 0.0), ("e5", 0.0), ("1.5.2", 1.5), ("0.001#slow", 0.001),
    ("1,5", 1.0),
    ("1_000", 1.0), ("١", 0.0),
]  # fmt: skip


@pytest.mark.parametrize("text, value", ATOI)
def test_atoi(text: str, value: int) -> None:
    assert atoi(text) == value


@pytest.mark.parametrize("text, value", ATOF)
def test_atof(text: str, value: float) -> None:
    assert atof(text) == value


def test_digits_of_other_scripts_are_no_digits() -> None:
    assert atoi("١٢") == 0  # C's atoi knows 0 to 9


@pytest.mark.parametrize("text, value", [("9" * 5000, 2**31 - 1), ("-" + "9" * 5000, -(2**31))])
def test_atoi_of_very_many_digits(text: str, value: int) -> None:
    """Python's int() refuses more than 4300 digits; a hostile cfg must not get a traceback."""
    assert atoi(text) == value


@pytest.mark.parametrize("text", ["9" * 5000, "1e999999", "0x1p99999"])
def test_atof_of_very_large_numbers(text: str) -> None:
    assert atof(text) == math.inf


@pytest.mark.parametrize("text", ["nan", "NAN", "-nan", "nan(1)"])
def test_atof_nan(text: str) -> None:
    assert math.isnan(atof(text))


@pytest.mark.parametrize(
    "text, items",
    [
        ("1", ["1"]),
        ("1,2", ["1", "2"]),
        ("1,2,", ["1", "2", ""]),
        ("1,2#,3", ["1", "2"]),
        ("", [""]),
    ],
)
def test_split_list(text: str, items: list[str]) -> None:
    assert split_list(text) == items


@dataclass(frozen=True, kw_only=True)
class Kind:
    """All the ways an option can be declared."""

    NO_EFFECT: ClassVar[dict[str, str]] = {"old": "nobody reads it"}

    size: int = option(1)
    rate: float = option(0.5)
    maybe: int | None = option(None)
    word: str = option("red", words=("red", "green"))
    name: str = option("")
    numbers: tuple[int, ...] = option(())
    factors: tuple[float, ...] = option(())
    few: int = option(3, low=2, high=4)
    source: int = option(0, key="from")
    not_an_option: int = 7


def values(lines: str, strict: bool = False) -> tuple[dict[str, Any], list[str]]:
    problems = Problems(strict=strict)
    section = parse(f"[net]\n{lines}\n", "net.cfg", problems)[0]
    read_values = read_options(Kind, section, problems)
    return read_values, [f"{notice.level}: {notice.message}" for notice in problems.notices]


def test_only_declared_fields_are_options() -> None:
    assert list(options_of(Kind)) == [
        "size", "rate", "maybe", "word", "name", "numbers", "factors", "few", "from",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "lines, expected",
    [
        ("", {}),
        ("size=7", {"size": 7}),
        ("size=40 #32", {"size": 40}),
        ("size=40 ;32", {"size": 40}),
        ("rate=.1", {"rate": 0.1}),
        ("rate=1e-3#", {"rate": 0.001}),
        ("maybe=-5", {"maybe": -5}),
        ("word=green", {"word": "green"}),
        ("name=data/a b.txt", {"name": "data/ab.txt"}),
        ("numbers=1, 2,3", {"numbers": (1, 2, 3)}),
        ("numbers=1,2 # 3,4", {"numbers": (1, 2)}),
        ("factors=.1,1e1", {"factors": (0.1, 10.0)}),
        ("few=2", {"few": 2}),
        ("few=4", {"few": 4}),
        ("from=-3", {"source": -3}),
        ("size=1\nsize=1", {"size": 1}),
    ],
)
def test_values(lines: str, expected: dict[str, Any]) -> None:
    assert values(lines) == (expected, [])


@pytest.mark.parametrize(
    "lines, expected, notice",
    [
        ("size", {}, "warning: 'size' has no '='; its default is used, as in Darknet"),
        ("size=1.5", {"size": 1}, "warning: read '1.5': as in Darknet only '1' counts"),
        ("size=1e3", {"size": 1}, "warning: read '1e3': as in Darknet only '1' counts"),
        ("rate=1,5", {"rate": 1.0}, "warning: read '1,5': as in Darknet only '1' counts"),
        (
            "numbers=1,2,",
            {"numbers": (1, 2, 0)},
            "warning: read '1,2,': an empty element counts as 0",
        ),
        (
            "factors=1,,2",
            {"factors": (1, 0, 2)},
            "warning: read '1,,2': an empty element counts as 0",
        ),
        (
            "size=1\nsize=2",
            {"size": 1},
            "warning: written twice; line 2 (1) counts, this one does not",
        ),
        ("old=1", {}, "note: no effect here: nobody reads it"),
        ("sise=3", {}, "warning: unknown option, it has no effect; did you mean 'size'?"),
        ("fron=3", {}, "warning: unknown option, it has no effect; did you mean 'from'?"),
        ("olt=3", {}, "warning: unknown option, it has no effect; did you mean 'old'?"),
        ("zzz=3", {}, "warning: unknown option, it has no effect"),
        ("not_an_option=3", {}, "warning: unknown option, it has no effect"),
    ],
)
def test_values_with_a_notice(lines: str, expected: dict[str, Any], notice: str) -> None:
    actual, notices = values(lines)
    assert actual == expected
    assert len(notices) == 1 and notices[0].startswith(notice), notices


ERRORS = [
    ("size=big", "[net] size: read 'big', expected an integer"),
    ("size=.5", "[net] size: read '.5', expected an integer"),
    ("rate=x1", "[net] rate: read 'x1', expected a number"),
    ("rate=.", "[net] rate: read '.', expected a number"),
    ("numbers=1,two", "[net] numbers: read 'two', expected an integer"),
    ("factors=a", "[net] factors: read 'a', expected a number"),
    ("word=blue", "[net] word: read 'blue', expected one of green, red"),
    ("word=gren", "[net] word: read 'gren', expected one of green, red; did you mean 'green'?"),
    (
        "word=green#1",
        "expected one of green, red; words take no inline comment: put it on a line of its own",
    ),
    ("few=1", "[net] few: read 1, expected at least 2"),
    ("few=5", "[net] few: read 5, expected at most 4"),
]


@pytest.mark.parametrize("lines, message", ERRORS)
def test_errors(lines: str, message: str) -> None:
    with pytest.raises(BadOption, match=re.escape(message)) as caught:
        values(lines)
    assert caught.value.location == Location("net.cfg", 2, "net", lines.split("=")[0])


def test_nan_is_within_no_limits() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Limited:
        share: float = option(0.5, low=0)

    problems = Problems()
    section = parse("[net]\nshare=nan\n", "net.cfg", problems)[0]
    with pytest.raises(BadOption, match="share: read nan, expected at least 0"):
        read_options(Limited, section, problems)


def test_long_values_are_cut_in_messages() -> None:
    with pytest.raises(BadOption) as caught:
        values(f"size={'x' * 500}")
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize("lines", ["sise=3", "size=1.5", "size", "numbers=1,", "size=1\nsize=2"])
def test_strict_mode(lines: str) -> None:
    with pytest.raises(CfgError):
        values(lines, strict=True)


def test_strict_mode_lets_notes_pass() -> None:
    assert values("old=1", strict=True) == ({}, ["note: no effect here: nobody reads it"])


def test_collected_errors_leave_the_default_and_go_on() -> None:
    problems = Problems(collect=True)
    section = parse("[net]\nsize=big\nfew=9\nword=blue\nrate=2\n", "net.cfg", problems)[0]
    assert read_options(Kind, section, problems) == {"rate": 2.0}
    assert [notice.location.line for notice in problems.errors] == [2, 3, 4]


def test_nearest() -> None:
    assert nearest("yolov", ["yolo", "route"]) == "; did you mean 'yolo'?"
    assert nearest("abc", ["yolo", "route"]) == ""


@given(st.integers(-(2**31), 2**31 - 1), st.text(alphabet="abc.,#xe ", max_size=4))
def test_atoi_reads_any_integer_before_any_text(number: int, tail: str) -> None:
    assert atoi(f"{number}{tail}") == number


@given(st.floats(allow_nan=False, width=32))
def test_atof_reads_what_is_printed(number: float) -> None:
    assert atof(repr(number)) == number


@given(st.text(max_size=30))
def test_numbers_never_raise(text: str) -> None:
    assert isinstance(atoi(text), int) and isinstance(atof(text), float)
