"""What a classifier's cfg says about the augmentation of its training images."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from darknet_py.augment import mix
from darknet_py.augment.affine import AffineRange
from darknet_py.augment.draws import Pairing, first_of_pair
from darknet_py.augment.mix_coin import MixCoin
from darknet_py.augment.option_limits import IMAGE_CHANNELS, Limit, check_options
from darknet_py.errors import BadOption
from darknet_py.layers.net import Net
from darknet_py.network.graph import Graph

DEFAULT_BLUR = 15
"""Pixels that blur=1 blurs over; every other value is the number of pixels itself."""


@dataclass(frozen=True)
class ClassifierAugmentConfig:
    """What augmentation does to a classifier's images: the options of [net].

    low, high: pixels of the shorter side, as parts of the input's width. center: no piece at
    random, the middle. blur: pixels, 0 for none. mixing: 0 or one of mix's ways, where the coin
    says so. upright: images are turned as their EXIF says. pairing: of samples that come in pairs,
    which have their images in common.
    """

    channels: int
    angle: float
    aspect: float
    low: float
    high: float
    beyond: bool
    center: bool
    flip: bool
    hue: float
    saturation: float
    exposure: float
    blur: int
    mixing: int
    coin: MixCoin
    upright: bool = False
    pairing: Pairing | None = None

    @staticmethod
    def of(graph: Graph) -> ClassifierAugmentConfig:
        """Raises BadOption for a value that no image can be made with."""
        net, ratios = graph.net, graph.fork.samples.crop_ratios
        _check(net)
        pairs = Pairing.of(graph)
        low, high = crop_range(net, ratios)
        return ClassifierAugmentConfig(
            channels=net.channels,
            angle=net.angle,
            aspect=net.aspect,
            low=low,
            high=high,
            beyond=ratios,
            center=ratios and bool(net.center),
            flip=ratios or bool(net.flip),
            hue=net.hue,
            saturation=net.saturation,
            exposure=net.exposure,
            blur=0 if ratios else DEFAULT_BLUR if net.blur == 1 else net.blur,
            mixing=0 if ratios else _mixing(net),
            coin=MixCoin.of(net, graph.fork.samples.classifier_mix_parts),
            upright=graph.fork.images.upright,
            pairing=replace(pairs, places=True, colors=True) if pairs else None,
        )

    def mixing_of(self, number: int, seed: int) -> int:
        """How the number-th sample of a training is mixed: 0 or one of mix's ways."""
        return self.coin.mixing(self.mixing, first_of_pair(self.pairing, number), seed)

    def affine_range(self, width: int) -> AffineRange:
        """What affine parameters are drawn from for an input `width` pixels wide."""
        low, high = (max(1, self._pixels(part, width)) for part in (self.low, self.high))
        return AffineRange(self.angle, self.aspect, low, high, self.beyond)

    def _pixels(self, part: float, width: int) -> int:
        # pjreddie's program multiplies its ratios in single precision and cuts the rest off.
        return int(np.float32(part) * np.float32(width)) if self.beyond else round(part * width)


SIZES = ("min_crop", "max_crop", "min_ratio", "max_ratio")
FACTORS = ("aspect", "saturation", "exposure")
LIMITS: dict[str, Limit] = {
    "channels": IMAGE_CHANNELS,
    **dict.fromkeys(SIZES, (lambda value: value > 0, "more than 0")),
    **dict.fromkeys(FACTORS, (lambda value: value > 0, "more than 0; 1 changes nothing")),
    "blur": (lambda value: value >= 0, "a number of pixels, 1 for 15 of them, or 0"),
    "mixup": (lambda value: value in range(5), "0 to 4"),
    "label_smooth_eps": (lambda value: 0 <= value < 1, "0 to less than 1"),
}
"""What an option of [net] may be: its test, and that in words."""


def _check(net: Net) -> None:
    if not (net.width and net.height):
        raise BadOption("needs width and height: a classifier reads images", net.section.location())
    check_options(net, LIMITS)


def crop_range(net: Net, ratios: bool) -> tuple[float, float]:
    """Least and greatest size of an image's shorter side, as parts of the input's width."""
    low = (net.width if net.min_crop is None else net.min_crop) / net.width
    high = (2 * net.width if net.max_crop is None else net.max_crop) / net.width
    if not ratios:
        return low, high
    return (
        low if net.min_ratio is None else net.min_ratio,
        high if net.max_ratio is None else net.max_ratio,
    )


def _mixing(net: Net) -> int:
    if net.mosaic and net.cutmix:
        return mix.EITHER
    return mix.CUTMIX if net.cutmix else mix.MOSAIC if net.mosaic else net.mixup
