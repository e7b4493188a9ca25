"""The table of commands and groups."""

from __future__ import annotations

import importlib
import re

import click
import pytest
from click.testing import CliRunner, Result

from darknet_py.cli.command_table import COMMANDS, GROUPS
from darknet_py.cli.main import main


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


@pytest.mark.parametrize("words", [*COMMANDS, *GROUPS])
def test_every_command_has_help(words: str) -> None:
    result = run(*words.split(), "--help")
    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"Usage: darknet-py {words} ")


def test_groups_are_those_of_the_table() -> None:
    firsts = {words.split()[0] for words in COMMANDS if " " in words}
    assert firsts - {"compare"} == set(GROUPS), "`compare runs` stands beside `compare`"


def test_every_row_names_a_command_that_is_there() -> None:
    for words, row in COMMANDS.items():
        module, _, name = row.home.partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command), words
        assert module.startswith("darknet_py.cli.") and row.help.endswith((".", "..."))


OLD_ENGLISH = re.compile(
    r"\b(least (score|part|radius|product)|where the two|so manieth|words of a)\b"
)


@pytest.mark.parametrize("words", COMMANDS)
def test_every_option_has_a_help_text(words: str) -> None:
    module, _, name = COMMANDS[words].home.partition(":")
    command = getattr(importlib.import_module(module), name)
    for option in (one for one in command.params if isinstance(one, click.Option)):
        text = option.help or ""
        assert len(text) > 6 and text[-1] in ".]", f"{words} {option.opts}: {text!r}"
        assert not OLD_ENGLISH.search(text), f"{words} {option.opts}: {text!r}"
    assert command.help, words
