"""The command line of a Darknet word: what changes nothing is said once and left out."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import click

from darknet_py.cli.darknet_flags import VALUED, DarknetFlag
from darknet_py.cli.foreign_options import FOREIGN, option_hint
from darknet_py.cli.hank_argv import bare_flag, in_order, with_dashes
from darknet_py.cli.messages import PROGRAM_WARNING
from darknet_py.cli.option_words import NUMBER, fold, is_option, may_take_value, spellings

STRICT = "--strict"
HELP = ("--help", "-h")
HEIGHT = "--frame-height"
"""What -h and a number mean."""
PROGRAM_NOTE = "darknet-py: "


@dataclass
class DarknetArgv:
    """Reads the words behind a command.

    command: what has options of its own. flags: those that Darknet reads beside them. asked: what
    the command line itself is to do, name and value of the flags that are meant everywhere.
    """

    command: click.Command
    flags: Mapping[str, DarknetFlag]
    strict: bool = False
    kept: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    said: dict[str, None] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)

    def read(self, args: Sequence[str]) -> list[str]:
        """The words that the command reads; raises UsageError, if strict, for an unknown flag."""
        end = list(args).index("--") if "--" in args else len(args)
        words = deque(args[:end])
        while words:
            word = words.popleft()
            if is_option(word):
                self._take_option(word, words)
            else:
                self.places.append(len(self.kept))
                self.kept.append(word)
        self._put_in_order()
        for line in self.said:
            click.echo(line, err=True)
        return [*self.kept, *args[end:]]

    def _put_in_order(self) -> None:
        """Files where the command looks for them; what it has no room for is said."""
        arguments = [one for one in self.command.params if isinstance(one, click.Argument)]
        names = [str(one.name) for one in arguments if one.nargs == 1]
        words = in_order([self.kept[place] for place in self.places], names)
        for place, word in zip(self.places, words, strict=True):
            self.kept[place] = word
        if all(one.nargs > 0 for one in arguments):
            room = sum(one.nargs for one in arguments)
            for word in words[room:]:
                self._say(PROGRAM_NOTE, f"'{word}'", "nothing more is read")
            for place in reversed(self.places[room:]):
                del self.kept[place]

    def _take_option(self, word: str, rest: deque[str]) -> None:
        name, equals, value = word.partition("=")
        known, flag = self._known_as(name)
        if name == "-h" and flag is not None and rest and NUMBER.fullmatch(rest[0]):
            known = HEIGHT  # of pjreddie's videos; without a number it is --help
        option = self._own.get(fold(known))
        if option is not None:
            self.kept.append(word.replace(name, known, 1))
            if not option.is_flag:
                count = 0 if equals else option.nargs
                self.kept.extend(rest.popleft() for _ in range(min(count, len(rest))))
                return
        elif flag is not None and flag.everywhere:
            self.asked[known.lstrip("-")] = value or (rest.popleft() if rest else "")
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
        """With the number behind it, which may be its value, or what another program's takes."""
        if fold(name) == fold(STRICT):
            return
        written = [spelling for one in self._options for spelling in spellings(one)]
        known = [*map(one_dash, (*self.flags, *written))]
        told = f"unknown option, it has no effect{option_hint(one_dash(name), written, known)}"
        if self.strict:
            raise click.UsageError(f"{name}: {told}", click.get_current_context())
        foreign = FOREIGN.get(fold(name))
        has_value = rest and (NUMBER.fullmatch(rest[0]) or (foreign and foreign.takes_value))
        value = f" {rest.popleft()}" if has_value else ""
        self._say(PROGRAM_WARNING, name + value, told)

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
        return [*own, click.Option([*HELP], is_flag=True)]

    @property
    def _own(self) -> dict[str, click.Option]:
        """Folded spelling -> option."""
        return {fold(name): one for one in self._options for name in spellings(one)}

    def _say(self, start: str, what: str, told: str) -> None:
        self.said[f"{start}{what}: {told}"] = None


def one_dash(name: str) -> str:
    """A flag as Darknet spells it."""
    return f"-{name.lstrip('-')}"


def read_argv(
    args: Sequence[str],
    command: click.Command,
    flags: Mapping[str, DarknetFlag],
    bare: bool = False,
) -> tuple[list[str], dict[str, str]]:
    """The words that a Darknet word's command reads, and what is asked of the command line.

    bare: flags may stand without dashes. See DarknetArgv.
    """
    end = list(args).index("--") if "--" in args else len(args)
    written = [*with_dashes(args[:end]), *args[end:]] if bare else args
    argv = DarknetArgv(command, flags, any(fold(word) == fold(STRICT) for word in args))
    return argv.read(written), argv.asked


def command_first(args: Sequence[str], words: Collection[str]) -> list[str]:
    """Options before the command's word, as in `-i 0 detector test`, go behind it.

    Only the value of an option, or one of Hank.ai's without dashes, may stand between them: in
    `nonsense train` the command is nonsense, although there is none.
    """
    for index, word in enumerate(args):
        before = args[index - 1] if index else ""
        if is_option(word) or _is_value(word, before, words):
            continue
        if word not in words and (bare_flag(word) or NUMBER.fullmatch(word)):
            continue
        return [word, *args[:index], *args[index + 1 :]]
    return list(args)


def _is_value(word: str, before: str, words: Collection[str]) -> bool:
    """Whether a word is the value of the option before it."""
    if before.lstrip("-") in VALUED and before.startswith("-"):
        return True
    return word not in words and may_take_value(before)
