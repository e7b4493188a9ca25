"""What can be wrong with a data set: the table of kinds, and findings counted kind by kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from darknet_py.errors import Location


@dataclass(frozen=True)
class Kind:
    """level: "error" (training would not learn what is meant), "warning" or "note"."""

    level: str
    title: str
    cure: str


KINDS = {
    "unusable-list": Kind("error", "lists that cannot be used", "write one image path per line"),
    "other-classes": Kind(
        "error", "the cfg has other classes than the data set", "a head has classes= of the .data"
    ),
    "no-label": Kind(
        "error",
        "no image has a label",
        "nothing could be learnt: put label files where the lines below say they are looked for",
    ),
    "label-elsewhere": Kind(
        "error",
        "label files that training does not find",
        "move or link them to the path it looks for (or pick the other rule with --fork)",
    ),
    "missing-image": Kind(
        "error",
        "listed images that do not exist",
        "correct the list; paths count from the working folder, else from that of the list",
    ),
    "unreadable-image": Kind(
        "error", "images that cannot be read", "training leaves them out: mend or unlist them"
    ),
    "unreadable-labels": Kind("error", "label files that cannot be opened", "see their rights"),
    "unparsed": Kind(
        "error",
        "label lines that are no numbers",
        "write 'class x y w h'; Darknet stops reading a file at the first such line",
    ),
    "columns": Kind(
        "error",
        "label lines with too few or too many numbers",
        "write 'class x y w h', one label a line",
    ),
    "class-number": Kind(
        "error", "classes that are no whole number", "write 3, not 3.0 and not a name"
    ),
    "class-range": Kind(
        "error",
        "classes that the data set does not have",
        "count from 0, or raise classes= (and the filters= above each head)",
    ),
    "not-finite": Kind("error", "labels that hold nan or inf", "remove them"),
    "no-size": Kind(
        "error", "boxes without width or height", "Darknet drops them: remove or mend them"
    ),
    "outside": Kind(
        "error",
        "boxes outside of their image",
        "Darknet drops them: x y is the middle, all four relative to the image's size",
    ),
    "corners": Kind(
        "error",
        "all boxes look like left top right bottom",
        "write middle and size: x = (left + right) / 2, w = right - left",
    ),
    "crossing": Kind(
        "warning", "boxes that reach beyond the edge of their image", "Darknet cuts them there"
    ),
    "tiny": Kind(
        "warning",
        "boxes too small to be trained on",
        "Darknet drops them: raise width= and height=, or cut the images into tiles",
    ),
    "duplicate": Kind("warning", "labels written twice in one file", "remove the second"),
    "overfull": Kind(
        "warning",
        "images with more labels than the network takes",
        "raise max= of every head; the labels over it are dropped at random",
    ),
    "shared-label": Kind(
        "warning", "images that share one label file", "give them different names"
    ),
    "listed-twice": Kind("warning", "images listed twice", "they count twice in training"),
    "overlap": Kind(
        "warning",
        "images in both train and valid",
        "mAP on images seen in training says nothing about new ones",
    ),
    "no-example": Kind(
        "warning", "classes without an example in train", "label some, or take the class out"
    ),
    "no-label-file": Kind(
        "note",
        "images without a label file",
        "trained on as images of nothing (pjreddie's Darknet stops there: write empty files)",
    ),
    "empty-label-file": Kind(
        "note", "images with an empty label file", "trained on as images of nothing"
    ),
}
"""Every kind of finding, in the order they are shown."""
LEVELS = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One case: its kind (a key of KINDS), where it is, and the image it is about, if one."""

    kind: str
    location: Location
    message: str
    image: str = ""

    def __str__(self) -> str:
        return ": ".join(part for part in (str(self.location), self.message) if part)


@dataclass
class Findings:
    """Counts every finding and keeps the first `most` of each kind, whatever the data set's size.

    strict: warnings are errors.
    """

    most: int = 1000
    strict: bool = False
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    kept: dict[str, list[Finding]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    def add(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self.counts[finding.kind] += 1
            if len(self.kept[finding.kind]) < self.most:
                self.kept[finding.kind].append(finding)

    def level(self, kind: str) -> str:
        level = KINDS[kind].level
        return "error" if self.strict and level == "warning" else level

    def found(self) -> list[str]:
        """The kinds with findings: errors first, then in the order of the table."""
        kinds = [kind for kind, count in self.counts.items() if count]
        return sorted(kinds, key=lambda kind: LEVELS.index(self.level(kind)))

    def total(self, level: str) -> int:
        return sum(count for kind, count in self.counts.items() if self.level(kind) == level)
