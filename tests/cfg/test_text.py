"""Darknet's cfg grammar as tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darknet_py.cfg import text
from darknet_py.cfg.text import Option, parse, read
from darknet_py.cfg.text_file import MAX_BYTES
from darknet_py.errors import CfgError, DarknetError, Problems
from darknet_py.forks import ALEXEYAB
from darknet_py.network.graph import build


def options(line: str) -> tuple[list[tuple[str, str | None]], list[str]]:
    """[net] with one more line: its (key, value) pairs, and the complaints."""
    problems = Problems()
    sections = parse(f"[net]\n{line}\n", "net.cfg", problems)
    pairs = [(option.key, option.value) for option in sections[0].options]
    return pairs, [str(notice) for notice in problems.notices]


LINES = [
    ("width=416", [("width", "416")], "plain"),
    ("  width = 416  ", [("width", "416")], "blanks go"),
    ("\twidth\t=\t416\t", [("width", "416")], "tabs go"),
    ("w i d t h=4 1 6", [("width", "416")], "also inside words and values"),
    ("anchors = 10,13,  16,30", [("anchors", "10,13,16,30")], "also inside lists"),
    ("width=416\r", [("width", "416")], "CRLF files"),
    ("map=a=b", [("map", "a=b")], "the first = splits"),
    ("filters=40 #32", [("filters", "40#32")], "no comment: numbers stop there by themselves"),
    ("# width=416", [], "comment"),
    ("   ;width=416", [], "comment after blanks"),
    ("#[yolo]", [], "comment"),
    ("", [], "empty line"),
    (" \t\r", [], "blank line"),
    ("a=1\na=1", [("a", "1"), ("a", "1")], "both lines are kept"),
    ("=5", [("", "5")], "an empty key is a key like any other"),
    ("größe=5", [("größe", "5")], "UTF-8"),
]


@pytest.mark.parametrize("line, pairs, reason", LINES)
def test_lines(line: str, pairs: list[tuple[str, str | None]], reason: str) -> None:
    assert options(line) == (pairs, []), reason


@pytest.mark.parametrize(
    "line, pairs, complaint",
    [
        ("width", [("width", None)], "net.cfg:2: [net]: 'width' has no '='; its default is used"),
        ("width=", [], "net.cfg:2: [net]: 'width=' has no value; Darknet discards the line"),
        ("width= \t\r", [], "'width=' has no value; Darknet discards the line"),
        (
            "a=1\nb=2\na=3",
            [("a", "1"), ("b", "2"), ("a", "3")],
            "warning: net.cfg:4: [net] a: written twice; line 2 (1) counts, this one does not",
        ),
    ],
)
def test_complaints(line: str, pairs: list[tuple[str, str | None]], complaint: str) -> None:
    actual, notices = options(line)
    assert actual == pairs
    assert len(notices) == 1 and complaint in notices[0]


def test_strict_mode_makes_complaints_errors() -> None:
    with pytest.raises(CfgError, match="net.cfg:2: .*has no '='"):
        parse("[net]\nwidth\n", "net.cfg", Problems(strict=True))


def test_collected_complaints_come_all_at_once() -> None:
    problems = Problems(strict=True, collect=True)
    parse("[net]\nwidth\nheight=\na=1\na=2\n", "net.cfg", problems)
    assert [notice.location.line for notice in problems.errors] == [2, 3, 5]


def test_first_of_two_values_counts() -> None:
    section = parse("[net]\nbatch=1\n[a]\nb=1\nb=2\n", "net.cfg", Problems())[1]
    assert section.find("b") == Option("b", "1", 4)
    assert section.find("c") is None
    assert (section.location("b").line, section.location("c").line, section.location().line) == (
        4,
        3,
        3,
    )


def test_sections_keep_their_order_and_lines() -> None:
    cfg = "\n# head\n[net]\n\na=1\n[yolo]\n[yolo]\nb=2\n"
    sections = parse(cfg, "net.cfg", Problems())
    assert [(s.name, s.line, [o.line for o in s.options]) for s in sections] == [
        ("net", 3, [5]),
        ("yolo", 6, []),
        ("yolo", 7, [8]),
    ]
    assert {section.path for section in sections} == {"net.cfg"}


@pytest.mark.parametrize(
    "line, name",
    [
        ("[yolo]", "yolo"),
        ("  [ yolo ]  ", "yolo"),
        ("[yolo]\r", "yolo"),
        ("[Yolo]", "Yolo"),  # names are case-sensitive
        ("[yolo] # a head", "yolo]#ahead"),  # unknown, as in C
        ("[yolo", "yolo"),
    ],
)
def test_section_names(line: str, name: str) -> None:
    assert parse(f"[net]\n{line}\n", "net.cfg", Problems())[1].name == name


@pytest.mark.parametrize(
    "content, message",
    [
        ("", "net.cfg: has no section at all; a cfg starts with [net]"),
        ("# nothing\n\n", "net.cfg: has no section at all"),
        (
            "width=4\n[net]\n",
            "net.cfg:1: 'width=4' stands before any section; a cfg starts with [net]",
        ),
        ("\nhello world\n", "net.cfg:2: 'helloworld' stands before any section"),
        (f"\n{'x' * 100}\n", f"net.cfg:2: '{'x' * 40}' stands before any section"),
        (
            "[a]\n" * 10_001 + "x=1\n",
            "net.cfg:10001: more than 10000 sections; no network has that many",
        ),
    ],
)
def test_errors(content: str, message: str) -> None:
    with pytest.raises(CfgError) as caught:
        parse(content, "net.cfg", Problems())
    assert str(caught.value).startswith(message)


def test_too_many_options() -> None:
    lines = "a=1\n" * text.MAX_OPTIONS
    assert len(parse(f"[net]\n{lines}", "net.cfg", Problems())[0].options) == text.MAX_OPTIONS
    with pytest.raises(CfgError, match=f"more than {text.MAX_OPTIONS} options in one section"):
        parse(f"[net]\n{lines}b=1\n", "net.cfg", Problems())


def test_ten_thousand_sections_are_allowed() -> None:
    assert len(parse("[a]\n" * 10_000, "net.cfg", Problems())) == 10_000


def test_empty_section_name_is_a_section() -> None:
    """`[]` is a section of an unknown name, not a line before any section."""
    assert [section.name for section in parse("[]\na=1\n[net]\n", "net.cfg", Problems())] == [
        "",
        "net",
    ]


# files


@pytest.mark.parametrize(
    "raw, options_read",
    [
        (b"\xef\xbb\xbf[net]\na=1\n", [("a", "1")]),  # byte order mark
        (b"[net]\r\na=1\r\n", [("a", "1")]),
        (b"[net]\na=1", [("a", "1")]),  # no last newline
        (b"[net]\n# caf\xe9\na=1\n", [("a", "1")]),  # Latin-1 in a comment
    ],
)
def test_files(tmp_path: Path, raw: bytes, options_read: list[tuple[str, str]]) -> None:
    path = tmp_path / "net.cfg"
    path.write_bytes(raw)
    (section,) = read(path, Problems())
    assert (section.name, section.path) == ("net", str(path))
    assert [(option.key, option.value) for option in section.options] == options_read


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CfgError, match=r"gone\.cfg: no such file; check the path"):
        read(tmp_path / "gone.cfg", Problems())


def test_directory(tmp_path: Path) -> None:
    with pytest.raises(CfgError, match="is a directory, expected a cfg file"):
        read(tmp_path, Problems())


def test_file_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    with pytest.raises(CfgError, match="cannot be read: Not a directory"):
        read(tmp_path / "a" / "b.cfg", Problems())


def test_binary_file(tmp_path: Path) -> None:
    (tmp_path / "net.weights").write_bytes(b"\0\0\0\0\2\0\0\0")
    message = "is a binary file, expected a cfg file; are cfg and weights swapped?"
    with pytest.raises(CfgError, match=re.escape(message)):
        read(tmp_path / "net.weights", Problems())


def test_huge_file(tmp_path: Path) -> None:
    (tmp_path / "net.cfg").write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(CfgError, match="is larger than 4 MB, expected a cfg file"):
        read(tmp_path / "net.cfg", Problems())


# properties

WORD = st.text(alphabet="abcXYZ019_.,-+", min_size=1, max_size=8)
LINE = st.one_of(
    st.tuples(WORD, WORD).map("=".join),
    WORD.map(lambda word: f"[{word}]"),
    WORD.map(lambda word: f"#{word}"),
)


@given(st.text(max_size=300))
def test_any_text_parses_or_raises_darknet_error(content: str) -> None:
    try:
        sections = parse(content, "net.cfg", Problems(collect=True))
    except DarknetError:
        return
    assert sections
    lines = content.count("\n") + 1
    assert all(1 <= section.line <= lines for section in sections)


@given(st.lists(LINE, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_blanks_and_tabs_change_nothing(lines: list[str], random) -> None:
    def spread(line: str) -> str:
        return "".join(char + random.choice(["", " ", "\t", " \t "]) for char in f" {line}") + "\r"

    plain = parse("\n".join(["[net]", *lines]), "net.cfg", Problems())
    wide = parse("\n".join(map(spread, ["[net]", *lines])), "net.cfg", Problems())
    assert wide == plain


@given(st.lists(st.tuples(WORD, WORD), max_size=10))
def test_every_option_is_kept_in_order(pairs: list[tuple[str, str]]) -> None:
    cfg = "\n".join(["[net]", *("=".join(pair) for pair in pairs)])
    (section,) = parse(cfg, "net.cfg", Problems())
    assert [(option.key, option.value) for option in section.options] == pairs
    for key, value in dict(reversed(pairs)).items():
        actual = section.find(key)
        assert actual is not None and actual.value == value


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80))
def test_any_net_section_builds_or_raises_darknet_error(content: str) -> None:
    problems = Problems(collect=True)
    try:
        build(
            parse(f"[net]\ninputs=4\n[connected]\n{content}", "net.cfg", problems),
            ALEXEYAB,
            problems,
        )
    except DarknetError:
        return
