"""The options of `advise` and `new-cfg`."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.options.flag import MOST_IMAGES, flag, seed_flag
from darknet_py.options.model import DeviceOptions, ImageOptions, SizeOptions


@dataclass(frozen=True, kw_only=True)
class SuitedOptions(ImageOptions, SizeOptions, DeviceOptions):
    """What both are told: the data set, how its images are read, where training will run."""

    data: str
    seed: int = seed_flag("Same seed, same anchors.")


@dataclass(frozen=True, kw_only=True)
class AdviseOptions(SuitedOptions):
    """The options of `advise`. cfg: None for one that is recommended."""

    cfg: str | None = None
    show: str | None = flag(
        None, "Draw the sizes of the objects over the heads' cells.", metavar="FILE.png"
    )


@dataclass(frozen=True, kw_only=True)
class NewCfgOptions(SuitedOptions):
    """The options of `new-cfg`. base: a file, or the name of a network or of a cfg that is shipped.
    out: the file to write."""

    base: str
    out: str
    advise: bool = flag(
        False, "Change what `advise` would: width, height and flip too, anchors if it pays."
    )
    keep_anchors: bool = flag(False, "Keep the anchors and masks of the base.", "--keep-anchors")
    batch: int | None = flag(
        None, "Images of an update (default: the base's, at least 64).", least=1, most=MOST_IMAGES
    )
    subdivisions: int | None = flag(
        None,
        "Parts an update is done in (default: as few as the device's free memory allows).",
        least=1,
        most=MOST_IMAGES,
    )
