"""Commands x flags of the three programs: where a flag has an effect, why it has none elsewhere."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass

import click

from darknet_py.cli.command_table import COMMANDS
from darknet_py.cli.darknet_argv import HEIGHT
from darknet_py.cli.darknet_flags import FLAGS, DarknetFlag, group_of
from darknet_py.cli.option_words import fold, spellings

WIDTH = 24


@dataclass(frozen=True)
class FlagRow:
    """A flag of a group; effect: the commands that heed it, silent: those where it has none."""

    name: str
    flag: DarknetFlag
    effect: tuple[str, ...]
    silent: tuple[str, ...]

    def line(self) -> str:
        named = ", ".join(f"-{name}" for name in (self.name, *self.flag.also))
        first = f"  {named}{' VALUE' if self.flag.takes_value else ''}".ljust(WIDTH)
        if self.flag.everywhere:
            return f"{first} everywhere: {self.flag.reason}"
        effect = f"effect: {', '.join(self.effect)}" if self.effect else ""
        silent = f"no effect{' elsewhere' if self.effect else ''}: {self.flag.reason}"
        return (
            f"{first} {'; '.join(part for part in (effect, silent if self.silent else '') if part)}"
        )


def flag_rows(group: str) -> list[FlagRow]:
    """A row for each flag of a group."""
    own = {words: options_of_command(words) for words in COMMANDS if group_of(words) == group}
    return [
        FlagRow(
            name,
            flag,
            tuple(words for words in own if fold(name) in own[words]),
            tuple(words for words in own if fold(name) not in own[words]),
        )
        for name, flag in FLAGS[group].items()
    ]


def options_of_command(words: str) -> frozenset[str]:
    """Folded spellings of a command's own options."""
    module, _, name = COMMANDS[words].home.partition(":")
    command: click.Command = getattr(importlib.import_module(module), name)
    known = {
        fold(spelling)
        for one in command.params
        if isinstance(one, click.Option)
        for spelling in spellings(one)
    }
    return frozenset(known | {"h"} if fold(HEIGHT) in known else known)


def flag_lines() -> Iterator[str]:
    """The table as text, group by group."""
    for group in FLAGS:
        rows = flag_rows(group)
        words = [*dict.fromkeys(word for row in rows for word in (*row.effect, *row.silent))]
        if words:
            yield f"{', '.join(sorted(words))}:"
            yield from (row.line() for row in rows)
            yield ""
