"""The command line of a Darknet word: what changes nothing is said once and left out."""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import click

from darknet_py.cli.darknet_flags import ALONE, DarknetFlag
from darknet_py.cli.messages import PROGRAM_WARNING
from darknet_py.errors import nearest

OPTION = re.compile(r"(--?[A-Za-z][\w-]*)(=.*)?", re.DOTALL)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
STRICT = "--strict"
PROGRAM_NOTE = "darknet-py: "


def fold(option: str) -> str:
    """-dont_show, --dont-show and -dontshow are one option."""
    return re.sub("[-_]", "", option)


def is_option(word: str) -> bool:
    return OPTION.fullmatch(word) is not None


@dataclass
class DarknetArgv:
    """Reads the words behind a command.

    command: what has options of its own. flags: those that Darknet reads beside them.
    """

    command: click.Command
    flags: Mapping[str, DarknetFlag]
    strict: bool = False
    kept: list[str] = field(default_factory=list)
    said: dict[str, None] = field(default_factory=dict)

    def read(self, args: Sequence[str]) -> list[str]:
        """The words that the command reads; raises UsageError, if strict, for an unknown flag."""
        end = list(args).index("--") if "--" in args else len(args)
        words, room = deque(args[:end]), self._room()
        while words:
            word = words.popleft()
            if is_option(word):
                self._take_option(word, words)
            elif room:
                room -= 1
                self.kept.append(word)
            else:
                self._say(PROGRAM_NOTE, f"'{word}'", "nothing more is read")
        for line in self.said:
            click.echo(line, err=True)
        return [*self.kept, *args[end:]]

    def _room(self) -> float:
        """How many words that are no options the command reads."""
        counts = [one.nargs for one in self.command.params if isinstance(one, click.Argument)]
        return math.inf if -1 in counts else sum(counts)

    def _take_option(self, word: str, rest: deque[str]) -> None:
        name, equals, _ = word.partition("=")
        known, flag = self._known_as(name)
        option = self._own.get(fold(known))
        if option is not None:
            self.kept.append(word.replace(name, known, 1))
            if not option.is_flag:
                count = 0 if equals else option.nargs
                self.kept.extend(rest.popleft() for _ in range(min(count, len(rest))))
                return
        elif flag is not None:
            self._say(PROGRAM_NOTE, name, f"no effect: {flag.reason}")
            if flag.takes_value and not equals and rest:
                rest.popleft()
                return
        else:
            self._take_unknown(name, rest)
            return
        if not equals and rest and (option is None or rest[0] in ("0", "1")):
            self._drop_number(name, rest)

    def _take_unknown(self, name: str, rest: deque[str]) -> None:
        """With the number behind it, which may be its value."""
        if fold(name) == fold(STRICT):
            return
        written = [spelling for one in self._options for spelling in spellings(one)]
        known = [f"-{word.lstrip('-')}" for word in (*self.flags, *written)]
        hint = nearest("-" + name.lstrip("-"), known)
        told = f"unknown option, it has no effect{hint}"
        if self.strict:
            raise click.UsageError(f"{name}: {told}", click.get_current_context())
        number = f" {rest.popleft()}" if rest and NUMBER.fullmatch(rest[0]) else ""
        self._say(PROGRAM_WARNING, name + number, told)

    def _drop_number(self, name: str, rest: deque[str]) -> None:
        """As in `-clear 1`: Darknet leaves the number to the words, of which it reads the first."""
        if NUMBER.fullmatch(rest[0]):
            self._say(PROGRAM_NOTE, f"{name} {rest.popleft()}", "the flag takes no value")

    def _known_as(self, name: str) -> tuple[str, DarknetFlag | None]:
        """A flag by the name that Darknet's first two programs have for it."""
        folded = fold(name)
        for known, flag in self.flags.items():
            if folded in (fold(known), *map(fold, flag.also)):
                return (name if folded == fold(known) else f"-{known}"), flag
        return name, None

    @property
    def _options(self) -> list[click.Option]:
        own = [one for one in self.command.params if isinstance(one, click.Option)]
        return [*own, click.Option(["--help"], is_flag=True)]

    @property
    def _own(self) -> dict[str, click.Option]:
        """Folded spelling -> option."""
        return {fold(name): one for one in self._options for name in spellings(one)}

    def _say(self, start: str, what: str, told: str) -> None:
        self.said[f"{start}{what}: {told}"] = None


def spellings(option: click.Option) -> tuple[str, ...]:
    """All its names, those that deny it included."""
    return (*option.opts, *option.secondary_opts)


def read_argv(
    args: Sequence[str], command: click.Command, flags: Mapping[str, DarknetFlag]
) -> list[str]:
    """The words that a Darknet word's command reads; see DarknetArgv."""
    strict = any(fold(word) == fold(STRICT) for word in args)
    return DarknetArgv(command, flags, strict).read(args)


def command_first(args: Sequence[str], words: Collection[str]) -> list[str]:
    """Options before the command's word, as in `-i 0 detector test`, go behind it.

    Only the value of an option may stand between them: in `nonsense train` the command is
    nonsense, although there is none.
    """
    for index, word in enumerate(args):
        before = args[index - 1] if index else ""
        if is_option(word) or (word not in words and _takes_value(before)):
            continue
        return [word, *args[:index], *args[index + 1 :]]
    return list(args)


def _takes_value(word: str) -> bool:
    """Whether a value may stand behind a word: an option that is not known to take none."""
    return is_option(word) and "=" not in word and fold(word) not in map(fold, ALONE)
