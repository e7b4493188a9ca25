"""A whole data set looked through: its train and valid lists, image by image."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from darknet_py.cfg.datafile import DataFile
from darknet_py.cfg.names import read_names
from darknet_py.data.label_paths import label_path
from darknet_py.data.listing import read_list
from darknet_py.errors import DataError, Location
from darknet_py.forks import Fork
from darknet_py.parallel import ordered_map
from darknet_py.system import processors
from darknet_py.validate.inspection import Frame, Inspection, inspect
from darknet_py.validate.issues import Finding, Findings

LISTS = ("train", "valid")
TOGETHER = 16
"""Images a thread looks at in one go."""
ENOUGH_BOXES = 20
"""Boxes from which on `corners` is believed; of good boxes about one in seven would look so."""

Follow = Callable[[Iterable[Inspection], int, str], Iterable[Inspection]]


@dataclass
class Tally:
    """What one list holds.

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

    def add(self, found: Inspection) -> None:
        """Count one image."""
        self.images += 1
        self.unreadable += not found.readable
        self.states[found.state] += 1
        self.labels += len(found.rows)
        self.boxes += len(found.trained)
        self.cornered += int((found.rows[:, 3:] > found.rows[:, 1:3]).all(axis=1).sum())
        classes = [int(number) for number in found.trained[:, 0].tolist()]
        self.per_class.update(classes)
        self.images_per_class.update(set(classes))


@dataclass(frozen=True)
class Survey:
    """The tallies of a data set's lists, and all that is wrong with it."""

    path: str
    frame: Frame
    names: tuple[str, ...]
    tallies: tuple[Tally, ...]
    findings: Findings

    @property
    def classes(self) -> list[int]:
        """The classes of the data set, and any others that labels have."""
        met = {number for tally in self.tallies for number in tally.per_class}
        return sorted({*range(max(self.frame.classes, len(self.names))), *met})

    def name(self, number: int) -> str:
        return self.names[number] if 0 <= number < len(self.names) else ""


def survey(
    data: DataFile,
    frame: Frame,
    findings: Findings,
    decode: bool = True,
    workers: int | None = None,
    follow: Follow = lambda items, total, label: items,
) -> Survey:
    """Look through the lists of a .data file.

    frame: what labels are measured by. findings: where to collect them. workers: threads, by
    default one for each processor. follow: passes the inspections on and may show how many.
    """
    names = _names(data)
    frame = replace(frame, classes=frame.classes or len(names))
    workers = workers or processors()
    lists = dict(_lists(data, findings))
    tallies: list[Tally] = []
    for name, (path, images) in lists.items():
        if tallies and os.path.samefile(path, tallies[0].path):
            tallies.append(replace(tallies[0], name=name))
            continue
        tallies.append(Tally(name, path))
        for found in follow(_inspected(images, frame, decode, workers), len(images), name):
            tallies[-1].add(found)
            findings.add(found.findings)
        findings.add(_of_list(tallies[-1], images, frame.fork))
    if len(lists) == len(LISTS):
        findings.add(_overlap(*lists.values()))
    findings.add(_unlabelled(tallies, findings))
    findings.add(_without_example(tallies, frame, names))
    return Survey(data.path, frame, names, tuple(tallies), findings)


def _lists(data: DataFile, findings: Findings) -> Iterator[tuple[str, tuple[str, list[str]]]]:
    """List -> its path and images; one that is not there is said by the light check."""
    for name in LISTS:
        file = data.file(name)
        if file is None or not file.exists():
            continue
        try:
            yield name, (os.fspath(file), read_list(file))
        except DataError as error:
            message = error.message.removeprefix(f"{file}: ")
            findings.add([Finding("unusable-list", Location(os.fspath(file)), message)])


def _names(data: DataFile) -> tuple[str, ...]:
    file = data.file("names")
    try:
        return tuple(read_names(file)) if file is not None else ()
    except DataError:  # said by the light check
        return ()


def _inspected(
    images: Sequence[str], frame: Frame, decode: bool, workers: int
) -> Iterator[Inspection]:
    def look(some: Sequence[str]) -> list[Inspection]:
        return [inspect(image, frame, decode) for image in some]

    parts = [images[at : at + TOGETHER] for at in range(0, len(images), TOGETHER)]
    for found in ordered_map(look, parts, workers, 2 * workers):
        yield from found


def _of_list(tally: Tally, images: Sequence[str], fork: Fork) -> Iterator[Finding]:
    yield from _repeats(tally.path, images)
    yield from _shared_labels(tally.path, list(dict.fromkeys(images)), fork)
    if tally.cornered == tally.labels >= ENOUGH_BOXES:
        message = f"w > x and h > y in all {tally.labels} labels of {tally.name}"
        yield Finding("corners", Location(tally.path), message)


def _unlabelled(tallies: Sequence[Tally], findings: Findings) -> Iterator[Finding]:
    """Lists without a label, unless it is known where their labels are."""
    for tally in tallies:
        if not tally.states["labelled"] and not findings.counts["label-elsewhere"]:
            message = f"none of the {tally.images} images of {tally.name} has a label"
            yield Finding("no-label", Location(tally.path), message)


def _repeats(path: str, images: Sequence[str]) -> Iterator[Finding]:
    if len(set(images)) < len(images):
        for image, count in Counter(images).items():
            if count > 1:
                yield Finding("listed-twice", Location(path), f"{image}: {count} times", image)


def _shared_labels(path: str, images: Sequence[str], fork: Fork) -> Iterator[Finding]:
    """Images that differ in their suffix only; without these the paths need not be made."""
    if len({os.path.splitext(image)[0] for image in images}) == len(images):
        return
    first: dict[str, str] = {}
    for image in images:
        label = os.fspath(label_path(image, fork))
        other = first.setdefault(label, image)
        if other is not image:
            yield Finding("shared-label", Location(path), f"{label} of {other} and {image}", image)


def _overlap(train: tuple[str, list[str]], valid: tuple[str, list[str]]) -> Iterator[Finding]:
    location = Location(valid[0])
    if os.path.samefile(train[0], valid[0]):
        yield Finding("overlap", location, "train= and valid= name the same list")
        return
    seen = set(map(os.path.abspath, train[1]))
    for image in valid[1]:
        if os.path.abspath(image) in seen:
            yield Finding("overlap", location, f"{image} is in {train[0]}, too", image)


def _without_example(
    tallies: Sequence[Tally], frame: Frame, names: Sequence[str]
) -> Iterator[Finding]:
    train = next((tally for tally in tallies if tally.name == "train"), None)
    if train is None or not train.boxes:
        return
    for number in range(frame.classes):
        if not train.per_class[number]:
            name = f" {names[number]}" if number < len(names) else ""
            yield Finding("no-example", Location(train.path), f"class {number}{name}")
