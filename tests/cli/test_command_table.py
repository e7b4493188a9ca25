"""The table of commands and groups."""

from __future__ import annotations

import importlib

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
    assert {words.split()[0] for words in COMMANDS if " " in words} == set(GROUPS)


def test_every_row_names_a_command_that_is_there() -> None:
    for words, row in COMMANDS.items():
        module, _, name = row.home.partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command), words
        assert module.startswith("darknet_py.cli.") and row.help.endswith((".", "..."))
