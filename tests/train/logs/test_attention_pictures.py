"""The pictures of attention=1: what is in them, when they are written, and where."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from support.one_update import UPDATE
from support.small_detector import small_options

from darknet_py.errors import OutputError
from darknet_py.train.adversarial import AdversarialView
from darknet_py.train.command import run
from darknet_py.train.logs.attention_pictures import (
    MASK,
    MOVED,
    OVERLAY,
    AttentionPictures,
    attention,
    pictures,
)

Array = np.ndarray


def values(seed: int = 0, channels: int = 3, height: int = 8, width: int = 12) -> Array:
    return np.random.default_rng(seed).normal(size=(channels, height, width)).astype(np.float32)


def stretched(plane: Array, width: int, height: int) -> Array:
    """Corner on corner, pixel by pixel."""
    rows, columns = plane.shape
    out = np.empty((height, width))
    for j, i in np.ndindex(height, width):
        y = j * (rows - 1) / (height - 1) if height > 1 else 0.0
        x = i * (columns - 1) / (width - 1) if width > 1 else 0.0
        top, left = min(int(y), rows - 1), min(int(x), columns - 1)
        low, right = min(top + 1, rows - 1), min(left + 1, columns - 1)
        above = (1 - (x - left)) * plane[top, left] + (x - left) * plane[top, right]
        below = (1 - (x - left)) * plane[low, left] + (x - left) * plane[low, right]
        out[j, i] = (1 - (y - top)) * above + (y - top) * below
    return out


def reds(delta: Array) -> Array:
    """Pixel by pixel: the red sum, and what the zeros of green and blue make of mean and range."""
    flat = [float(sum(delta[:, j, i])) for j, i in np.ndindex(delta.shape[1:])]
    everything = flat + [0.0] * (len(flat) * (len(delta) - 1))
    mean, spread = sum(everything) / len(everything), max(everything) - min(everything)
    red = [4 * abs(mean - value) / spread for value in flat]
    other = 4 * abs(mean) / spread
    planes = [red, *[[other] * len(flat)] * (len(delta) - 1)]
    return np.array(planes).reshape(delta.shape)


def test_attention_is_the_distance_from_the_mean_in_red() -> None:
    np.testing.assert_allclose(attention(values()), reds(values()), rtol=1e-4, atol=1e-5)
    assert not attention(np.full((3, 4, 4), 0, np.float32)).any()


def test_the_three_pictures() -> None:
    image, moved = np.abs(values(1)) % 1, np.abs(values(2)) % 1
    made = pictures(image, values(), moved)
    blurred = [stretched(stretched(p, 3, 2), 12, 8) for p in reds(values())]
    np.testing.assert_allclose(made[OVERLAY], 0.7 * np.array(blurred) + 0.3 * image, atol=1e-4)
    again = [stretched(stretched(p, 3, 2), 12, 8) for p in reds(reds(values()))]
    np.testing.assert_allclose(made[MASK], again, atol=1e-4)
    assert made[MOVED] is moved


def view(value: float, channels: int = 3) -> AdversarialView:
    image = torch.full((channels, 8, 12), value)
    return AdversarialView(image, torch.tensor(values(channels=channels)), image / 2)


def test_files(tmp_path: Path) -> None:
    shown = [view(0.5)]
    logger = AttentionPictures(tmp_path, lambda: shown[-1])
    logger.add(UPDATE)
    assert {path.name for path in tmp_path.iterdir()} == {OVERLAY, MASK, MOVED}
    pixels = cv2.imread(str(tmp_path / MOVED))
    assert pixels is not None and pixels.shape == (8, 12, 3) and (pixels == 64).all()
    red = cv2.imread(str(tmp_path / MASK))
    assert red is not None and red[..., 2].mean() > red[..., 0].mean() + 20
    shown.append(view(1.0))
    logger.add(UPDATE)
    assert (cv2.imread(str(tmp_path / MOVED)) == 64).all()  # type: ignore[union-attr]
    logger.end(UPDATE)
    assert (cv2.imread(str(tmp_path / MOVED)) == 128).all()  # type: ignore[union-attr]
    (tmp_path / MOVED).unlink()
    logger.end(UPDATE)
    assert not (tmp_path / MOVED).exists()


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_any_number_of_channels(channels: int, tmp_path: Path) -> None:
    AttentionPictures(tmp_path, lambda: view(0.5, channels)).end(UPDATE)
    pixels = cv2.imread(str(tmp_path / MOVED))
    assert pixels is not None and pixels.shape == (8, 12, 3) and (pixels == 64).all()


def test_nothing_to_show_and_nowhere_to_write(tmp_path: Path) -> None:
    AttentionPictures(tmp_path, lambda: None).end(UPDATE)
    assert not list(tmp_path.iterdir())
    with pytest.raises(OutputError, match="attention_img.png"):
        AttentionPictures(tmp_path / "missing", lambda: view(0.5)).add(UPDATE)


def test_a_training_writes_them_beside_the_chart(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    net = "adversarial_lr=5\nattention=1\n"
    options = small_options(tmp_path, max_batches=4, net=net, log_style="darknet")
    cfg = Path(options.cfg)
    cfg.write_text(cfg.read_text().replace("burn_in=5", "burn_in=0"))
    assert run(options) == 0
    there = {path.name for path in (tmp_path / "backup").iterdir()}
    assert {OVERLAY, MASK, MOVED, "chart.png"} <= there
    assert "\n adversarial training, adversarial_lr = " in capfd.readouterr().out
