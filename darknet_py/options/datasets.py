"""The options of commands that look at a cfg, its weights or a data set."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.options.flag import MOST_WORKERS, flag, seed_flag
from darknet_py.options.model import CfgOptions, ImageOptions, SizeOptions

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
