"""What a training shows while it runs: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol, TextIO

import click

from darknet_py.losses.head_loss import HeadLoss

KEPT = 0.9
"""Darknet's average loss: .9 of the old and .1 of the new."""
REDRAW = 0.1
"""Seconds between two states of the live line."""
LEAST = ("things", "rate", "loss")
"""What a narrow terminal does not show, the first to go first."""
PLAIN_EVERY = 10
"""Updates between two plain lines."""


@dataclass(frozen=True)
class Units:
    """What a training counts. things: plural; speed: things a second. shows_size: the input's
    size is worth telling."""

    things: str
    speed: str
    shows_size: bool = True


IMAGES = Units("images", "img/s")
SYMBOLS = Units("symbols", "symbols/s", shows_size=False)
MOVES = Units("moves", "moves/s", shows_size=False)


@dataclass(frozen=True)
class Update:
    """One update of a training. number: counted from 1, of `of`, 0 for no end. images: all so far.

    seconds: of computing, waited: of waiting for data before it. hours_left: 0 where there is no
    end. size: of the input. metric: what -map or -topk measures, such as mAP. map: what that was
    the last time, in 0..1, below 0 before the first; evaluated: whether it was after this update.
    """

    number: int
    of: int
    images: int
    loss: float
    average: float
    rate: float
    seconds: float
    waited: float
    hours_left: float
    speed: float
    wait_share: float
    size: tuple[int, int]
    units: Units = IMAGES
    metric: str = "mAP"
    map: float = -1.0
    best_map: float = -1.0
    evaluated: bool = False

    @property
    def line(self) -> str:
        """The state of the training in one line."""
        return "  ".join(self._words.values())

    def fitted(self, columns: int) -> str:
        """The line without what matters least, where it would be longer than this."""
        words = dict(self._words)
        for name in LEAST:
            if len("  ".join(words.values())) > columns:
                del words[name]
        return "  ".join(words.values())[:columns]

    @property
    def _words(self) -> dict[str, str]:
        words = {
            "number": f"{self.number}/{self.of}" if self.of else str(self.number),
            "loss": f"loss {self.loss:.4g}",
            "average": f"avg {self.average:.4g}",
            "rate": f"rate {self.rate:.3g}",
            "things": f"{self.images} {self.units.things}",
            "speed": f"{_plain(self.speed)} {self.units.speed}",
            "wait": f"data wait {100 * self.wait_share:.0f}%",
        }
        if self.map >= 0:
            best = f"(best {100 * self.best_map:.2f}%)"
            words["metric"] = f"{self.metric} {100 * self.map:.2f}% {best}"
        if self.of:
            words["left"] = f"ETA {timedelta(seconds=round(3600 * self.hours_left))}"
        return words


def _plain(speed: float) -> str:
    """Three digits or more, never with an exponent."""
    return f"{speed:.3g}" if speed < 100 else f"{speed:.0f}"


class TrainingLog(Protocol):
    """Where a training speaks."""

    def start(self, lines: list[str]) -> None: ...

    def heads(self, losses: dict[int, HeadLoss]) -> None: ...

    def update(self, update: Update) -> None: ...

    def note(self, line: str) -> None: ...

    def end(self) -> None: ...


@dataclass
class PlainLog:
    """One line every few updates."""

    to: TextIO = field(default_factory=lambda: sys.stdout)
    every: int = PLAIN_EVERY

    def start(self, lines: list[str]) -> None:
        for line in lines:
            self.note(line)

    def heads(self, losses: dict[int, HeadLoss]) -> None:
        """Only Darknet's own style shows the heads."""

    def update(self, update: Update) -> None:
        due = update.number % self.every == 0 or update.number in (1, update.of)
        if due or update.evaluated:
            self.note(update.line)

    def note(self, line: str) -> None:
        click.echo(line, file=self.to)

    def end(self) -> None:
        """Nothing is left open."""


@dataclass
class LiveLog:
    """One line that is written over and over; notes scroll by above it."""

    to: TextIO = field(default_factory=lambda: sys.stdout)
    shown: str = ""
    drawn: float = 0.0

    def start(self, lines: list[str]) -> None:
        for line in lines:
            click.echo(line, file=self.to)

    def heads(self, losses: dict[int, HeadLoss]) -> None:
        """Only Darknet's own style shows the heads."""

    def update(self, update: Update) -> None:
        now = time.monotonic()
        if update.evaluated:
            self.note(update.line)
        elif now - self.drawn > REDRAW or update.number == update.of:
            self.drawn = now
            self._draw(update.fitted(shutil.get_terminal_size().columns - 1))

    def _draw(self, line: str) -> None:
        click.echo("\r" + line.ljust(len(self.shown)), nl=False, file=self.to)
        self.shown = line

    def note(self, line: str) -> None:
        self._draw("")
        click.echo("\r" + line, file=self.to)
        self.shown = ""

    def end(self) -> None:
        if self.shown:
            click.echo(file=self.to)


class SilentLog:
    """For all processes of a distributed training but the first."""

    def start(self, lines: list[str]) -> None: ...

    def heads(self, losses: dict[int, HeadLoss]) -> None: ...

    def update(self, update: Update) -> None: ...

    def note(self, line: str) -> None: ...

    def end(self) -> None: ...
