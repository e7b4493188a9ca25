"""What an import leaves out or changes, counted by reason, with the first example of each."""

from __future__ import annotations

from dataclasses import dataclass, field

REASONS = {
    "polygon": "polygons left out (--polygons takes their bounding boxes)",
    "rotated": "rotated boxes left out (--polygons takes their bounding boxes)",
    "difficult": "objects marked as crowd, group or difficult left out (--difficult keeps them)",
    "other-shape": "objects that are no box and no polygon left out",
    "other-annotator": "annotations of an image that has one already left out",
    "not-finite": "boxes with values that are no numbers left out",
    "no-size": "boxes without width or height left out",
    "outside": "boxes wholly outside of their image left out",
    "cut": "boxes that reached beyond their image cut at its edge",
    "class": "objects of a class that has no name left out",
    "bad-row": "lines or entries that are no labels left out",
    "no-image": "annotations of images that are not listed left out",
    "missing-image": "images that are not there left out (--images FOLDER says where they are)",
    "gone-image": "images of the lists that are not there left out",
    "ambiguous-image": "images left out because several files have their name",
    "unreadable-image": "images of unknown size left out: their file is none or damaged",
    "twice": "images listed twice; the first time counts",
    "unlisted": "images that no list or annotation names left out",
    "no-labels": "images without a label file count as images without objects",
    "unsafe": "files of the archive left out: links, or names that lead out of it or are none",
    "renamed": "images given another name: theirs was taken, or cannot stand in a list",
}
"""What is counted -> what is said of it, before the number."""


@dataclass
class LeftOut:
    """Counts by reason, a key of REASONS."""

    counts: dict[str, int] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)

    def add(self, reason: str, example: str) -> None:
        self.counts[reason] = self.counts.get(reason, 0) + 1
        self.first.setdefault(reason, example)

    def lines(self) -> tuple[str, ...]:
        """A line for each reason, in the order of REASONS."""
        return tuple(
            f"{text}: {self.counts[reason]}, the first: {_shown(self.first[reason])}"
            for reason, text in REASONS.items()
            if reason in self.counts
        )


def _shown(example: str, most: int = 120) -> str:
    """Names from files may hold anything."""
    text = example.encode("utf-8", "backslashreplace").decode()
    plain = "".join(letter if letter.isprintable() else "?" for letter in text)
    return plain if len(plain) <= most else f"{plain[:most]}..."
