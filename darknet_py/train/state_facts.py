"""The numbers of a training's state beside its tensors, and the ranges they must lie in."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from darknet_py.train.logs.progress_log import KEPT
from darknet_py.train.state_file import FACTS, refuse

FORMAT = 1
COUNT = 2**53
"""More than any training counts, and whole in every program's JSON."""
MOST = sys.float_info.max
SHOWN = 40
MOST_JOB = 256
"""Characters of a job's name that are kept."""


@dataclass(frozen=True)
class TrainingProgress:
    """What a training knows beside its tensors.

    average_loss: Darknet's, none before the first update. best_map, last_map_at: of `-map`.
    best_map_at: the update that was found best. loss, rate: of the last update.
    """

    average_loss: float | None = None
    best_map: float = -1.0
    last_map: float = -1.0
    last_map_at: int = 0
    best_map_at: int = 0
    loss: float | None = None
    rate: float = 0.0

    def learnt(self, loss: float, rate: float) -> TrainingProgress:
        """After an update with this loss of an image."""
        average = self.average_loss
        # With try_fix_nan training goes on over a loss that is not finite, and so does the average.
        if math.isfinite(loss):
            average = KEPT * (loss if average is None else average) + (1 - KEPT) * loss
        return replace(self, average_loss=average, loss=loss, rate=rate)

    def measured(self, value: float, update: int) -> TrainingProgress:
        """After -map has found this value behind an update; of equal ones the last is best."""
        if value < self.best_map:
            return replace(self, last_map=value)
        return replace(self, last_map=value, best_map=value, best_map_at=update)


@dataclass(frozen=True)
class NumberSpec:
    """A number of the facts. whole: without a fraction. optional: may be null."""

    least: float = -MOST
    most: float = MOST
    whole: bool = False
    optional: bool = False

    def fits(self, value: Any) -> bool:
        if value is None:
            return self.optional
        kinds = (int,) if self.whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds):
            return False
        # Not for NaN, nor for an integer that no float can be.
        return self.least <= value <= self.most

    def __str__(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        bounds = [
            f"{word} {value:.16g}"
            for word, value in (("from", self.least), ("to", self.most))
            if abs(value) < MOST
        ]
        return " ".join([kind, *bounds])


def _count(least: int = 0, most: int = COUNT) -> NumberSpec:
    return NumberSpec(least, most, whole=True)


TOP = {
    "format": _count(FORMAT, FORMAT),
    "seed": NumberSpec(whole=True),
    "update": _count(),
    "seen": _count(),
    "images": _count(1),
    "subdivisions": _count(1),
    "moves": _count(),
}
LATER = ("moves",)
"""Not in older states, whose updates were all moves of their training."""
PRECISION = {"scale": NumberSpec(2.0**-126, 2.0**127), "growth": _count()}
"""Of fp16; none with other precisions."""
PROGRESS = {
    "average_loss": NumberSpec(optional=True),
    "best_map": NumberSpec(-1, 1),
    "last_map": NumberSpec(-1, 1),
    "last_map_at": _count(),
    "best_map_at": _count(),
    "loss": NumberSpec(optional=True),
    "rate": NumberSpec(),
}
"""What an older state does not have keeps its default."""


@dataclass(frozen=True)
class StateFacts:
    """images: of one step in all processes. moves: of the weights, since the .weights file that the
    training began with. precision: empty unless fp16's. job: of torchrun, "" without one."""

    seed: int
    update: int
    seen: int
    images: int
    subdivisions: int
    moves: int
    precision: dict[str, float]
    progress: TrainingProgress
    job: str = ""

    def as_json(self) -> dict[str, Any]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        # JSON has no NaN; only the loss of an update can be one.
        progress = {
            key: value if value is None or math.isfinite(value) else None
            for key, value in vars(self.progress).items()
        }
        return {"format": FORMAT, **values, "progress": progress}

    @staticmethod
    def checked(path: Path, facts: Any) -> StateFacts:
        """Raises WeightsError for what is not as declared."""
        whole = _table(path, FACTS, facts)
        precision = _table(path, "precision", whole.pop("precision", None))
        progress = _table(path, "progress", whole.pop("progress", None))
        job = whole.pop("job", "")
        if not isinstance(job, str) or len(job) > MOST_JOB:
            refuse(path, f"read {_shown(job)}, expected the name of a job", f"{FACTS} job")
        needed = {key: spec for key, spec in TOP.items() if key not in LATER}
        _require(path, FACTS, whole, TOP, needed=needed)
        whole.setdefault("moves", whole["update"])
        _require(path, "precision", precision, PRECISION, needed=PRECISION if precision else {})
        _require(path, "progress", progress, PROGRESS, needed={})
        del whole["format"]
        known = TrainingProgress(**progress)
        return StateFacts(**whole, precision=precision, progress=known, job=job)


def _table(path: Path, key: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        refuse(path, f"read {_shown(value)}, expected a table of numbers", key)
    return dict(value)


def _require(
    path: Path,
    table: str,
    values: Mapping[str, Any],
    declared: Mapping[str, NumberSpec],
    needed: Mapping[str, NumberSpec],
) -> None:
    for key in needed.keys() - values.keys():
        refuse(path, f"is missing, expected {declared[key]}", f"{table} {key}")
    for key, value in values.items():
        if key not in declared:
            refuse(path, f"unknown, known are {', '.join(declared)}", f"{table} {key[:SHOWN]}")
        if not declared[key].fits(value):
            message = f"read {_shown(value)}, expected {declared[key]}"
            refuse(path, message, f"{table} {key}")


def _shown(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
