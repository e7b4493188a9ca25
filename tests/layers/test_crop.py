"""[crop] against the index formulas of the semantics text, and in training of the GPU code."""

from __future__ import annotations

import colorsys
import math
import re

import numpy as np
import pytest
import torch
from support.layer_check import Array, check_layer, network, read

from darknet_py.errors import CfgError
from darknet_py.layers.crop import recoloured


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


def pixel(plane: Array, x: int, y: int) -> float:
    inside = 0 <= x < plane.shape[1] and 0 <= y < plane.shape[0]
    return float(plane[y, x]) if inside else 0.0


def between(plane: Array, x: float, y: float) -> float:
    left, top = math.floor(x), math.floor(y)
    dx, dy = x - left, y - top
    return (
        (1 - dy) * (1 - dx) * pixel(plane, left, top)
        + dy * (1 - dx) * pixel(plane, left, top + 1)
        + (1 - dy) * dx * pixel(plane, left + 1, top)
        + dy * dx * pixel(plane, left + 1, top + 1)
    )


def factor(most: float, r: float, shrinks: float) -> float:
    return 1 / (r * (most - 1) + 1) if shrinks > 0.5 else r * (most - 1) + 1


def levels(image: Array, r: Array, first: Array) -> Array:
    """One image (3, H, W) with saturation=1.5, exposure=2 and shift=.2."""
    out = np.zeros_like(image)
    for y, x in np.ndindex(image.shape[1:]):
        h, s, v = colorsys.rgb_to_hsv(*image[:, y, x])
        s, v = s * factor(1.5, r[0], r[1]), v * factor(2.0, r[2], r[3])
        k = [(n + 6 * h) % 6 for n in (5, 3, 1)]
        rgb = [v - v * s * max(0.0, min(n, 4 - n, 1)) for n in k]
        out[:, y, x] = np.clip(rgb, 0, 1) * 2 - 1 + (first[:3] - 0.5) * 0.2
    return out


def piece(image: Array, r: Array) -> Array:
    """3 x 4 of an image, turned by up to 30 degrees."""
    (_, h, w), out = image.shape, np.zeros((3, 3, 4))
    angle = math.radians(30) * (2 * r[7] - 1)
    for c, i, j in np.ndindex(out.shape):
        dw, dh = (w - 4) * r[4], (h - 3) * r[5]
        x, y = (w - dw - j - 1 if r[6] > 0.5 else j + dw), i + dh
        rx = math.cos(angle) * (x - w / 2) - math.sin(angle) * (y - h / 2) + w / 2
        ry = math.sin(angle) * (x - w / 2) + math.cos(angle) * (y - h / 2) + h / 2
        out[c, i, j] = between(image[c], rx, ry)
    return out


def test_in_training_each_image_draws_its_own() -> None:
    options = "crop_height=3\ncrop_width=4\nflip=1\nangle=30\nsaturation=1.5\nexposure=2\nshift=.2"
    cfg = f"[net]\nchannels=3\nheight=6\nwidth=7\n[crop]\n{options}\n"
    layer = read(cfg).nodes[0].layer
    x, drawn = torch.rand(5, 3, 6, 7), torch.rand(5, 8)
    assert (drawn[:, 6] > 0.5).unique().numel() == 2
    actual = layer._drawn(x, drawn)
    r = drawn.double().numpy()
    images = [levels(image, r[n], r[0]) for n, image in enumerate(x.double().numpy())]
    expected = [piece(image, r[n]) for n, image in enumerate(images)]
    np.testing.assert_allclose(actual.numpy(), np.array(expected), atol=1e-5)


def test_other_channels_keep_their_values() -> None:
    options = "crop_height=4\ncrop_width=4\nflip=1\nsaturation=3\nexposure=3\nshift=1\nnoadjust=1"
    net = network(f"[net]\nchannels=1\nheight=4\nwidth=4\n[crop]\n{options}\n").train()
    x = torch.rand(1, 1, 4, 4)
    seen = [net(x)[0] for _ in range(20)]
    kept = [torch.allclose(y, x, atol=1e-6) for y in seen]
    turned = [torch.allclose(y, x.flip(3), atol=1e-6) for y in seen]
    assert any(kept) and any(turned) and all(a or b for a, b in zip(kept, turned, strict=True))


def test_black_and_grey_have_no_hue() -> None:
    x = torch.tensor([0.0, 0.4]).view(2, 1, 1, 1).expand(2, 3, 1, 1)
    y = recoloured(x, torch.tensor([3.0, 3.0]), torch.tensor([2.0, 2.0]))
    torch.testing.assert_close(y.flatten(), torch.tensor([0.0] * 3 + [0.8] * 3))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            "crop_height=9\ncrop_width=2",
            "crop_width: 2 x 9 is larger than the input 6 x 8 x 6",
        ),
        ("crop_height=0", "crop_height: read 0, expected at least 1"),
    ],
)
def test_errors(options: str, message: str) -> None:
    with pytest.raises(CfgError, match=re.escape(message)):
        read(f"[net]\nchannels=6\nheight=8\nwidth=6\n[crop]\n{options}\n")
