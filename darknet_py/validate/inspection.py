"""One image of a data set and its label file: everything that is wrong with the two."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from darknet_py.augment.label_rules import LabelLimits, LabelTable, Mask, any_reason, dropped, edges
from darknet_py.data.label_paths import label_path
from darknet_py.data.labels import COLUMNS
from darknet_py.errors import ImageError, Location
from darknet_py.forks import ALEXEYAB, FORKS, Fork
from darknet_py.images.io import check_image
from darknet_py.validate.issues import Issue
from darknet_py.validate.label_lines import LabelLines, read_lines

EDGE = 1e-3
"""How far beyond the image a box may reach without a word, as a share of the image: labels
are rounded, and Darknet cuts all boxes at the edge."""
RELATIVE = 2.0
"""A coordinate above this can hardly be meant relative to the image's size."""


@dataclass(frozen=True)
class LabelRules:
    """What the labels of an image are checked by; 0 stands for what is not known.

    classes: how many there are. width, height: of the network's input in pixels. most_labels: of an
    image. fork: whose rules count.
    """

    classes: int = 0
    width: int = 0
    height: int = 0
    most_labels: int = 0
    fork: Fork = ALEXEYAB

    @property
    def limits(self) -> LabelLimits:
        """Those of the labels that training takes."""
        return LabelLimits.of(self.fork, self.classes, self.width, self.height)


def _no_rows() -> LabelTable:
    return np.zeros((0, COLUMNS), np.float32)


@dataclass(frozen=True)
class Inspection:
    """What one image and its label file hold, and the issues with them.

    state: "labelled", "empty" or "missing", of its label file. rows: (K, 5) the lines of it that
    are labels, and lines: (K,) where they are. trained: (M, 5) what Darknet trains on.
    """

    image: str
    label: str
    state: str
    readable: bool = True
    rows: LabelTable = field(default_factory=_no_rows)
    lines: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    trained: LabelTable = field(default_factory=_no_rows)
    issues: tuple[Issue, ...] = ()


def inspect_image(image: str, rules: LabelRules, decode: bool = True) -> Inspection:
    """Read an image and its label file and list what is wrong.

    decode: also decode the image, which finds damage behind its header.
    """
    problem = _image_problem(image, decode)
    label = os.fspath(label_path(image, rules.fork))
    try:
        with open(label, "rb", buffering=0) as file:
            text: bytes = file.read()
    except (FileNotFoundError, NotADirectoryError):
        issues = (*problem, *_without_file(image, label, rules))
        return Inspection(image, label, "missing", not problem, issues=issues)
    except OSError as error:
        issue = Issue("unreadable-labels", Location(label), str(error.strerror), image)
        return Inspection(image, label, "missing", not problem, issues=(*problem, issue))
    return _with_labels(image, label, read_lines(text), problem, rules)


def _image_problem(image: str, decode: bool) -> tuple[Issue, ...]:
    try:
        check_image(image, decode)
    except ImageError as error:
        kind = "unreadable-image" if os.path.exists(image) else "missing-image"
        message = str(error).removeprefix(f"{image}: ")
        return (Issue(kind, Location(image), message, image),)
    return ()


def _without_file(image: str, label: str, rules: LabelRules) -> Iterator[Issue]:
    other = next((path for path in _other_locations(image) if os.path.isfile(path)), None)
    if other is None:
        yield Issue("no-label-file", Location(image), f"looked for {label}", image)
    else:
        message = f"exists, but {rules.fork.name}'s rule looks for {label}"
        if label == f"{image}.txt":
            message += f": it knows no images that end in {Path(image).suffix}"
        yield Issue("label-elsewhere", Location(other), message, image)


def _other_locations(image: str) -> Iterator[str]:
    """Where label files of this image lie by other rules: beside it, or in a folder labels."""
    yield from (os.fspath(label_path(image, fork)) for fork in FORKS.values())
    stem = Path(f"{os.path.splitext(image)[0]}.txt")
    yield os.fspath(stem)
    before, images, after = os.fspath(stem).rpartition("/images/")
    if images:
        yield f"{before}/labels/{after}"
    yield os.fspath(stem.parent / "labels" / stem.name)
    yield os.fspath(stem.parent.parent / "labels" / stem.name)


def _with_labels(
    image: str, label: str, lines: LabelLines, problem: tuple[Issue, ...], rules: LabelRules
) -> Inspection:
    line_issues = [
        Issue(line_issue.kind, Location(label, line_issue.line), line_issue.message, image)
        for line_issue in lines.issues
    ]
    if not len(lines.rows) and not line_issues:
        empty = Issue("empty-label-file", Location(label), "", image)
        return Inspection(image, label, "empty", not problem, issues=(*problem, empty))
    bad = issue_masks(lines.rows, rules)
    taken = bad if lines.read is lines.rows else dropped(lines.read, rules.limits)
    issues = (
        *problem,
        *line_issues,
        *_row_issues(image, label, lines, bad, rules),
        *_overfull(image, label, lines, rules),
    )
    trained = lines.read[~any_reason(taken)]
    return Inspection(
        image, label, "labelled", not problem, lines.rows, lines.numbers, trained, issues
    )


def issue_masks(rows: LabelTable, rules: LabelRules) -> dict[str, Mask]:
    """Kind of issue -> (K,) which of the labels (K, 5) it is about."""
    bad = dropped(rows, rules.limits)
    unusable = bad["not-finite"] | bad["no-size"] | bad["outside"]
    low, high = edges(rows)
    within = ((low >= -EDGE) & (high <= 1 + EDGE)).all(axis=1)
    crossing = {"crossing": ~unusable & ~within}
    tiny = {"tiny": bad.pop("tiny")}
    return {**bad, **crossing, **tiny, "duplicate": _repeated(rows)}


def _repeated(rows: LabelTable) -> Mask:
    """Which rows have stood in the file before."""
    seen: set[tuple[float, ...]] = set()
    repeated = np.zeros(len(rows), np.bool_)
    for number, row in enumerate(map(tuple, rows.tolist())):
        repeated[number] = row in seen
        seen.add(row)
    return repeated


def _row_issues(
    image: str, label: str, lines: LabelLines, bad: dict[str, Mask], rules: LabelRules
) -> Iterator[Issue]:
    for kind, mask in bad.items():
        for number in np.flatnonzero(mask).tolist() if mask.any() else ():
            location = Location(label, int(lines.numbers[number]))
            message = _message(kind, lines.rows[number].tolist(), rules)
            yield Issue(kind, location, message, image)


def _message(kind: str, row: list[float], rules: LabelRules) -> str:
    class_id, x, y, w, h = row
    box = f"x={x:g} y={y:g} w={w:g} h={h:g}"
    if kind == "class-range":
        known = f", expected 0 to {rules.classes - 1}" if rules.classes else ", expected 0 or more"
        return f"class {class_id:.0f}{known}"
    if kind == "tiny" and rules.fork.samples.drops_under_a_pixel:
        return f"{box}: {w * rules.width:.2g} x {h * rules.height:.2g} pixels of the network"
    if kind == "outside" and max(x, y, w, h) > RELATIVE:
        return f"{box}: are these pixels? divide by the image's width and height"
    if kind == "duplicate":
        return f"class {class_id:.0f} {box}"
    return box


def _overfull(image: str, label: str, lines: LabelLines, rules: LabelRules) -> Iterator[Issue]:
    count = len(lines.read)
    if rules.most_labels and count > rules.most_labels:
        yield Issue("overfull", Location(label), f"{count} labels, max={rules.most_labels}", image)
