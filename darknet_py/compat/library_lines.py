"""Where the lines go that Darknet's library prints by itself."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from darknet_py.compat.dialects import Dialect
from darknet_py.files import append, encoded
from darknet_py.network import darknet_lines
from darknet_py.network.darknet_lines import Said

STYLE_VARIABLE = "DARKNET_PY_LOG_STYLE"
"""Of the environment: `plain` is for no lines of Darknet's library."""


@dataclass
class _Lines:
    """verbose: as set_verbose was told. file: what set_output_stream named, None for the streams of
    the process. processor_told: it is said once in a process."""

    verbose: bool = False
    file: Path | None = None
    processor_told: bool = False


LINES = _Lines()


def say(pieces: Iterable[Said], dialect: Dialect) -> None:
    """Print as this dialect's library does, or write it where it is told to."""
    if dialect.quiet and not LINES.verbose:
        return
    if LINES.file is not None:
        append(LINES.file, encoded("".join(piece.text for piece in pieces)))
    elif os.environ.get(STYLE_VARIABLE) != "plain":
        darknet_lines.say(pieces)


def print_lines(*lines: str) -> None:
    """Print what darknet.py itself prints."""
    darknet_lines.say([Said("".join(f"{line}\n" for line in lines))])


def tell_processor(dialect: Dialect) -> None:
    """What AlexeyAB's library says of the processor before it first computes."""
    if dialect.fork.log.tells_machine and not LINES.processor_told:
        LINES.processor_told = True
        say(darknet_lines.processor_lines(), dialect)
