"""Effects on the images of AlexeyAB's detectors: one class each, applied in the order of EFFECTS.

A class holds all there is about an effect: its options of [net] and what they may be, what it
draws for an image, and what it does to pixels and labels.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from darknet_py.augment.color import ColorParams, adjust_color_8bit, color_params
from darknet_py.augment.draws import SampleDraws
from darknet_py.augment.option_limits import NONE_OR_MORE, Limit
from darknet_py.augment.pixels import Pixels, add_noise, blur_background, gaussian_blur
from darknet_py.layers.net import Net

Floats = NDArray[np.float32]
Size = tuple[int, int]
"""Width and height in pixels."""
Params = TypeVar("Params")


class AugmentedImage(NamedTuple):
    """pixels: (H, W, C), of the input or of a window of it. labels: (K, 5), relative to the whole
    input in either case. seed: of random numbers for single pixels."""

    pixels: Pixels
    labels: Floats
    seed: int = 0


class Effect(ABC, Generic[Params]):
    """An effect as the cfg asks for it; Params: what it draws for one image, a frozen value.

    LIMITS: its options of [net], and what each may be. FOR_CLASSIFIERS: whether the training of
    classifiers reads these options, in its own way. NEEDS_WHOLE: whether it needs pixels and labels
    of the whole input, also where only a window of it is shown, as in a mosaic. PAIRED: both images
    of a pair may draw the same, see `Pairing.colors`.
    """

    LIMITS: ClassVar[Mapping[str, Limit]]
    FOR_CLASSIFIERS: ClassVar[bool] = False
    NEEDS_WHOLE: ClassVar[bool] = False
    PAIRED: ClassVar[bool] = False

    @staticmethod
    @abstractmethod
    def of(net: Net) -> Effect[Any] | None:
        """None where [net] does not ask for it; then nothing is drawn either."""

    @abstractmethod
    def draw(self, rng: Generator) -> Params | None:
        """Random parameters for an image, None for an image that stays as it is."""

    def limited(self, params: Params, labels: Floats, size: Size) -> Params | None:
        """What was drawn as far as the labels (K, 5) of an input of `size` allow it."""
        return params

    @abstractmethod
    def apply(self, image: AugmentedImage, params: Params) -> AugmentedImage:
        """The image changed; pixels and labels that it was given stay as they are."""


@dataclass(frozen=True)
class ColorEffect(Effect[ColorParams]):
    """hue: at most this part of a turn either way; the others: greatest factors, 1 for none.

    It is drawn for all images, so that other effects draw the same with and without it.
    """

    LIMITS = {
        "hue": (math.isfinite, "a part of a turn, such as .1"),
        "saturation": NONE_OR_MORE,
        "exposure": NONE_OR_MORE,
    }
    FOR_CLASSIFIERS = True
    PAIRED = True

    hue: float = 0.0
    saturation: float = 1.0
    exposure: float = 1.0

    @staticmethod
    def of(net: Net) -> ColorEffect:
        # Both programs take 0 for 1.
        return ColorEffect(abs(net.hue), net.saturation or 1.0, net.exposure or 1.0)

    def draw(self, rng: Generator) -> ColorParams:
        return color_params(rng, self.hue, self.saturation, self.exposure)

    def apply(self, image: AugmentedImage, params: ColorParams) -> AugmentedImage:
        return image._replace(pixels=adjust_color_8bit(image.pixels, params))


@dataclass(frozen=True)
class BlurEffect(Effect[int]):
    """A third of the images is blurred by `strength`, a third by 1: the background only."""

    LIMITS = {"blur": NONE_OR_MORE}
    FOR_CLASSIFIERS = True
    NEEDS_WHOLE = True

    strength: int

    @staticmethod
    def of(net: Net) -> BlurEffect | None:
        return BlurEffect(net.blur) if net.blur else None

    def draw(self, rng: Generator) -> int | None:
        return (None, 1, self.strength)[int(rng.integers(3))]

    def limited(self, params: int, labels: Floats, size: Size) -> int | None:
        """A blur of all is limited to an eighth of the smallest object's side."""
        if params == 1:
            return params
        sides = labels[:, 3:5] * np.array(size, np.float32)
        return min(params, int(sides.min()) // 8 if len(labels) else 0) or None

    def apply(self, image: AugmentedImage, params: int) -> AugmentedImage:
        if params == 1:
            return image._replace(pixels=blur_background(image.pixels, image.labels[:, 1:5]))
        return image._replace(pixels=gaussian_blur(image.pixels, params))


@dataclass(frozen=True)
class NoiseEffect(Effect[int]):
    """Every other image gets Gaussian noise of this sigma, from the seed of the image."""

    LIMITS = {"gaussian_noise": NONE_OR_MORE}

    sigma: int

    @staticmethod
    def of(net: Net) -> NoiseEffect | None:
        return NoiseEffect(net.gaussian_noise) if net.gaussian_noise else None

    def draw(self, rng: Generator) -> int | None:
        return self.sigma if rng.random() < 0.5 else None

    def apply(self, image: AugmentedImage, params: int) -> AugmentedImage:
        return image._replace(pixels=add_noise(image.pixels, params, image.seed))


EFFECTS: tuple[type[Effect[Any]], ...] = (ColorEffect, BlurEffect, NoiseEffect)
"""In AlexeyAB's order: effects are drawn and applied in it, so a new one comes last."""
EFFECT_LIMITS: dict[str, Limit] = {
    key: limit for effect in EFFECTS for key, limit in effect.LIMITS.items()
}
"""What an option of [net] that an effect reads may be."""
NOT_FOR_CLASSIFIERS = tuple(
    key for effect in EFFECTS if not effect.FOR_CLASSIFIERS for key in effect.LIMITS
)
"""Options of [net] that do nothing in the training of classifiers."""

DrawnEffect = tuple[Effect[Any], Any]
"""An effect and the parameters it drew."""


def effects_of(net: Net) -> tuple[Effect[Any], ...]:
    """The effects that [net] asks for."""
    made = (effect.of(net) for effect in EFFECTS)
    return tuple(effect for effect in made if effect is not None)


def draw_effects(draws: SampleDraws, effects: Iterable[Effect[Any]]) -> tuple[DrawnEffect, ...]:
    """Those that change this image, with their parameters."""
    drawn = [
        (effect, effect.draw(draws.colors if effect.PAIRED else draws.other)) for effect in effects
    ]
    return _changing(drawn)


def limited_effects(
    effects: Iterable[DrawnEffect], labels: Floats, size: Size
) -> tuple[DrawnEffect, ...]:
    """Those that are left of them with the labels (K, 5) of an input of `size`."""
    return _changing([(effect, effect.limited(params, labels, size)) for effect, params in effects])


def _changing(effects: Iterable[DrawnEffect]) -> tuple[DrawnEffect, ...]:
    return tuple([drawn for drawn in effects if drawn[1] is not None])


def count_on_whole(effects: tuple[DrawnEffect, ...]) -> int:
    """How many of them, the first ones, are applied to the whole input before it is cut."""
    needing = [number for number, (effect, _) in enumerate(effects, 1) if effect.NEEDS_WHOLE]
    return max(needing, default=0)


def apply_effects(image: AugmentedImage, effects: Iterable[DrawnEffect]) -> AugmentedImage:
    """The image after one effect after the other."""
    for effect, params in effects:
        image = effect.apply(image, params)
    return image
