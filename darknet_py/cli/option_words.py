"""Which words of a command line are options, and how an option may be spelled."""

from __future__ import annotations

import re

import click

from darknet_py.cli.darknet_flags import ALONE

OPTION = re.compile(r"(--?[A-Za-z][\w-]*)(=.*)?", re.DOTALL)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")


def fold(option: str) -> str:
    """-dont_show, --dont-show and -dontshow are one option."""
    return re.sub("[-_]", "", option)


def is_option(word: str) -> bool:
    return OPTION.fullmatch(word) is not None


def may_take_value(word: str) -> bool:
    """Whether a value may stand behind a word: an option that is not known to take none."""
    return is_option(word) and "=" not in word and fold(word) not in FOLDED_ALONE


FOLDED_ALONE = frozenset(map(fold, ALONE))


def spellings(option: click.Option) -> tuple[str, ...]:
    """All its names, those that deny it included."""
    return (*option.opts, *option.secondary_opts)
