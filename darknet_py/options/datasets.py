"""The options of commands that look at a cfg, its weights or a data set."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.options.flag import MOST_WORKERS, flag, seed_flag
from darknet_py.options.model import CfgOptions, ForkOptions, ImageOptions, SizeOptions

LAYOUTS = (
    *("cvat", "roboflow", "ultralytics", "label-studio", "label-studio-json", "coco", "voc"),
    "open-images",
)
"""What `data import` reads; `interchange/layouts.py` has who does."""
PLACES = ("copy", "link")
"""How a file gets to a second place; `files.PLACE_BY` has what does it."""
MOST_DRAWN = 8192
"""Pixels of the side of a drawn image."""
STRICT = "Treat warnings as errors."


@dataclass(frozen=True, kw_only=True)
class SummaryOptions(CfgOptions):
    """The options of `summary`."""

    strict: bool = flag(False, STRICT)


@dataclass(frozen=True, kw_only=True)
class CheckOptions(ImageOptions, SizeOptions):
    """The options of `check`; all but strict, fork and size are for data sets.

    quick: images are not decoded. findings: of each kind how many are printed. report, page:
    files to write, none when None. workers: threads, None for one on each processor.
    """

    strict: bool = flag(False, STRICT)
    quick: bool = flag(False, "DATA: read only the first bytes of images.")
    findings: int = flag(5, "DATA: how many issues of each kind to print.", least=0)
    report: str | None = flag(
        None, "DATA: write the issues, up to 1000 of each kind, as .txt or .json.", metavar="FILE"
    )
    page: str | None = flag(
        None, "DATA: draw the faulty images on a page, a .jpg or .png.", metavar="FILE"
    )
    workers: int | None = flag(
        None, "DATA: threads (default: one per processor).", least=1, most=MOST_WORKERS
    )


@dataclass(frozen=True, kw_only=True)
class SheetOptions(CfgOptions, ImageOptions):
    """The options of `data sheet`."""

    data: str
    out: str
    images: int = flag(16, "Number of samples.", least=1, most=400)
    first: int = flag(0, "Number of the first sample, counted from 0.", least=0)
    seed: int = seed_flag("Seed of the training.")


@dataclass(frozen=True, kw_only=True)
class DrawnOptions:
    """What all that draws shapes can be told; width and height of an image in pixels."""

    out: str
    seed: int = seed_flag("Same seed, same images.")
    width: int = flag(416, "Width of the images in pixels.", least=32, most=MOST_DRAWN)
    height: int = flag(416, "Height of the images in pixels.", least=32, most=MOST_DRAWN)


@dataclass(frozen=True, kw_only=True)
class ShapesVideoOptions(DrawnOptions):
    """The options of `data video`."""

    frames: int = flag(120, "How many frames.", least=1, most=1_000_000)
    fps: float = flag(25.0, "Frames a second.", least=1, most=240)


@dataclass(frozen=True, kw_only=True)
class ShapesOptions(DrawnOptions):
    """The options of `data shapes`."""

    images: int
    smallest: float = flag(18, "Minimum radius of a shape in pixels.", least=4)
    visible: float = flag(
        0.75, "Minimum share of a shape that is not hidden by others.", least=0, most=1
    )
    valid_every: int = flag(10, "Every Nth image is for validation; 1: all.", least=1)


@dataclass(frozen=True, kw_only=True)
class DataImportOptions:
    """The options of `data import`. path: a folder, a zip, or a file of annotations."""

    path: str
    out: str | None = flag(
        None,
        "New folder for the data set (default: NAME-darknet in the working folder).",
        "-o",
        "--out",
        metavar="FOLDER",
    )
    layout: str | None = flag(
        None, "What PATH is (default: what its files look like).", choices=LAYOUTS
    )
    images: str | None = flag(
        None, "Where the images are, if not in PATH: a folder or a zip.", metavar="FOLDER"
    )
    names: str | None = flag(
        None, "Class names in their order, one per line (default: PATH's).", metavar="FILE"
    )
    polygons: bool = flag(False, "Take the boxes around polygons and rotated boxes.")
    difficult: bool = flag(False, "Keep objects marked as crowd, group or difficult.")
    place: str = flag(
        "copy", "How images of a folder get to OUT: copied, or as links.", choices=PLACES
    )


@dataclass(frozen=True, kw_only=True)
class DataExportOptions(ImageOptions):
    """The options of `data export`."""

    data: str
    out: str = flag("exported", "New folder for the data set.", "-o", "--out", metavar="FOLDER")
    format: str = flag("coco", "What is written.", choices=("coco", "voc"))
    place: str = flag(
        "copy",
        "How images get to OUT: copied, as links, or not at all.",
        choices=(*PLACES, "none"),
    )


@dataclass(frozen=True, kw_only=True)
class DataSplitOptions(ForkOptions):
    """The options of `data split`."""

    data: str
    out: str = flag("split", "New folder for the lists.", "-o", "--out", metavar="FOLDER")
    valid: float = flag(0.2, "Share of the images for valid=.", least=0, most=1)
    test: float = flag(0.0, "Share of the images for test=.", least=0, most=1)
    seed: int = seed_flag("Same seed, same lists.")
    group: str | None = flag(
        None,
        "What images have in common that stay together: 'folder', or a regular expression whose "
        "first group is looked for in their paths.",
        metavar="RULE",
    )
