"""bad.list and bad_label.list: what of a data set AlexeyAB's program cannot use, named in files.

As there the files lie in the working folder and are added to. Here each fault of a run is in them
once, not each time that it is met.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from darknet_py.augment.label_rules import LabelTable, edges, finite, without_box
from darknet_py.errors import OutputError
from darknet_py.files import append, encoded
from darknet_py.network.darknet_lines import Said

logger = logging.getLogger(__name__)
BAD, BAD_LABEL = "bad.list", "bad_label.list"
WHAT = {BAD: "missing or damaged files", BAD_LABEL: "wrong labels"}


class ListedFault(NamedTuple):
    """list: the file that names it; entry: its line there; said: what the C program prints."""

    list: str
    entry: str
    said: Said


def unreadable_image(path: str) -> ListedFault:
    return ListedFault(BAD, path, Said(f"Cannot load image {path}\n", True))


def missing_label_file(path: str) -> ListedFault:
    said = f"Can't open label file. (This can be normal only if you use MSCOCO): {path} \n"
    return ListedFault(BAD, path, Said(said))


def wrong_annotations(labels: LabelTable, path: str, classes: int) -> Iterator[ListedFault]:
    """The labels (K, 5) of a file that training leaves out, but for those that are too small."""
    unknown, whole = labels[:, 0] >= classes, finite(labels)
    low, high = edges(labels)
    outside = without_box(labels) | (high < 0).any(axis=1) | (low > 1).any(axis=1)
    for index in np.flatnonzero(unknown | outside | ~whole).tolist():
        number, x, y, w, h = labels[index].tolist()
        if unknown[index]:
            limit = f"class_id should be [from 0 to {classes - 1}]"
            fault = said = f"class_id = {number:.0f}. But {limit}"
        elif whole[index]:
            fault, said = "x = 0 or y = 0", "x = 0, y = 0, < 0 or > 1"
        else:  # the C program trains on nan
            fault = said = f"x = {x:f}, y = {y:f}, w = {w:f}, h = {h:f}"
        entry = f"{path} Wrong annotation: {fault}"
        said = f"\n Wrong annotation: {said}, file: {path} \n"
        yield ListedFault(BAD_LABEL, entry, Said(said))


def wrong_labels(labels: LabelTable, path: str) -> Iterator[ListedFault]:
    """The labels (K, 5) of a file that calc_anchors complains of: x, y, w, h beyond 0 to 1."""
    box = labels[:, 1:]
    good = ((box > 0) & (box <= 1)).all(axis=1)
    for index in np.flatnonzero(~good).tolist():
        x, y, w, h = box[index].tolist()
        size = f"x = {x:f}, y = {y:f}, width = {w:f}, height = {h:f}"
        entry = f"Wrong label: {path} - j = {index}, {size}"
        yield ListedFault(BAD_LABEL, entry, Said(f"\n\n{entry} \n"))


@dataclass
class BadLists:
    """The faults of a run so far. active: they are listed, as in AlexeyAB's program; pjreddie's
    says nothing. folder: where the files are."""

    active: bool = True
    folder: Path = Path()
    known: set[ListedFault] = field(default_factory=set)

    def add(self, faults: Iterable[ListedFault]) -> list[ListedFault]:
        """Name what is new in the files; returns it. Files that cannot be written are said once."""
        if not self.active:
            return []
        new = [fault for fault in dict.fromkeys(faults) if fault not in self.known]
        self.known.update(new)
        for name in WHAT:
            lines = [f"{fault.entry}\n" for fault in new if fault.list == name]
            if lines and self.active:
                self._append(self.folder / name, "".join(lines))
        return new

    def _append(self, path: Path, text: str) -> None:
        try:
            append(path, encoded(text))
        except OutputError as failure:
            logger.warning("%s", failure)
            self.active = False

    def wrong_label_note(self, new: list[ListedFault]) -> list[str]:
        """A warning where the first wrong label of the run is among these."""
        labels = [fault for fault in new if fault.list == BAD_LABEL]
        if not labels:
            return []
        earlier = sum(fault.list == BAD_LABEL for fault in self.known) - len(labels)
        more = f"(all are named in {self.folder / BAD_LABEL})"
        return [] if earlier else [f"warning: left out: {one.entry} {more}" for one in labels[:1]]

    @property
    def summary(self) -> list[str]:
        """A warning for each file that was written: how much is in it."""
        counts = Counter(fault.list for fault in self.known)
        return [
            f"warning: {counts[name]} {what} are named in {self.folder / name}"
            for name, what in WHAT.items()
            if counts[name] and self.active
        ]
