"""Each effect: what it reads of [net], draws for an image and does to it; and their order."""

from __future__ import annotations

import pickle
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from support.coloured_samples import graph

from darknet_py.augment.color import ColorParams, adjust_color_8bit
from darknet_py.augment.draws import SampleDraws
from darknet_py.augment.effects import (
    EFFECT_LIMITS,
    EFFECTS,
    NOT_FOR_CLASSIFIERS,
    AugmentedImage,
    BlurEffect,
    ColorEffect,
    Effect,
    NoiseEffect,
    apply_effects,
    count_on_whole,
    draw_effects,
    effects_of,
    limited_effects,
)
from darknet_py.augment.pixels import add_noise, blur_background, gaussian_blur
from darknet_py.layers.net import Net

LABELS = np.array([[0, 0.5, 0.5, 0.25, 0.5], [1, 0.25, 0.25, 0.5, 0.5]], np.float32)


@pytest.fixture
def image() -> AugmentedImage:
    """Neither its pixels nor its labels may be written to."""
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    for array in (pixels, labels := LABELS.copy()):
        array.flags.writeable = False
    return AugmentedImage(pixels, labels, seed=5)


@dataclass(frozen=True)
class Darker(Effect[int]):
    """Takes a number off all pixels, and the first label away."""

    LIMITS = {}
    by: int

    @staticmethod
    def of(net: Net) -> Darker | None:
        return None

    def draw(self, rng: np.random.Generator) -> int | None:
        return self.by or None

    def apply(self, image: AugmentedImage, params: int) -> AugmentedImage:
        return image._replace(pixels=image.pixels - np.uint8(params), labels=image.labels[1:])


def test_effects_in_alexeyabs_order() -> None:
    """Another order draws other numbers and makes other samples."""
    assert EFFECTS[:3] == (ColorEffect, BlurEffect, NoiseEffect)
    assert list(EFFECT_LIMITS)[:5] == ["hue", "saturation", "exposure", "blur", "gaussian_noise"]


def test_what_classifiers_do_not_read() -> None:
    assert "gaussian_noise" in NOT_FOR_CLASSIFIERS
    assert not {"hue", "saturation", "exposure", "blur"} & set(NOT_FOR_CLASSIFIERS)


def test_the_options_of_effects_are_options_of_net(tmp_path: Path) -> None:
    net = graph(tmp_path).net
    assert all(EFFECT_LIMITS[key][0](getattr(net, key)) for key in EFFECT_LIMITS)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", (ColorEffect(0.0, 1.0, 1.0),)),
        ("hue=-.5\nsaturation=0\nexposure=2", (ColorEffect(0.5, 1.0, 2.0),)),
        ("blur=1", (ColorEffect(), BlurEffect(1))),
        ("gaussian_noise=9", (ColorEffect(), NoiseEffect(9))),
        ("gaussian_noise=9\nblur=4", (ColorEffect(), BlurEffect(4), NoiseEffect(9))),
    ],
)
def test_effects_that_the_cfg_asks_for(
    tmp_path: Path, options: str, expected: tuple[object, ...]
) -> None:
    made = effects_of(graph(tmp_path, options).net)
    assert made == expected
    assert pickle.loads(pickle.dumps(made)) == made
    assert hash(made) == hash(expected)


def test_what_is_drawn() -> None:
    """A colour always, a blur or its background for a third each, noise every other time."""
    rng = np.random.default_rng(0)
    drawn = [
        dict(
            draw_effects(
                SampleDraws.of(rng), (ColorEffect(0.1, 2, 3), BlurEffect(7), NoiseEffect(9))
            )
        )
        for _ in range(600)
    ]
    colors = [params[ColorEffect(0.1, 2, 3)] for params in drawn]
    assert 0.09 < max(params.hue for params in colors) <= 0.1
    assert 1.9 < max(params.saturation for params in colors) <= 2
    assert 2.9 < max(params.exposure for params in colors) <= 3
    blurs, noises = (
        Counter(params.get(effect) for params in drawn)
        for effect in (BlurEffect(7), NoiseEffect(9))
    )
    assert set(blurs) == {None, 1, 7} and min(blurs.values()) > 160
    assert set(noises) == {None, 9} and min(noises.values()) > 260


def test_the_numbers_are_drawn_in_the_order_of_the_effects() -> None:
    """And none for effects that are not there, so that samples stay what they were."""
    for seed in range(20):
        one, two = np.random.default_rng(seed), np.random.default_rng(seed)
        draw_effects(SampleDraws.of(one), (ColorEffect(), BlurEffect(7), NoiseEffect(9)))
        two.random(5)  # the hue, and two for each factor
        two.integers(3)
        two.random()
        assert one.random() == two.random()


@pytest.mark.parametrize(
    ("blur", "sides", "expected"),
    [
        (1, [], 1),
        (1, [0.1], 1),
        (9, [], None),
        (9, [0.5], 4),
        (3, [0.5], 3),
        (9, [0.5, 0.25], 2),
        (9, [0.24], 1),
        (9, [0.1], None),
    ],
)
def test_a_blur_is_limited_by_the_smallest_object(
    blur: int, sides: list[float], expected: int | None
) -> None:
    labels = np.array([[0, 0.5, 0.5, side, 1] for side in sides], np.float32).reshape(-1, 5)
    assert BlurEffect(blur).limited(blur, labels, (64, 64)) == expected
    left = [(BlurEffect(blur), expected)] * (expected is not None)
    drawn = [(BlurEffect(blur), blur), (NoiseEffect(3), 3)]
    assert limited_effects(drawn, labels, (64, 64)) == (*left, (NoiseEffect(3), 3))


def test_what_is_done_to_the_pixels(image: AugmentedImage) -> None:
    color = ColorParams(0.1, 1.5, 0.7)
    expected = {
        (ColorEffect(), color): adjust_color_8bit(image.pixels, color),
        (BlurEffect(7), 1): blur_background(image.pixels, LABELS[:, 1:]),
        (BlurEffect(7), 5): gaussian_blur(image.pixels, 5),
        (NoiseEffect(9), 9): add_noise(image.pixels, 9, seed=5),
    }
    for (effect, params), pixels in expected.items():
        changed = effect.apply(image, params)  # type: ignore[arg-type]
        assert (changed.pixels == pixels).all()
        assert (changed.pixels != image.pixels).any()
        assert (changed.labels == LABELS).all()
        assert changed.seed == 5


def test_one_effect_sees_what_the_one_before_it_left(image: AugmentedImage) -> None:
    """Labels, too: what an effect takes away is background for the blur after it."""
    effects = draw_effects(
        SampleDraws.of(np.random.default_rng(0)), [Darker(3), Darker(0), Darker(4)]
    )
    assert effects == ((Darker(3), 3), (Darker(4), 4))
    changed = apply_effects(image, effects)
    assert (changed.pixels == image.pixels - np.uint8(7)).all()
    assert len(changed.labels) == 0
    changed = apply_effects(image, [(Darker(3), 3), (BlurEffect(1), 1)])
    assert (changed.pixels == blur_background(image.pixels - np.uint8(3), LABELS[1:, 1:])).all()
    assert apply_effects(image, ()) is image


def test_the_last_blur_ends_what_is_done_to_the_whole_input() -> None:
    color, blur, noise = (ColorEffect(), ColorParams()), (BlurEffect(1), 1), (NoiseEffect(9), 9)
    assert count_on_whole(()) == 0
    assert count_on_whole((color, noise)) == 0
    assert count_on_whole((color, blur, noise)) == 2
    assert count_on_whole((blur, color, blur, noise, noise)) == 3
