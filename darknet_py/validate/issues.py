"""What can be wrong with a data set: the table of kinds, and issues counted kind by kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from darknet_py.errors import Location


@dataclass(frozen=True)
class IssueKind:
    """level: "error" (training would not learn what is meant), "warning" or "note"."""

    level: str
    title: str
    cure: str


KINDS = {
    "unusable-list": IssueKind(
        "error", "lists that cannot be used", "write one image path per line"
    ),
    "other-classes": IssueKind(
        "error", "the cfg has other classes than the data set", "a head has classes= of the .data"
    ),
    "no-label": IssueKind(
        "error",
        "no image has a label",
        "nothing could be learnt: put label files where the lines below say they are looked for",
    ),
    "label-elsewhere": IssueKind(
        "error",
        "label files that training does not find",
        "move or link them to the path it looks for (or pick the other rule with --fork)",
    ),
    "missing-image": IssueKind(
        "error",
        "listed images that do not exist",
        "correct the list; paths count from the working folder, else from that of the list",
    ),
    "unreadable-image": IssueKind(
        "error", "images that cannot be read", "training leaves them out: mend or unlist them"
    ),
    "unreadable-labels": IssueKind(
        "error", "label files that cannot be opened", "see their rights"
    ),
    "unparsed": IssueKind(
        "error",
        "label lines that are not numbers",
        "write 'class x y w h'; Darknet stops reading a file at the first such line",
    ),
    "columns": IssueKind(
        "error",
        "label lines with too few or too many numbers",
        "write 'class x y w h', one label a line",
    ),
    "class-number": IssueKind(
        "error", "classes that are no whole number", "write 3, not 3.0 and not a name"
    ),
    "class-range": IssueKind(
        "error",
        "classes that the data set does not have",
        "count from 0, or raise classes= (and the filters= above each head)",
    ),
    "not-finite": IssueKind("error", "labels that hold nan or inf", "remove them"),
    "no-size": IssueKind(
        "error", "boxes without width or height", "Darknet drops them: remove or mend them"
    ),
    "outside": IssueKind(
        "error",
        "boxes outside of their image",
        "Darknet drops them: x y is the middle, all four relative to the image's size",
    ),
    "corners": IssueKind(
        "error",
        "all boxes look like left top right bottom",
        "write middle and size: x = (left + right) / 2, w = right - left",
    ),
    "crossing": IssueKind(
        "warning", "boxes that reach beyond the edge of their image", "Darknet cuts them there"
    ),
    "tiny": IssueKind(
        "warning",
        "boxes too small to be trained on",
        "Darknet drops them: raise width= and height=, or cut the images into tiles",
    ),
    "duplicate": IssueKind("warning", "labels written twice in one file", "remove the second"),
    "exif-labels": IssueKind(
        "warning",
        "labels drawn on an image the other way round",
        "read all images as they were when labelled: --exif turns them upright, --no-exif does not",
    ),
    "overfull": IssueKind(
        "warning",
        "images with more labels than the network takes",
        "raise max= of every head; the labels over it are dropped at random",
    ),
    "shared-label": IssueKind(
        "warning", "images that share one label file", "give them different names"
    ),
    "listed-twice": IssueKind("warning", "images listed twice", "they count twice in training"),
    "overlap": IssueKind(
        "warning",
        "images in both train and valid",
        "mAP on images seen in training says nothing about new ones",
    ),
    "no-example": IssueKind(
        "warning", "classes without an example in train", "label some, or take the class out"
    ),
    "exif-orientation": IssueKind(
        "note",
        "images that their EXIF data turns",
        "AlexeyAB's program turns them, pjreddie's does not; labels must be of the same way round",
    ),
    "no-label-file": IssueKind(
        "note",
        "images without a label file",
        "trained on as images of nothing (pjreddie's Darknet stops there: write empty files)",
    ),
    "empty-label-file": IssueKind(
        "note", "images with an empty label file", "trained on as images of nothing"
    ),
}
"""Every kind of issue, in the order they are shown."""
LEVELS = ("error", "warning", "note")


@dataclass(frozen=True)
class Issue:
    """One case: its kind (a key of KINDS), where it is, and the image it is about, if one."""

    kind: str
    location: Location
    message: str
    image: str = ""

    def __str__(self) -> str:
        return ": ".join(part for part in (str(self.location), self.message) if part)


@dataclass
class Issues:
    """Counts every issue and keeps the first `most` of each kind, whatever the data set's size.

    strict: warnings are errors.
    """

    most: int = 1000
    strict: bool = False
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    kept: dict[str, list[Issue]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    def add(self, issues: Iterable[Issue]) -> None:
        for issue in issues:
            self.counts[issue.kind] += 1
            if len(self.kept[issue.kind]) < self.most:
                self.kept[issue.kind].append(issue)

    def level(self, kind: str) -> str:
        level = KINDS[kind].level
        return "error" if self.strict and level == "warning" else level

    def kinds(self) -> list[str]:
        """The kinds there are issues of: errors first, then in the order of the table."""
        kinds = [kind for kind, count in self.counts.items() if count]
        return sorted(kinds, key=lambda kind: LEVELS.index(self.level(kind)))

    def total(self, level: str) -> int:
        return sum(count for kind, count in self.counts.items() if self.level(kind) == level)
