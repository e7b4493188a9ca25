"""What the library logs, said on the command line: a line on stderr for each message."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click

LIBRARY = logging.getLogger("darknet_py")
PROGRAM_WARNING = "darknet-py: warning: "
WARNINGS = {"darknet_py": "warning: ", "darknet_py.engines": PROGRAM_WARNING}
"""Logger -> the first words of its warnings, and of those below it that have no row."""
ERROR = "darknet-py: error: "


class MessageHandler(logging.Handler):
    """Writes to whatever stderr is at that moment, and at once."""

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError):  # a full or closed stderr is no reason to end a training
            click.echo(f"{first_words(record)}{record.getMessage()}", err=True)


def first_words(record: logging.LogRecord) -> str:
    """What stands before a message: nothing where it only tells what is being done."""
    if record.levelno >= logging.ERROR:
        return ERROR
    if record.levelno < logging.WARNING:
        return ""
    name = record.name
    while name not in WARNINGS:
        name = name.rpartition(".")[0]
    return WARNINGS[name]


@contextmanager
def messages_shown() -> Iterator[None]:
    """Inside, the library's messages go to stderr and nowhere else; may be nested."""
    handlers, level, propagate = LIBRARY.handlers, LIBRARY.level, LIBRARY.propagate
    LIBRARY.handlers, LIBRARY.propagate = [MessageHandler()], False
    LIBRARY.setLevel(logging.INFO)
    try:
        yield
    finally:
        LIBRARY.handlers, LIBRARY.propagate = handlers, propagate
        LIBRARY.setLevel(level)
