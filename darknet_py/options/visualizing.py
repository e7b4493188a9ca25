"""The options of `visualize`, `imtest` and `nightmare`."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.options.flag import flag, seed_flag
from darknet_py.options.model import DeviceOptions, ForkOptions, ImageOptions

MOST_DRAWS = 100


@dataclass(frozen=True, kw_only=True)
class VisualizeOptions(ForkOptions):
    """The options of `visualize`."""

    cfg: str
    weights: str | None = None
    out: str = flag("filters.png", "The picture to write.", "-o", "--out", metavar="FILE")
    layer: int | None = flag(
        None, "All filters and channels of this layer alone, as Darknet draws them.", metavar="N"
    )


@dataclass(frozen=True, kw_only=True)
class ImageTestOptions(ImageOptions):
    """The options of `imtest`."""

    image: str
    out: str = flag("imtest.jpg", "The picture to write.", "-o", "--out", metavar="FILE")
    count: int = flag(4, "Number of random crops and colours to draw.", least=0, most=MOST_DRAWS)
    seed: int = seed_flag("Same seed, same draws.")


@dataclass(frozen=True, kw_only=True)
class NightmareOptions(ImageOptions, DeviceOptions):
    """The options of `nightmare`, with Darknet's defaults."""

    cfg: str
    weights: str
    image: str
    layer: int
    rounds: int = flag(1, "Pictures to write, each from the one before.", least=1)
    iters: int = flag(10, "Steps for each picture.", least=1)
    range: int = flag(1, "Number of layers, around LAYER, to choose from at random.", least=1)
    octaves: int = flag(
        4, "Number of sizes to choose from at random, each 3/4 of the one before.", least=1
    )
    rate: float = flag(0.04, "Length of a step.")
    thresh: float = flag(1.0, "Minimum of an output, in standard deviations above the mean.")
    norm: int = flag(1, "0: steps are not normalised.")
    zoom: float = flag(1.0, "Part of the picture that the next round starts from.", least=0.01)
    rotate: float = flag(0.0, "Angle, in radians, that the picture is turned by after each round.")
    prefix: str | None = flag(None, "Folder to write the pictures to.", metavar="FOLDER")
    reconstruct: bool = flag(False, "Make noise look to the network as the image does.")
    momentum: float = flag(0.9, "Momentum of -reconstruct.")
    smoothing: float = flag(0.01, "Weight of a pixel's neighbours in -reconstruct.", "--lambda")
    neighbours: int = flag(
        1, "Neighbours to each side in -reconstruct.", "--smooth", least=0, most=64
    )
    seed: int = seed_flag("Same seed, same pictures.")
