"""attention=1: windows of AlexeyAB's program, as files, of how adversarial_lr moves images."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from darknet_py.images.draw import save_image
from darknet_py.images.io import Pixels, to_bgr
from darknet_py.images.resize import resized
from darknet_py.train.adversarial import AdversarialView
from darknet_py.train.logs.progress_log import Update

Floats = npt.NDArray[np.float32]
OVERLAY, MASK, MOVED = (
    "attention_img.png",
    "attention_mask_img.png",
    "adversarial_data_augmentation.png",
)
"""The titles of the windows."""
REDRAW = 10.0
"""Seconds between two states of the pictures."""
OPACITY = 0.7
"""Of the attention over the image."""
CONTRAST = 4
BLUR = 4
"""Attention is made so many times smaller and large again."""


@dataclass
class AttentionPictures:
    """A metric logger that writes three pictures into a folder.

    view: gives what to show, None for nothing yet. every: seconds between two states.
    """

    folder: Path
    view: Callable[[], AdversarialView | None]
    every: float = REDRAW
    written: AdversarialView | None = None
    written_at: float = -math.inf

    def add(self, update: Update) -> None:
        """Raises OutputError when the pictures cannot be written."""
        if time.monotonic() - self.written_at >= self.every:
            self._write()

    def end(self, update: Update) -> None:
        """The last state. Raises OutputError when the pictures cannot be written."""
        self._write()

    def _write(self) -> None:
        view = self.view()
        if view is None or view is self.written:
            return
        self.written, self.written_at = view, time.monotonic()
        for name, chw in pictures(*map(_on_host, (view.image, view.delta, view.moved))).items():
            save_image(self.folder / name, _as_bgr(chw))


def pictures(image: Floats, delta: Floats, moved: Floats) -> dict[str, Floats]:
    """File name -> image (C, H, W), mostly in [0, 1], of an image, the negative gradient at its
    pixels, and the moved image, (C, H, W) each."""
    sharp = attention(delta)
    overlay = OPACITY * _blurred(sharp) + np.float32(1 - OPACITY) * image
    # Darknet makes the mask of what it has already made of the gradient for the overlay.
    return {OVERLAY: overlay, MASK: _blurred(attention(sharp)), MOVED: moved}


def attention(delta: Floats) -> Floats:
    """(C, H, W): how far the sum over channels is from the mean, in the first channel.

    All values count for mean and range, also those of the other channels, which are 0.
    """
    red = np.zeros_like(delta)
    red[0] = delta.sum(axis=0)
    spread = red.max() - red.min()
    away = CONTRAST * np.abs(red.mean() - red)
    return away / spread if spread > 0 else np.zeros_like(red)


def _blurred(chw: Floats) -> Floats:
    height, width = chw.shape[1:]
    small = resized(chw, max(1, width // BLUR), max(1, height // BLUR))
    return resized(small, width, height)


def _on_host(tensor: Any) -> Floats:
    values: Floats = tensor.float().cpu().contiguous().numpy()
    return values


def _as_bgr(chw: Floats) -> Pixels:
    """Of more than three channels the first three, of two the first."""
    shown = chw[:3] if len(chw) >= 3 else chw[:1]
    pixels = np.rint(255 * np.clip(shown, 0, 1)).astype(np.uint8).transpose(1, 2, 0)
    return to_bgr(np.ascontiguousarray(pixels))
