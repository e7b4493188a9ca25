"""-log FILE: what is printed goes to the file as well."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from darknet_py.cli.log_copy import copied_to
from darknet_py.cli.main import main


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_both_streams_and_bytes_are_copied_in_order(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    before = sys.stdout, sys.stderr
    with copied_to("a.log"):
        sys.stdout.write("one\n")
        click.echo("two", err=True)
        sys.stdout.buffer.write(b"\xff\n")
        click.echo("d\u00e9j\u00e0 \udce9")
        assert not sys.stdout.isatty()
        sys.stdout.flush()
    assert (sys.stdout, sys.stderr) == before
    assert Path("a.log").read_bytes() == b"one\ntwo\n\xff\nd\xc3\xa9j\xc3\xa0 \xe9\n"
    shown = capfdbinary.readouterr()
    assert b"one\n" in shown.out and shown.err == b"two\n"


def test_a_second_run_goes_on_at_the_end() -> None:
    for word in ("one", "two"):
        with copied_to("a.log"):
            click.echo(word)
    assert Path("a.log").read_text() == "one\ntwo\n"


CFG = (
    "[net]\nwidth=8\nheight=8\nchannels=3\n[convolutional]\nfilters=2\nsize=1\nactivation=linear\n"
)


@pytest.mark.parametrize(
    "words", ["ops n.cfg -log a.log", "-log a.log ops n.cfg", "ops log a.log n.cfg"]
)
def test_of_a_command(words: str) -> None:
    Path("n.cfg").write_text(CFG)
    result = CliRunner().invoke(main, words.split())
    assert result.exit_code == 0, result.output
    assert Path("a.log").read_text() == result.stdout != ""


def test_an_error_is_copied_too() -> None:
    result = CliRunner().invoke(main, ["ops", "gone.cfg", "-log", "a.log"])
    assert result.exit_code == 1
    assert Path("a.log").read_text() == result.stderr != ""


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("ops n.cfg -log", 2, "-log: expected a FILE behind it"),
        ("ops n.cfg -log none/a.log", 1, "none/a.log: No such file or directory; check the path"),
        ("summary n.cfg -log a.log", 2, "No such option: --log"),
    ],
)
def test_what_cannot_be_written_is_said(words: str, code: int, said: str) -> None:
    Path("n.cfg").write_text(CFG)
    result = CliRunner().invoke(main, words.split())
    assert (result.exit_code, result.stderr.count("\n")) == (code, 1)
    assert said in result.stderr
    assert not Path("a.log").exists()
