"""Paths of images typed at Darknet's prompt."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

PROMPT = "Enter Image Path: "


def typed_paths() -> Iterator[str]:
    """What is typed at the prompt, or piped in, line by line until end of file."""
    while True:
        click.echo(PROMPT, nl=False)
        line = sys.stdin.readline()
        if not line:
            return
        if line.strip():
            yield line.strip()
