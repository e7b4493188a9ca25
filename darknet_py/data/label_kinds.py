"""Classes of training images that no words in their paths tell: tags, and numbers of no meaning."""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass
from typing import ClassVar

from darknet_py.cfg.datafile import DataFile
from darknet_py.data.class_labels import ClassLabels, read_class_labels
from darknet_py.data.label_paths import tag_path
from darknet_py.data.labels import is_integer
from darknet_py.errors import DataError, Location
from darknet_py.layers.tree import Tree
from darknet_py.network.graph import Graph

MOST_BYTES = 1 << 20
"""Of a file with the tags of one image."""


@dataclass(frozen=True)
class NumberedPaths(ClassLabels):
    """unsupervised=1: every path is a class of its own, as far as their number goes.

    Darknet takes the place of the path in memory, here it is a hash of it, so that runs repeat.
    """

    def matches(self, path: str) -> list[int]:
        return [zlib.crc32(os.fsencode(path)) % len(self.words)]


@dataclass(frozen=True)
class Tags(ClassLabels):
    """tag=1: an image has any number of classes, whose numbers are in a file beside it."""

    UNCLEAR: ClassVar[str] = "have no tag"

    def matches(self, path: str) -> list[int]:
        """As in C the file is read as far as whole numbers go; none means no tags.

        Raises DataError for a file that is there and cannot be opened.
        """
        file = tag_path(path)
        try:
            with file.open("rb") as stream:
                words = stream.read(MOST_BYTES).split()
        except (FileNotFoundError, NotADirectoryError):
            return []
        except (OSError, ValueError) as failure:
            message = f"cannot be read: {getattr(failure, 'strerror', None) or failure}"
            raise DataError(message, Location(str(file))) from None
        whole = next((n for n, word in enumerate(words) if not is_integer(word)), len(words))
        known = range(len(self.words))
        return sorted({number for number in map(int, words[:whole]) if number in known})

    def unclear(self, path: str) -> str | None:
        if self.matches(path):
            return None
        return f"{path}: no class from 0 to {len(self.words) - 1} in {tag_path(path)}"

    def hopeless(self, key: str, path: str) -> str:
        message = f"no image of {key}= has a tag, such as {path}; their files, such as"
        return f"{message} {tag_path(path)}, hold the numbers of their classes"


def training_labels(graph: Graph, data: DataFile, tree: Tree | None) -> ClassLabels:
    """What tells the classes of the training images of a .data file.

    Raises DataError as `read_class_labels` does.
    """
    rules = graph.fork.samples
    if rules.tags and data.integer("tag", 0):
        return Tags(_numbers(data))
    if rules.pairs and graph.net.unsupervised:
        return NumberedPaths(_numbers(data))
    smoothing = graph.net.label_smooth_eps if rules.label_smoothing else 0.0
    return read_class_labels(data, tree, smoothing)


def _numbers(data: DataFile) -> tuple[str, ...]:
    """The classes by their numbers. Raises DataError without any."""
    classes = data.integer("classes", 2)
    if classes < 1:
        raise DataError(f"read {classes}, expected 1 or more", data.location("classes"))
    return tuple(map(str, range(classes)))
