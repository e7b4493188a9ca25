"""Paths of images typed at Darknet's prompt, or piped in."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import click

PROMPT = "Enter Image Path: "
CHUNK = 1 << 16
"""Bytes taken from a pipe at once: the lines of a file come together, those of a program that
waits for each answer one by one."""


def typed_paths() -> Iterator[str]:
    """What is typed at the prompt, or piped in, line by line until end of file."""
    while True:
        click.echo(PROMPT, nl=False)
        line = sys.stdin.readline()
        if not line:
            return
        if line.strip():
            yield line.strip()


@dataclass
class PipedPaths:
    """The paths on standard input where that is no terminal, with the prompts of Darknet.

    Darknet prints one before it reads a path, so that a program on the other end may wait for it;
    here a prompt that has not been answered yet stands for the next path.
    """

    prompted: bool = False

    def __iter__(self) -> Iterator[list[str]]:
        """The paths of all the lines that have come, again and again until the end."""
        rest = ""
        for text in self._texts():
            *lines, rest = (rest + text).split("\n")
            if paths := _paths(lines):
                yield paths
        if paths := _paths([rest]):
            yield paths
        self._wait()

    def _texts(self) -> Iterator[str]:
        stream, stdin = getattr(sys.stdin, "buffer", None), sys.stdin
        if stream is None:
            self._wait()
            yield stdin.read()
            return
        decoder = codecs.getincrementaldecoder(stdin.encoding)(stdin.errors or "strict")
        chunk = b"-"
        while chunk:
            self._wait()
            chunk = stream.read1(CHUNK)
            yield decoder.decode(chunk, final=not chunk)

    def _wait(self) -> None:
        if not self.prompted:
            click.echo(PROMPT, nl=False)
        self.prompted = True

    def answered(self) -> None:
        """To be called before each answer."""
        self._wait()
        self.prompted = False


def _paths(lines: list[str]) -> list[str]:
    return [line.strip() for line in lines if line.strip()]
