"""The class of an image, told by its path, as Darknet's classifiers learn it."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from darknet_py.cfg.datafile import DataFile
from darknet_py.cfg.names import read_names
from darknet_py.errors import DataError, Location
from darknet_py.layers.tree import UNKNOWN, Tree, read_tree_file

logger = logging.getLogger(__name__)

Floats = NDArray[np.float32]

DEFAULT_LABELS = "data/labels.list"


@dataclass(frozen=True)
class ClassLabels:
    """An image belongs to the classes whose word is a part of its path.

    words: one for each class. tree: a class hierarchy, whose nodes are the classes. smoothing:
    how much of the label is spread over the other classes (label_smooth_eps). UNCLEAR: what is said
    of images that `unclear` tells of.
    """

    UNCLEAR: ClassVar[str] = "have not just one label"

    words: tuple[str, ...]
    tree: Tree | None = None
    smoothing: float = 0.0

    def matches(self, path: str) -> list[int]:
        """The classes of an image, in order; both programs expect just one."""
        return [number for number, word in enumerate(self.words) if word in path]

    def truth(self, path: str) -> Floats:
        """The truth array of an image, what the network should answer, float32 (classes,).

        With a tree all ancestors of the class are right too, and UNKNOWN marks groups of siblings
        none of which is.
        """
        own = np.zeros(len(self.words), np.bool_)
        own[self.matches(path)] = True
        if self.tree:
            own = self._with_ancestors(self.tree, own)
        right, wrong = 1 - self.smoothing, self.smoothing / np.maximum(1, self._siblings - 1)
        # A class without siblings is right whenever its parent is: nothing is spread.
        truth = np.where(own, np.where(self._siblings > 1, right, 1), wrong)
        if self.tree:
            known = np.bincount(self._groups, own)[self._groups] > 0
            truth = np.where(known, truth, UNKNOWN)
        return truth.astype(np.float32)

    def unclear(self, path: str) -> str | None:
        """What Darknet warns of: an image that has not just one class; None when all is well."""
        matches = self.matches(path)
        if len(matches) == 1:
            return None
        words = ", ".join(f"'{self.words[number]}'" for number in matches[:5])
        return f"{path}: " + (
            f"{len(matches)} labels match: {words}" if matches else "no label matches"
        )

    def hopeless(self, key: str, path: str) -> str:
        """That none of the images of a key of the .data file has a class, the first being `path`,
        and what to do."""
        message = f"no label is a part of any path of {key}=, such as {path}"
        return f"{message}; correct labels= or {key}="

    @cached_property
    def _groups(self) -> NDArray[np.int64]:
        """The group of siblings of each class."""
        return np.array(self.tree.group_of if self.tree else [0] * len(self.words), np.int64)

    @cached_property
    def _siblings(self) -> NDArray[np.int64]:
        """Size of each class's group."""
        return np.bincount(self._groups)[self._groups]

    @staticmethod
    def _with_ancestors(tree: Tree, own: NDArray[np.bool_]) -> NDArray[np.bool_]:
        # AlexeyAB's program starts from the smoothed labels, none of which is 0, and so takes
        # every inner node for an ancestor; here only the classes of the image count.
        parents = np.array(tree.parents)
        reached = np.flatnonzero(own)
        while len(reached):
            reached = np.unique(parents[reached])
            reached = reached[reached >= 0]
            own[reached] = True
        return own


def read_class_labels(data: DataFile, tree: Tree | None, smoothing: float = 0.0) -> ClassLabels:
    """The first `classes` words of the `labels` file of a .data file.

    tree: that of the network; a `tree` in the .data file comes first, as in pjreddie's program.
    Raises DataError for missing, too few or empty words, and for a tree of another size.
    """
    path = data.file("labels")
    if path is None and not os.path.exists(DEFAULT_LABELS):
        cure = "name a file with a part of the paths of its images for each class, one a line"
        message = f"has no labels=, and there is no {DEFAULT_LABELS}"
        raise DataError(f"{message}; {cure}", Location(data.path))
    file = DEFAULT_LABELS if path is None else os.fspath(path)
    classes = data.integer("classes", 2)
    words = read_names(file, paths=True)
    if not 1 <= classes <= len(words):
        message = f"has {len(words)} labels, but {data.path} says classes={classes}"
        raise DataError(f"{message} (2 where it says nothing)", Location(file))
    if "" in (kept := [word.rstrip("\r") for word in words[:classes]]):
        message = "is empty, and would match every path; write a part of the paths of its class"
        raise DataError(message, Location(file, kept.index("") + 1))
    if len(words) > classes:
        said = f"{data.path} says classes={classes} (2 where it says nothing)"
        logger.warning("%s: has %d labels, %s; the rest is not used", file, len(words), said)
    own = data.file("tree")
    tree = read_tree_file(os.fspath(own)) if own else tree
    if tree and len(tree.names) != classes:
        message = f"has {classes} labels, the tree has {len(tree.names)} nodes; they must agree"
        raise DataError(message, Location(file))
    return ClassLabels(tuple(kept), tree, smoothing)
