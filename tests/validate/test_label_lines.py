"""Label files line by line: what is a label, what is an issue, and what an issue costs."""

from __future__ import annotations

import pytest

from darknet_py.validate.label_lines import read_lines

GOOD = b"3 0.5 0.25 0.125 1\n"


def test_good_lines_have_their_numbers() -> None:
    lines = read_lines(b"\n" + GOOD + b"  \n" + GOOD)
    assert lines.numbers.tolist() == [2, 4]
    assert lines.rows.tolist() == [[3, 0.5, 0.25, 0.125, 1]] * 2
    assert lines.read is lines.rows
    assert lines.issues == ()


def test_an_empty_file() -> None:
    lines = read_lines(b"\n")
    assert (lines.rows.shape, lines.issues) == ((0, 5), ())


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [
        ("dog .5 .5 .1 .1", "class-number", "read class 'dog'"),
        ("3.0 .5 .5 .1 .1", "class-number", "read class '3.0'"),
        ("3 .5 .5 .1", "columns", "read 4 numbers in '3 .5 .5 .1'"),
        ("3", "columns", "read 1 number in '3'"),
        ("3 .5 .5 .1 .1 .9", "columns", "is the last one a confidence?"),
        ("3 .1 .1 .2 .1 .2 .2", "columns", "is this the outline of an object, not its box?"),
        ("3 .5 .5 .1 x", "unparsed", "read '3 .5 .5 .1 x', expected class x y w h"),
        ("3 0,5 0,5 0,1 0,1", "unparsed", "numbers have a point, and blanks between them"),
        ("3,.5,.5,.1,.1", "unparsed", "numbers have a point, and blanks between them"),
        ("3;.5;.5;.1;.1", "unparsed", "numbers have a point, and blanks between them"),
        ("3 .5 .5 .1 1_0", "unparsed", "expected class x y w h"),
        ("x" * 60, "unparsed", f"read '{'x' * 45}...', expected"),
    ],
)
def test_each_issue(line: str, kind: str, message: str) -> None:
    lines = read_lines(GOOD + line.encode() + b"\n")
    (issue,) = lines.issues
    assert (issue.kind, issue.line) == (kind, 2)
    assert message in issue.message
    assert lines.numbers.tolist() == [1]


def test_nan_and_inf_are_numbers() -> None:
    assert read_lines(b"3 nan inf -inf 1e9\n").issues == ()


@pytest.mark.parametrize(
    ("text", "losses"),
    [
        (b"x\n" + 2 * GOOD, ["misreads the 2 lines after it"]),
        (b"3 .5 .5 .1 .1 .9\n" + GOOD, ["misreads the 1 line after it"]),
        (GOOD + b"x\n", [""]),
        # Ten numbers are two labels to Darknet, and what follows is read well.
        (b"3 .5 .5 .1 .1 3 .5 .5 .2 .2\n" + GOOD, [""]),
        (b"x\n" + GOOD + b"y\n", ["misreads the 2 lines after it", ""]),
    ],
)
def test_what_an_issue_costs(text: bytes, losses: list[str]) -> None:
    issues = read_lines(text).issues
    assert len(issues) == len(losses)
    for issue, loss in zip(issues, losses, strict=True):
        assert loss in issue.message
        assert ("misreads" in issue.message) == bool(loss)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"\xef\xbb\xbf" + GOOD, "UTF-8 with a byte-order mark"),
        (GOOD.decode().encode("utf-16"), "UTF-16"),
        (b"\0\1\2", "binary"),
    ],
)
def test_files_that_are_no_plain_text(text: bytes, words: str) -> None:
    lines = read_lines(text)
    (issue,) = lines.issues
    assert (issue.kind, issue.line, len(lines.rows), len(lines.read)) == ("unparsed", 1, 0, 0)
    assert issue.message.startswith(f"the file is {words}")


def test_lines_may_end_as_on_other_systems() -> None:
    for end in (b"\r\n", b"\r"):
        assert read_lines(GOOD.replace(b"\n", end) * 2).numbers.tolist() == [1, 2]
