"""The options of commands that look at a cfg, its weights or a data set."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.options.flag import flag, seed_flag
from darknet_py.options.model import CfgOptions, ImageOptions, SizeOptions

STRICT = "Take warnings as errors."


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
    quick: bool = flag(False, "DATA: look at images' first bytes only.")
    findings: int = flag(5, "DATA: how many of each kind to print.", least=0)
    report: str | None = flag(
        None, "DATA: write the issues, up to 1000 of each kind, as .txt or .json.", metavar="FILE"
    )
    page: str | None = flag(None, "DATA: draw the faulty images on a .jpg or .png.", metavar="FILE")
    workers: int | None = flag(None, "DATA: threads; by default one per processor.", least=1)


@dataclass(frozen=True, kw_only=True)
class SheetOptions(CfgOptions, ImageOptions):
    """The options of `data sheet`."""

    data: str
    out: str
    images: int = flag(16, "How many samples.", least=1, most=400)
    first: int = flag(0, "Number of the first one.", least=0)
    seed: int = seed_flag("That of the training.")


@dataclass(frozen=True, kw_only=True)
class ShapesOptions:
    """The options of `data shapes`; width and height of an image in pixels."""

    out: str
    images: int
    seed: int = seed_flag()
    width: int = flag(416, least=32)
    height: int = flag(416, least=32)
    smallest: float = flag(18, "Least radius of a shape in pixels.", least=4)
    visible: float = flag(
        0.75, "Least part of a shape that those over it leave to be seen.", least=0, most=1
    )
    valid_every: int = flag(10, "Every Nth image is for validation; 1: all.", least=1)
