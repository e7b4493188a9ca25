"""Where the label file of an image lies: the path rules of both forks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from darknet_py.forks import ALEXEYAB, Fork

FOLDERS = tuple(
    (separator.join(("", *old, "")), separator.join(("", *new, "")))
    for separator in ("/", "\\")
    for old, new in (
        (("images", "train2017"), ("labels", "train2017")),
        (("images", "val2017"), ("labels", "val2017")),
        (("images", "train2014"), ("labels", "train2014")),
        (("images", "val2014"), ("labels", "val2014")),
        (("JPEGImages",), ("labels",)),
    )
)
FOLDER_RULE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".ppm", ".tiff")
SUFFIXES = tuple((suffix, ".txt") for suffix in (".jpg", ".png", ".JPG", ".JPEG"))
WORDS = (*((word, "labels") for word in ("images", "JPEGImages", "raw")), *SUFFIXES)
MASK_WORDS = (("images", "mask"), ("JPEGImages", "mask"), *SUFFIXES)
TAG_WORDS = (("images", "labels"), *SUFFIXES)
NUMBER_WORDS = (
    ("images", "labels"),
    ("JPEGImages", "labels"),
    *((suffix, ".txt") for suffix in (".BMP", ".JPEG", ".JPG", ".JPeG", ".Jpeg", ".PNG", ".TIF")),
    *((suffix, ".txt") for suffix in (".bmp", ".jpeg", ".jpg", ".png", ".tif")),
)


def label_path(image: str, fork: Fork = ALEXEYAB) -> Path:
    """The label file of an image, by the fork's `label_rule`.

    A suffix the fork has no rule for stays before .txt (a.webp: a.webp.txt); the C
    programs would take the image itself for its label file.
    """
    return Path(RULES[fork.samples.label_rule](image.strip()))


def mask_path(image: str) -> Path:
    """The file with the masks of an image, as pjreddie's segmenters look for it.

    That of a PNG, for which C has no rule and which it would read as its own masks, ends in .txt.
    """
    return Path(_replaced(image.strip(), MASK_WORDS))


def number_path(image: str) -> Path:
    """The file with the numbers that a regressor learns of an image."""
    return Path(_replaced(image.strip(), NUMBER_WORDS))


def tag_path(image: str) -> Path:
    """The file with the tags of an image, the numbers of its classes."""
    return Path(_replaced(image.strip(), TAG_WORDS))


def _by_folders(path: str) -> str:
    for old, new in FOLDERS:
        path = path.replace(old, new, 1)
    stem, dot, suffix = path.rpartition(".")
    known = dot and "." + suffix.lower() in FOLDER_RULE_SUFFIXES
    return f"{stem}.txt" if known else f"{path}.txt"


def _by_words(path: str) -> str:
    return _replaced(path, WORDS)


def _replaced(path: str, words: Iterable[tuple[str, str]]) -> str:
    for old, new in words:
        path = path.replace(old, new, 1)
    return path if path.endswith(".txt") else f"{path}.txt"


RULES: dict[str, Callable[[str], str]] = {"folders": _by_folders, "words": _by_words}
