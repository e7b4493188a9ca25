"""Which file of a data set is meant by the name that an annotation gives.

Lists and annotations keep the paths of the machine they were written on (CVAT's begin with
`data/obj_train_data`, Roboflow's with `../train/images`, others with a whole path of somebody's
disk), so that what counts is how far the end of a path agrees.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from darknet_py.images.image_paths import IMAGE_SUFFIXES
from darknet_py.interchange.file_tree import FileTree, StoredFile

Parts = tuple[str, ...]


def parts_of(path: str) -> Parts:
    """The parts of a path of any system, without those that name no file."""
    slashed = path.replace("\\", "/")
    return tuple(part for part in slashed.split("/") if part not in ("", ".", ".."))


def is_image(name: str) -> bool:
    """Whether its suffix is that of an image."""
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES


def stem_of(name: str) -> str:
    """Its last part, without the suffix of an image or a text."""
    base = name[name.rfind("/") + 1 :]
    stem, suffix = os.path.splitext(base)
    return stem if suffix.lower() in IMAGE_SUFFIXES | {".txt", ".xml"} else base


class FileFinder:
    """Finds files by the ends of their paths; case counts only where it tells two apart."""

    def __init__(self, trees: Iterable[FileTree], images: bool) -> None:
        """images: whether it is these that are looked for, or all other files.

        Of a file that several trees have that of the first is taken.
        """
        self.files = [
            StoredFile(tree, name)
            for tree in trees
            for name in tree.names
            if is_image(name) == images
        ]
        self._by_base: dict[str, list[StoredFile]] = {}
        self._by_folder: dict[Parts, list[StoredFile]] = {}
        self._by_stem: dict[str, list[StoredFile]] = {}
        for file in self.files:
            self._by_base.setdefault(file.base.lower(), []).append(file)
            self._by_folder.setdefault(_last_two(parts_of(file.name)), []).append(file)
            self._by_stem.setdefault(stem_of(file.name).lower(), []).append(file)

    def find(self, path: str) -> list[StoredFile]:
        """The files that agree best with a path: none, the one that is meant, or several."""
        parts = parts_of(path)
        if not parts:
            return []
        # Frames of videos have the same names in each of thousands of folders.
        near = self._by_folder.get(_last_two(parts)) if len(parts) > 1 else None
        return _best(near or self._by_base.get(parts[-1].lower(), []), parts)

    def find_stem(self, path: str) -> list[StoredFile]:
        """The same where the suffix may be another, or missing."""
        parts = parts_of(path)
        if not parts:
            return []
        return self.find(path) or _best(self._by_stem.get(stem_of(parts[-1]).lower(), []), parts)

    def find_whole(self, path: str) -> StoredFile | None:
        """The file whose whole name the path ends with, or the other way round; None for none."""
        found = self.find(path)
        if len(found) != 1:
            return None
        name, parts = parts_of(found[0].name), parts_of(path)
        shorter = min(len(name), len(parts))
        folders = zip(name[-shorter:-1], parts[-shorter:-1], strict=True)
        return found[0] if all(one == other for one, other in folders) else None


def _last_two(parts: Parts) -> Parts:
    return *parts[-2:-1], parts[-1].lower()


def _best(files: list[StoredFile], parts: Parts) -> list[StoredFile]:
    if len(files) < 2:
        return files
    scores = [_agreement(parts_of(file.name), parts) for file in files]
    best = [file for file, score in zip(files, scores, strict=True) if score == max(scores)]
    return best[:1] if all(file.name == best[0].name for file in best) else best


def _agreement(name: Parts, path: Parts) -> tuple[int, bool]:
    """How many folders at the end are the same, and whether the file's name is, to the letter."""
    count = 0
    for one, other in zip(reversed(name[:-1]), reversed(path[:-1]), strict=False):
        if one != other:
            break
        count += 1
    return count, name[-1] == path[-1]
