"""`help` and `version` as words."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from darknet_py.cli.main import main


def output(*words: str) -> str:
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("words", [(), ("detector",), ("detector", "test"), ("summary",)])
def test_help_is_the_help_of_what_follows(words: tuple[str, ...]) -> None:
    assert output("help", *words) == output(*words, "--help") == output(*words, "-h")


def test_help_of_what_is_no_command() -> None:
    result = CliRunner().invoke(main, ["help", "sumary"])
    assert result.exit_code == 2
    assert "no command 'sumary'; did you mean 'summary'?" in result.stderr


def test_version_is_that_of_the_option() -> None:
    assert output("version") == output("--version")


def test_common_commands_come_first() -> None:
    lines = output("help").splitlines()
    first = lines.index("Commands:") + 1
    assert lines[first].startswith("  detect ")
    assert lines.index("Darknet's other commands:") > first
    assert "words" not in output("help")
