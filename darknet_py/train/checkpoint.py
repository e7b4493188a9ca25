"""What a training keeps: weights under Darknet's names and at its times, and its state."""

from __future__ import annotations

import glob
from dataclasses import dataclass, replace
from pathlib import Path

from darknet_py.errors import DarknetError, OutputError
from darknet_py.forks import Fork

SHORT_RUN = 10_000
"""Trainings of fewer updates keep numbered weights ten times as often."""
LAST, FINAL = "_last.weights", "_final.weights"
BACKUP_CURE = "set backup= in the .data file"
PLAIN_LAST = ".backup"
"""The last weights of pjreddie's program, and of recurrent nets and Go in both."""
PLAIN_FINAL = ".weights"
"""The weights at the end of a classifier of pjreddie's program, and of Go in both."""


@dataclass(frozen=True)
class SavePolicy:
    """numbered, last: updates between the numbered weights and between the last ones.

    early: updates up to which the last ones are kept under their number too (pjreddie's). epoch:
    where weights are numbered by passes over the list instead, how many images it has. images: of
    an update. passes: what an update counts for in all these numbers, and in the names. copies:
    updates between the last weights that are kept under their number as well, 0 for none.
    last_first: the last ones are kept before the numbered ones.
    """

    numbered: int
    last: int
    early: int = 0
    epoch: int = 0
    images: int = 0
    passes: int = 1
    copies: int = 0
    last_first: bool = False

    @staticmethod
    def of(fork: Fork, max_batches: int, options: dict[str, str]) -> SavePolicy:
        """That of the fork; AlexeyAB's reads saveweights and savelast of the .data file."""
        if fork.saving.detector_backup:
            return SavePolicy(SHORT_RUN, 100, early=1000, last_first=True)
        return SavePolicy.written(options, 1000 if max_batches < SHORT_RUN else SHORT_RUN)

    @staticmethod
    def written(options: dict[str, str], numbered: int) -> SavePolicy:
        """saveweights and savelast of the .data file; else `numbered`, and the last ones at 100.

        Raises DarknetError for a value that is not a number of updates.
        """
        numbered = _positive(options, "saveweights", numbered)
        return SavePolicy(numbered, _positive(options, "savelast", 100))

    def every(self, updates: int | None) -> SavePolicy:
        """The same with numbered weights every so many updates and no others; None: the same."""
        if updates is None:
            return self
        return replace(self, numbered=updates, early=0, epoch=0)

    def number(self, before: int, now: int) -> int | None:
        """What number to keep the weights under after the updates up to `now`, None for none."""
        if self.epoch:
            epoch = now * self.images // self.epoch
            return epoch if epoch > before * self.images // self.epoch else None
        early = now < self.early and self.keeps_last(before, now)
        due = early or _passed(self.numbered, before * self.passes, now * self.passes)
        return now * self.passes if due else None

    def copy(self, before: int, now: int) -> int | None:
        """What number to keep the last weights under as well, None for none."""
        return now if self.copies and _passed(self.copies, before, now) else None

    def keeps_last(self, before: int, now: int) -> bool:
        return _passed(self.last, before * self.passes, now * self.passes)


def _positive(options: dict[str, str], key: str, usual: int) -> int:
    text = options.get(key, "")
    if not text:
        return usual
    if not text.isdigit() or int(text) < 1:
        raise DarknetError(f"{key}={text} of the .data file: expected a number from 1 on")
    return int(text)


def _passed(every: int, before: int, now: int) -> bool:
    return now // every > before // every


@dataclass(frozen=True)
class CheckpointFiles:
    """Where a training writes. base: the cfg's name without folder and suffix.

    last_ending, final_ending: what follows it in the names of those weights. cure: how to choose
    another folder.
    """

    folder: Path
    base: str
    last_ending: str = LAST
    final_ending: str = FINAL
    cure: str = BACKUP_CURE

    @staticmethod
    def of(
        folder: Path,
        cfg: str,
        last: str = LAST,
        final: str = FINAL,
        cure: str = BACKUP_CURE,
    ) -> CheckpointFiles:
        """Raises OutputError, with this cure, when the folder cannot be made."""
        files = CheckpointFiles(folder, Path(cfg).stem, last, final, cure)
        files.make_folder()
        _sweep(folder, files.base)
        return files

    def make_folder(self) -> None:
        """Raises OutputError, with the cure."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as failure:
            message = f"{self.folder}: cannot be made: {failure.strerror}; {self.cure}"
            raise OutputError(message) from None

    @property
    def last(self) -> Path:
        return self.folder / f"{self.base}{self.last_ending}"

    def copy(self, number: int) -> Path:
        """The last weights, kept under their number."""
        return self.folder / f"{self.base}_{number}{self.last_ending}"

    @property
    def final(self) -> Path:
        return self.folder / f"{self.base}{self.final_ending}"

    @property
    def best(self) -> Path:
        return self.named("best")

    @property
    def ema(self) -> Path:
        return self.named("ema")

    @property
    def state(self) -> Path:
        return self.folder / f"{self.base}_last.state"

    def results(self, asked: str | None) -> Path:
        """Where results.csv is: what was asked for, else beside the weights."""
        return Path(asked) if asked else self.folder / "results.csv"

    def charts(self, older: str | None) -> tuple[Path, Path]:
        """The chart under AlexeyAB's two names: with an older one to go on with in the working
        folder, as in that program, else beside the weights."""
        folder = Path() if older else self.folder
        return folder / "chart.png", folder / f"chart_{self.base}.png"

    def preview(self, number: int) -> Path:
        """The page of images with the boxes that were found after so many updates."""
        return self.folder / f"{self.base}_preview_{number}.jpg"

    def named(self, word: str) -> Path:
        """Such as best, ema or a number of updates."""
        return self.folder / f"{self.base}_{word}.weights"


def _sweep(folder: Path, base: str) -> None:
    """Remove what runs that were killed while they wrote have left behind."""
    name = glob.escape(base)
    for kept in (f"{name}*.weights", f"{name}*.backup", f"{name}*.state", f"chart_{name}.png"):
        for path in folder.glob(f".{kept}.*"):
            path.unlink(missing_ok=True)
