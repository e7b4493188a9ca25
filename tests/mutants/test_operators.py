"""What the operators make of a line, and which code they leave alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from mutants.mutant import drawn, mutants_of


def after(tmp_path: Path, text: str) -> set[str]:
    """The last line of a text in all its mutants."""
    path = tmp_path / "a.py"
    path.write_text(text)
    last = len(text.splitlines())
    return {mutant.after for mutant in mutants_of(tmp_path, path) if mutant.line == last}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a < b", {"a <= b"}),
        ("a is None", {"a is not None"}),
        ("a not in (b)", {"a in (b)"}),
        ("a + b", {"a - b"}),
        ("a // b", {"a * b"}),
        ("(a) * (b)", {"(a) / (b)"}),
        ("'a' + b", {"'aX' + b"}),
        ("a and b", {"a or b"}),
        ("not a", {"(a)"}),
        ("-a", {"(a)"}),
        ("x = 7", {"x = 8", "x = 6"}),
        ("x = a[0]", {"x = a[1]"}),
        ("x = a[1]", {"x = a[2]", "x = a[0]"}),
        ("x = 3e38", set()),
        ("x = True", {"x = False"}),
        ("x = 'label'", {"x = 'labelX'"}),
        ("x = 'a sentence for its readers'", set()),
        ("x = a if b else c", {"x = c if b else a"}),
        ("min(a)", {"max(a)", "pass"}),
        ("x = a.width", {"x = a.height"}),
        ("f(a, k=b)", {"f(a)", "pass"}),
        ("f(k=a, m=b)", {"f(m=b)", "f(k=a)", "pass"}),
        ("f(a, b)", {"f(b, a)", "pass"}),
        ("f(*a, b)", {"pass"}),
        ("max(a, b)", {"min(a, b)", "pass"}),
        ("a.b = c", {"pass"}),
        ("a += b", {"pass"}),
    ],
)
def test_a_line_and_its_mutants(tmp_path: Path, line: str, expected: set[str]) -> None:
    assert after(tmp_path, f"# a line\n{line}\n") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f(a=1): return a\n", {"def f(a=2): return a", "def f(a=0): return a"}),
        ("def f(a):\n    return a\n", {"return None"}),
        ("def f():\n    x = a\n", set()),
        ("def f(x):\n    x = a\n", {"pass"}),
        ("def f():\n    x = b\n    x = a\n", {"pass"}),
        ("for a in b:\n    continue\n", {"break"}),
    ],
)
def test_functions(tmp_path: Path, text: str, expected: set[str]) -> None:
    assert {line for line in after(tmp_path, text) if "None: " not in line} >= expected
    if not expected:
        assert after(tmp_path, text) == set()


@pytest.mark.parametrize(
    "text",
    [
        '"""Says a < b."""',
        "__all__ = ['a']",
        "import a.width",
        "a: Literal['b', 1]",
        "if TYPE_CHECKING: a = 1",
        "class A(Protocol): a = 1",
        "@dataclass(frozen=True)\nclass A: pass",
        "x = cast('A', b)",
        "raise a('b')",
        "flag(a, help='b')",
        "x = f'{a < b}'",
    ],
)
def test_what_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.py"
    path.write_text(text)
    kinds = {mutant.kind for mutant in mutants_of(tmp_path, path)}
    assert kinds <= {"statement removed", "keyword dropped"}


def test_texts_of_a_message_are_wording_and_its_numbers_are_not(tmp_path: Path) -> None:
    assert after(tmp_path, "raise SomeError('few words', 1)\n") == {
        "raise SomeError('few words', 2)",
        "raise SomeError('few words', 0)",
    }


def test_letters_beyond_ascii_before_a_change(tmp_path: Path) -> None:
    assert after(tmp_path, "x = 'é' and a < b\n") >= {"x = 'é' and a <= b", "x = 'éX' and a < b"}


def test_the_seed_says_which_are_drawn(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("".join(f"a{number} = b < {number}\n" for number in range(40)))
    first, again, other = (drawn(tmp_path, [path], seed, 10) for seed in (1, 1, 2))
    assert first == again != other
    assert len({mutant.line for mutant in first}) == 10
    assert len(drawn(tmp_path, [path], 1, 100)) == 40
    for mutant in first:
        line = mutant.source.decode().splitlines()[mutant.line - 1]
        assert (mutant.path, line) == ("a.py", mutant.after) and mutant.before != mutant.after
