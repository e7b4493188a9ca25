"""[crop] against the formulas of the GPU kernels, pixel by pixel, and colorsys."""

from __future__ import annotations

import colorsys
import math
import re

import numpy as np
import pytest
import torch
from support.layer_check import Array, check_layer, network


@pytest.mark.parametrize(
    "options, top, left, adjust",
    [
        ("crop_height=4\ncrop_width=3", 1, 2, True),
        ("crop_height=3\ncrop_width=7\nnoadjust=1", 2, 0, False),
        ("crop_height=7\ncrop_width=7\nflip=1\nangle=7\nsaturation=2\nexposure=2", 0, 0, True),
    ],
)
def test_crop_takes_the_middle(options: str, top: int, left: int, adjust: bool) -> None:
    height, width = (int(n) for n in re.findall(r"crop_\w+=(\d)", options))

    def expect(inputs: list[Array], _: dict[str, Array]) -> Array:
        x = inputs[0][:, :, top : top + height, left : left + width]
        return x * 2 - 1 if adjust else x

    check_layer(f"[crop]\n{options}", (2, 7, 7), expect)


NET = "[net]\nchannels={}\nheight={}\nwidth={}\n[crop]\n"


def trained(options: str, x: torch.Tensor, seed: int) -> tuple[Array, Array]:
    """The layer's output in training, and the random numbers it draws with this seed."""
    net = network(NET.format(*x.shape[1:]) + options).train()
    torch.manual_seed(seed)
    draws = torch.rand(len(x), 8).double().numpy()
    torch.manual_seed(seed)
    return net(x)[0].detach().numpy(), draws


def recolored(pixel: Array, saturation: float, exposure: float, draws: Array) -> list[float]:
    factors = [1 + draws[0] * (saturation - 1), 1 + draws[2] * (exposure - 1)]
    more, lighter = (
        1 / f if draw > 0.5 else f for f, draw in zip(factors, draws[1::2], strict=False)
    )
    hue, depth, value = colorsys.rgb_to_hsv(*pixel)
    return [min(1, max(0, c)) for c in colorsys.hsv_to_rgb(hue, depth * more, value * lighter)]


def pixel_at(image: Array, x: float, y: float) -> Array:
    """Bilinear, of an image (C, H, W) with zeros around it."""
    total = np.zeros(len(image))
    for i, j in np.ndindex(2, 2):
        row, column = math.floor(y) + i, math.floor(x) + j
        share = abs(1 - i - (y - math.floor(y))) * abs(1 - j - (x - math.floor(x)))
        if 0 <= row < image.shape[1] and 0 <= column < image.shape[2]:
            total += share * image[:, row, column]
    return total


def cut(image: Array, height: int, width: int, angle: float, flip: bool, draws: Array) -> Array:
    full_h, full_w = image.shape[1:]
    left, top = (full_w - width) * draws[4], (full_h - height) * draws[5]
    turn = math.radians(angle) * (2 * draws[7] - 1)
    out = np.zeros((len(image), height, width))
    for i, j in np.ndindex(height, width):
        x = full_w - left - j - 1 if flip and draws[6] > 0.5 else j + left
        x, y = x - full_w / 2, i + top - full_h / 2
        turned = math.cos(turn) * x - math.sin(turn) * y, math.sin(turn) * x + math.cos(turn) * y
        out[:, i, j] = pixel_at(image, turned[0] + full_w / 2, turned[1] + full_h / 2)
    return out


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("angle", [0, 30])
def test_training_turns_recolours_and_shifts(seed: int, angle: float) -> None:
    x = torch.rand(3, 3, 7, 9, generator=torch.Generator().manual_seed(seed))
    x[0, :, 2, 2], x[0, :, 3, 3] = 0, 0.4  # black and grey have no hue
    colours = "saturation=1.8\nexposure=1.5\nshift=.3\n"
    options = f"crop_height=5\ncrop_width=6\nflip=1\nangle={angle}\n{colours}"
    found, draws = trained(options, x, seed)
    for image, own, y in zip(x.double().numpy(), draws, found, strict=True):
        pixels = image.reshape(3, -1).T
        bright = np.array([recolored(pixel, 1.8, 1.5, own) for pixel in pixels]).T
        shifted = 2 * bright - 1 + (draws[0, :3, None] - 0.5) * 0.3
        expected = cut(shifted.reshape(image.shape), 5, 6, angle, True, own)
        np.testing.assert_allclose(y, expected, atol=2e-5)


def test_images_of_other_channels_keep_their_values() -> None:
    x = torch.rand(4, 2, 6, 6, generator=torch.Generator().manual_seed(1))
    options = "crop_height=6\ncrop_width=6\nflip=1\nsaturation=2\nexposure=2\nshift=1\nnoadjust=1\n"
    found, draws = trained(options, x, 5)
    flipped = draws[:, 6] > 0.5
    assert set(flipped) == {True, False}
    for image, flips, y in zip(x.numpy(), flipped, found, strict=True):
        np.testing.assert_allclose(y, image[:, :, ::-1] if flips else image, atol=1e-5)


def test_each_image_has_its_own_part() -> None:
    columns = torch.arange(9.0).expand(200, 1, 4, 9)
    found, _ = trained("crop_height=4\ncrop_width=3\nnoadjust=1\n", columns.contiguous(), 0)
    left = found[:, 0, 2, 0]
    assert 0 <= left.min() < 0.3 and 5.7 < left.max() <= 6
    np.testing.assert_allclose(found[:, 0, 2, 2] - left, 2, atol=1e-4)
