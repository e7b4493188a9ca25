"""Images with the boxes drawn in: where `detect` writes them, and what it says of that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from darknet_py.detect.result import Result


@dataclass
class PredictionPaths:
    """Paths of images to write, none given twice; the time it takes does not grow with them."""

    taken: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)

    def next(self, stem: str) -> Path:
        """STEM.jpg, or the next of STEM_2.jpg, STEM_3.jpg, ... that is free."""
        name = stem
        while name in self.taken:
            self.counts[stem] = self.counts.get(stem, 1) + 1
            name = f"{stem}_{self.counts[stem]}"
        self.taken.add(name)
        return Path(f"{name}.jpg")


@dataclass
class Predictions:
    """base: of their names. many: each has a name of its own, otherwise the last one stays."""

    base: str
    many: bool
    count: int = 0
    last: str = ""
    paths: PredictionPaths = field(default_factory=PredictionPaths)

    def path_of(self, image: str) -> Path:
        """Where the next one goes: BASE.jpg, or BASE_NAME.jpg of many, numbered if names repeat."""
        if not self.many:
            return Path(f"{self.base}.jpg")
        return self.paths.next(f"{self.base}_{Path(image).stem}")

    def note(self, result: Result) -> None:
        """It is written."""
        self.count += 1
        self.last = result.path

    def lines(self) -> Iterator[str]:
        """Where they are."""
        if self.many and self.count:
            yield f"{self.base}_*.jpg: boxes of {self.count} images"
        elif self.count:
            yield f"{self.base}.jpg: boxes of {self.last}"
