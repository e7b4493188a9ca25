"""What a training shows while it runs: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TextIO

import click

from darknet_py.losses.head_loss import HeadLoss
from darknet_py.network.darknet_lines import Said

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
    next_metric: the update it is measured after next, 0 for never. heads: what each head shows,
    such as {"yolo_16/iou": 0.61}; what no labelled box tells of is left out.
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
    next_metric: int = 0
    heads: Mapping[str, float] = field(default_factory=dict)

    @property
    def measured(self) -> float | None:
        """The metric of this very update, in 0..1; None where it was not measured after it."""
        return self.map if self.evaluated else None

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


class TrainingLog:
    """Where a training speaks: what it tells in the order of its events. This one is silent."""

    def start(self, lines: list[str]) -> None:
        """What is trained and how, and what to know about it."""

    def preparing(self, step: int, size: tuple[int, int]) -> None:
        """The batch of a step, counted from 1, is waited for; size: of the input."""

    def loaded(self, seconds: float) -> None:
        """The batch is there after so long."""

    def adversarial(self, rate: float) -> None:
        """The images of a sub-batch are moved before they are learnt, by this times what the
        network asks of them."""

    def heads(self, losses: dict[int, HeadLoss]) -> None:
        """A sub-batch has been through the network."""

    def averaged(self, deeds: tuple[str, ...]) -> None:
        """What was done to the averages of ema_alpha, of `ema.DEEDS`."""

    def computed(self, update: Update) -> None:
        """An update is made; what is measured and kept after it follows."""

    def update(self, update: Update) -> None:
        """An update, after which was measured what was to be."""

    def saved(self, path: Path, average: bool = False) -> None:
        """Weights, or their averages, at the moments when Darknet keeps them."""

    def finished(self) -> None:
        """All updates are made, and the last weights saved."""

    def note(self, line: str) -> None:
        """What somebody should know."""

    def remark(self, line: str) -> None:
        """The same where Darknet has lines of its own for it, see as_darknet."""

    def as_darknet(self, pieces: Iterable[Said]) -> None:
        """What Darknet prints there."""

    def end(self) -> None:
        """Whatever ends the training."""


@dataclass
class PlainLog(TrainingLog):
    """One line every few updates."""

    to: TextIO = field(default_factory=lambda: sys.stdout)
    every: int = PLAIN_EVERY

    def start(self, lines: list[str]) -> None:
        for line in lines:
            self.note(line)

    def update(self, update: Update) -> None:
        due = update.number % self.every == 0 or update.number in (1, update.of)
        if due or update.evaluated:
            self.note(update.line)

    def note(self, line: str) -> None:
        click.echo(line, file=self.to)

    remark = note


@dataclass
class LiveLog(TrainingLog):
    """One line that is written over and over; notes scroll by above it."""

    to: TextIO = field(default_factory=lambda: sys.stdout)
    shown: str = ""
    drawn: float = 0.0

    def start(self, lines: list[str]) -> None:
        for line in lines:
            click.echo(line, file=self.to)

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

    remark = note

    def end(self) -> None:
        if self.shown:
            click.echo(file=self.to)
