"""Draws results.png while a training goes on, for a hundredth of its time at most."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from darknet_py.errors import OutputError
from darknet_py.files import is_device
from darknet_py.train.logs.metric_loggers import is_chart_due
from darknet_py.train.logs.progress_log import Update
from darknet_py.train.logs.results_page import draw_results
from darknet_py.train.logs.run_curves import RunCurves

SHARE = 0.01
"""Of the time of a run that drawing may take; the page at its end comes on top."""
FIRST_DRAWING = 1.0
"""Seconds that the first drawing is expected to take, matplotlib's import included."""
LEAST = 30
"""Iterations below which there are no curves to see."""
Clock = Callable[[], float]


def can_draw() -> bool:
    """Whether the package that draws is installed."""
    return find_spec("matplotlib") is not None


def page_path(results: Path, taken: tuple[Path, ...] = ()) -> Path | None:
    """Where the page of a results.csv is drawn: beside it, under its name; None beside a device.

    taken: what other files are called.
    """
    if is_device(results):
        return None
    path = results.with_suffix(".png")
    return path.with_name(f"{results.stem}_results.png") if path in (results, *taken) else path


@dataclass
class PageLogger:
    """path: of the page. name: of the training. curves: what a run before has left in them counts.

    drawn: the update that the page ends with. spent, last: seconds that all drawings have taken,
    and the last one.
    """

    path: Path
    name: str
    curves: RunCurves
    clock: Clock = time.perf_counter
    drawn: int = 0
    spent: float = 0.0
    last: float = FIRST_DRAWING
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.clock()
        self.drawn = int(self.curves.last.get("iteration", 0))

    def add(self, update: Update) -> None:
        """Note an update; draw when the chart is, if the time allows. Raises OutputError."""
        self.curves.add_update(update)
        affordable = self.spent + self.last <= SHARE * (self.clock() - self._began)
        if affordable and is_chart_due(update, self.drawn):
            self._draw(update)

    def end(self, update: Update) -> None:
        """Draw it as it is now. Raises OutputError."""
        if self.curves.values.added >= LEAST and update.number > self.drawn:
            self._draw(update)

    def _draw(self, update: Update) -> None:
        start = self.clock()
        try:
            draw_results(self.path, self.curves, self._title(update))
        except OutputError:
            raise
        except Exception as error:  # noqa: BLE001 - no picture is worth a training
            text = " ".join(str(error).split())
            reason = f"{type(error).__name__}: {text}"
            raise OutputError(f"{self.path}: cannot be drawn: {reason}") from None
        finally:
            self.last = self.clock() - start
            self.spent += self.last
        self.drawn = update.number

    def _title(self, update: Update) -> str:
        of = f" of {update.of}" if update.of else ""
        words = [self.name, f"iteration {update.number}{of}", f"average loss {update.average:.4g}"]
        if update.of > update.number:
            words.append(f"{update.hours_left:.2f} hours left")
        return "    ".join(words)
