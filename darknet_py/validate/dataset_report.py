"""A whole data set looked through: its train and valid lists, image by image."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from darknet_py.cfg.datafile import DataFile, read_names
from darknet_py.data.label_paths import label_path
from darknet_py.data.listing import read_list
from darknet_py.errors import DataError, Location
from darknet_py.forks import Fork
from darknet_py.parallel import ordered_map
from darknet_py.system import processors
from darknet_py.validate.inspection import Inspection, LabelRules, inspect_image
from darknet_py.validate.issues import Issue, Issues

LISTS = ("train", "valid")
TOGETHER = 16
"""Images a thread looks at in one go."""
ENOUGH_BOXES = 20
"""Boxes from which on `corners` is believed; of good boxes about one in seven would look so."""

Follow = Callable[[Iterable[Inspection], int, str], Iterable[Inspection]]


@dataclass
class SplitCounts:
    """What one list of a data set holds.

    states: images by the state of their label file. labels: lines that are labels; boxes: those
    of them that are trained on; per_class, images_per_class: boxes and images by class.
    cornered: labels whose w and h are larger than x and y.
    """

    name: str
    path: str
    images: int = 0
    unreadable: int = 0
    labels: int = 0
    boxes: int = 0
    cornered: int = 0
    states: Counter[str] = field(default_factory=Counter)
    per_class: Counter[int] = field(default_factory=Counter)
    images_per_class: Counter[int] = field(default_factory=Counter)

    def add(self, inspection: Inspection) -> None:
        """Count one image."""
        self.images += 1
        self.unreadable += not inspection.readable
        self.states[inspection.state] += 1
        self.labels += len(inspection.rows)
        self.boxes += len(inspection.trained)
        self.cornered += int((inspection.rows[:, 3:] > inspection.rows[:, 1:3]).all(axis=1).sum())
        classes = [int(number) for number in inspection.trained[:, 0].tolist()]
        self.per_class.update(classes)
        self.images_per_class.update(set(classes))


@dataclass(frozen=True)
class DatasetReport:
    """What the lists of a data set hold, and all that is wrong with it."""

    path: str
    rules: LabelRules
    names: tuple[str, ...]
    splits: tuple[SplitCounts, ...]
    issues: Issues

    @property
    def classes(self) -> list[int]:
        """The classes of the data set, and any others that labels have."""
        met = {number for split in self.splits for number in split.per_class}
        return sorted({*range(max(self.rules.classes, len(self.names))), *met})

    def name(self, number: int) -> str:
        return self.names[number] if 0 <= number < len(self.names) else ""


def inspect_dataset(
    data: DataFile,
    rules: LabelRules,
    issues: Issues,
    decode: bool = True,
    workers: int | None = None,
    follow: Follow = lambda items, total, label: items,
) -> DatasetReport:
    """Look through the lists of a .data file.

    rules: what labels are checked by. issues: where to collect them. workers: threads, by
    default one for each processor. follow: passes the inspections on and may show how many.
    """
    names = _names(data)
    rules = replace(rules, classes=rules.classes or len(names))
    workers = workers or processors()
    lists = dict(_lists(data, issues))
    splits: list[SplitCounts] = []
    for name, (path, images) in lists.items():
        if splits and os.path.samefile(path, splits[0].path):
            splits.append(replace(splits[0], name=name))
            continue
        splits.append(SplitCounts(name, path))
        for inspection in follow(_inspected(images, rules, decode, workers), len(images), name):
            splits[-1].add(inspection)
            issues.add(inspection.issues)
        issues.add(_of_list(splits[-1], images, rules.fork))
    if len(lists) == len(LISTS):
        issues.add(_overlap(*lists.values()))
    issues.add(_unlabelled(splits, issues))
    issues.add(_without_example(splits, rules, names))
    return DatasetReport(data.path, rules, names, tuple(splits), issues)


def _lists(data: DataFile, issues: Issues) -> Iterator[tuple[str, tuple[str, list[str]]]]:
    """List -> its path and images; one that is not there is said by the light check."""
    for name in LISTS:
        file = data.file(name)
        if file is None or not file.exists():
            continue
        try:
            yield name, (os.fspath(file), read_list(file))
        except DataError as error:
            message = error.message.removeprefix(f"{file}: ")
            issues.add([Issue("unusable-list", Location(os.fspath(file)), message)])


def _names(data: DataFile) -> tuple[str, ...]:
    file = data.file("names")
    try:
        return tuple(read_names(file)) if file is not None else ()
    except DataError:  # said by the light check
        return ()


def _inspected(
    images: Sequence[str], rules: LabelRules, decode: bool, workers: int
) -> Iterator[Inspection]:
    def look(some: Sequence[str]) -> list[Inspection]:
        return [inspect_image(image, rules, decode) for image in some]

    parts = [images[at : at + TOGETHER] for at in range(0, len(images), TOGETHER)]
    for inspections in ordered_map(look, parts, workers, 2 * workers):
        yield from inspections


def _of_list(split: SplitCounts, images: Sequence[str], fork: Fork) -> Iterator[Issue]:
    yield from _repeats(split.path, images)
    yield from _shared_labels(split.path, list(dict.fromkeys(images)), fork)
    if split.cornered == split.labels >= ENOUGH_BOXES:
        message = f"w > x and h > y in all {split.labels} labels of {split.name}"
        yield Issue("corners", Location(split.path), message)


def _unlabelled(splits: Sequence[SplitCounts], issues: Issues) -> Iterator[Issue]:
    """Lists without a label, unless it is known where their labels are."""
    for split in splits:
        if not split.states["labelled"] and not issues.counts["label-elsewhere"]:
            message = f"none of the {split.images} images of {split.name} has a label"
            yield Issue("no-label", Location(split.path), message)


def _repeats(path: str, images: Sequence[str]) -> Iterator[Issue]:
    if len(set(images)) < len(images):
        for image, count in Counter(images).items():
            if count > 1:
                yield Issue("listed-twice", Location(path), f"{image}: {count} times", image)


def _shared_labels(path: str, images: Sequence[str], fork: Fork) -> Iterator[Issue]:
    """Images that differ in their suffix only; without these the paths need not be made."""
    if len({os.path.splitext(image)[0] for image in images}) == len(images):
        return
    first: dict[str, str] = {}
    for image in images:
        label = os.fspath(label_path(image, fork))
        other = first.setdefault(label, image)
        if other is not image:
            yield Issue("shared-label", Location(path), f"{label} of {other} and {image}", image)


def _overlap(train: tuple[str, list[str]], valid: tuple[str, list[str]]) -> Iterator[Issue]:
    location = Location(valid[0])
    if os.path.samefile(train[0], valid[0]):
        yield Issue("overlap", location, "train= and valid= name the same list")
        return
    seen = set(map(os.path.abspath, train[1]))
    for image in valid[1]:
        if os.path.abspath(image) in seen:
            yield Issue("overlap", location, f"{image} is in {train[0]}, too", image)


def _without_example(
    splits: Sequence[SplitCounts], rules: LabelRules, names: Sequence[str]
) -> Iterator[Issue]:
    train = next((split for split in splits if split.name == "train"), None)
    if train is None or not train.boxes:
        return
    for number in range(rules.classes):
        if not train.per_class[number]:
            name = f" {names[number]}" if number < len(names) else ""
            yield Issue("no-example", Location(train.path), f"class {number}{name}")
