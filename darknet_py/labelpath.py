"""Where the label file of a picture lies: the path rules of both forks."""

from __future__ import annotations

from pathlib import Path

ALEXEYAB_FOLDERS = ("train2017", "val2017", "train2014", "val2014")
ALEXEYAB_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".ppm", ".tiff")


def label_path(image: str) -> Path:
    """AlexeyAB's rule: /images/val2017/ and /JPEGImages/ become labels, the suffix .txt.

    Any other folder keeps its name: labels lie beside the pictures.
    """
    path = image.strip()
    for separator in ("/", "\\"):
        for folder in ALEXEYAB_FOLDERS:
            old = separator.join(("", "images", folder, ""))
            path = path.replace(old, separator.join(("", "labels", folder, "")), 1)
        old = separator.join(("", "JPEGImages", ""))
        path = path.replace(old, separator.join(("", "labels", "")), 1)
    stem, dot, suffix = path.rpartition(".")
    return Path(
        stem + ".txt" if dot and "." + suffix.lower() in ALEXEYAB_SUFFIXES else path + ".txt"
    )
