"""`darknet-py`: words to commands, Darknet's spelling of options, the shape of errors."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

import click

from darknet_py import __version__
from darknet_py.cli.click_options import debug
from darknet_py.cli.command_table import COMMANDS, GROUPS, Command
from darknet_py.cli.darknet_argv import HELP, command_first, read_argv
from darknet_py.cli.darknet_flags import BARE_GROUPS, flags_of_command, group_of
from darknet_py.cli.dead_words import dead_words
from darknet_py.cli.error_lines import line_of
from darknet_py.cli.foreign_options import option_hint
from darknet_py.cli.log_copy import copied_to
from darknet_py.cli.messages import messages_shown
from darknet_py.cli.option_words import OPTION, fold, spellings
from darknet_py.cli.streams import discard_unwritten, prepare_streams
from darknet_py.errors import DarknetError, nearest

PROGRAM = "darknet-py"
INTERRUPTED = 130


def normalise(argv: Sequence[str], known: Collection[str]) -> list[str]:
    """Darknet's `-ext_output` as `--ext-output`, for the option spellings a command knows.

    _ and - in an option are alike, and may be left out. One-letter options, numbers like -.5,
    paths, and all after a bare -- stay as they are; so does the value of an unknown option.
    """
    spelling = {fold(option): option for option in known}
    end = list(argv).index("--") if "--" in argv else len(argv)
    return [_respell(word, spelling) for word in argv[:end]] + list(argv[end:])


def _respell(word: str, spelling: dict[str, str]) -> str:
    match = OPTION.fullmatch(word)
    if not match:
        return word
    name, value = match.group(1), match.group(2) or ""
    unknown = f"--{name.lstrip('-').replace('_', '-')}" if len(name) > 2 else name
    return spelling.get(fold(name), unknown) + value


class CommandGroup(click.Group):
    """A group that knows its commands by name and imports the one that is asked for.

    prefix: the words before its own commands' names, as in `detector test`.
    """

    def __init__(self, *args: Any, prefix: str = "", **extra: Any) -> None:
        super().__init__(*args, **extra)
        self.no_args_is_help = False
        self.prefix = prefix

    def list_commands(self, ctx: click.Context | None) -> list[str]:
        words = (
            words.removeprefix(self.prefix) for words in COMMANDS if words.startswith(self.prefix)
        )
        return list(dict.fromkeys(word.split()[0] for word in words))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        words = self.prefix + self._known_as(cmd_name)
        if words in GROUPS:
            return CommandGroup(cmd_name, prefix=f"{words} ", help=GROUPS[words].help)
        return _imported(COMMANDS[words].home) if words in COMMANDS else None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, command_first(args, self.list_commands(ctx)))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word, rest = self._known_as(args[0]), args[1:]
        words = self.prefix + word
        if dead := dead_words(words, rest):
            raise DarknetError(dead)
        if longer := _longer(words, rest):
            word, words, rest = longer[0], self.prefix + longer[0], list(longer[1:])
        command = self.get_command(ctx, word)
        if command is None:
            hint = nearest(word, self.list_commands(ctx))
            ctx.fail(f"no command '{words}'{hint}")
        if isinstance(command, click.Group):
            return word, command, rest
        flags = flags_of_command(words)
        if flags is not None:
            rest, asked = read_argv(rest, command, flags, group_of(words) in BARE_GROUPS)
            _heed(ctx, asked)
        return word, command, normalise(rest, set(_spellings(command)))

    def _known_as(self, word: str) -> str:
        """A command as it is listed: Hank.ai's program knows calc_anchors by calcanchors."""
        there = self.prefix + word in {*COMMANDS, *GROUPS}
        same = (known for known in self.list_commands(None) if fold(known) == fold(word).lower())
        return word if there else next(same, word)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows: dict[str, list[tuple[str, str]]] = {}
        for word in self.list_commands(ctx):
            told = _row(self.prefix + word)
            rows.setdefault(told.section, []).append((word, told.help))
        for section, lines in rows.items():
            with formatter.section(section):
                formatter.write_dl(lines)


def _longer(words: str, rest: Sequence[str]) -> list[str]:
    """The words of `compare runs`, which stands beside `compare`, and what is left; else none."""
    following = {known.split()[-1] for known in COMMANDS if known.startswith(f"{words} ")}
    if words not in COMMANDS or not following:
        return []
    first, *left = command_first(rest, following) or [""]
    return [f"{words} {first}", *left] if first in following else []


def _heed(ctx: click.Context, asked: Mapping[str, str]) -> None:
    """What Darknet's flags ask of the command line itself, until it ends."""
    path, stack = asked.get("log"), ctx.find_object(ExitStack)
    if path == "":
        raise click.UsageError("-log: expected a FILE behind it", ctx)
    if path is not None and stack is not None:
        stack.enter_context(copied_to(path))


def _imported(home: str) -> click.Command:
    module, _, name = home.partition(":")
    command: click.Command = getattr(importlib.import_module(module), name)
    return command


def _row(words: str) -> Command:
    return GROUPS[words] if words in GROUPS else COMMANDS[words]


def _spellings(command: click.Command) -> Iterator[str]:
    yield from HELP
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            yield from spellings(parameter)


class CommandLine(CommandGroup):
    """The whole command line: --debug stands anywhere, and errors are one line."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Run and exit: 0, 1 for an error, 2 for a wrong call, 130 when interrupted."""
        # A script with Windows line ends leaves a \r on the last word of a line.
        written = [word.rstrip("\r") for word in (sys.argv[1:] if args is None else args)]
        words = [word for word in written if word not in ("--debug", "-debug")]
        extra |= {"prog_name": PROGRAM, "standalone_mode": False}
        with messages_shown(), ExitStack() as stack:
            run = partial(super().main, words or ["--help"], *rest, obj=stack, **extra)
            code = _exit_code(run, debug=len(words) < len(written))
        sys.exit(code)


def _exit_code(run: Callable[[], Any], debug: bool) -> int:
    try:
        return _finished(run)
    except click.ClickException as error:
        return _refuse(error)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:  # whoever read stdout has seen enough
        discard_unwritten()
        return 1
    except Exception as error:
        line = line_of(error)
        if debug or line is None:
            raise
        discard_unwritten()
        return _say(line, 1)


def _finished(run: Callable[[], Any]) -> int:
    """The exit code, when stdout has all that was written."""
    try:
        # click returns the code of an early exit, or what the command returned.
        result = run()
    except SystemExit as end:
        result = end.code
    sys.stdout.flush()
    return result if isinstance(result, int) else 0


def _refuse(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else PROGRAM
    if isinstance(error, click.NoSuchOption) and context:
        hint = option_hint(error.option_name, list(_spellings(context.command)))
        return _say(f"No such option: {error.option_name}{hint} (try '{path} --help')", 2)
    return _say(f"{error.format_message()} (try '{path} --help')", error.exit_code)


def _say(message: str, code: int) -> int:
    with contextlib.suppress(OSError):  # a full or closed stderr: the code says it
        click.echo(f"{PROGRAM}: error: {' '.join(message.split())}", err=True)
    return code


@click.group(cls=CommandLine, context_settings={"help_option_names": [*HELP]})
@click.version_option(__version__, prog_name=PROGRAM)
@debug
def main() -> None:
    """Darknet's networks in Python: cfg and .weights files run as they are.

    Options may be spelled as in Darknet (-ext_output) or as usual (--ext-output), and may stand
    anywhere.
    """


def execute(words: Sequence[str]) -> int:
    """Run a command line inside this process; gives its exit code."""
    try:
        main(words)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def run() -> None:
    """The entry point of the installed program."""
    prepare_streams()
    main()
