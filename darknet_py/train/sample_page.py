"""`-show_imgs`: a page of the samples that a training starts with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from darknet_py.data.classes import Floats, Labels
from darknet_py.data.contact_sheet import Style, Tile, contact_sheet
from darknet_py.data.loader import Batch
from darknet_py.detect.draw import save_image
from darknet_py.detect.reading import Pixels

MOST = 32
"""Samples on a page."""
WORDS = 4
"""Classes named under a picture at most, the likeliest first."""


def write_page(path: Path, tiles: list[Tile], count: int) -> str:
    """Write the page; returns the line that says so. Raises OutputError."""
    style = Style(columns=8, width=170, height=150, lines=WORDS)
    save_image(path, contact_sheet(tiles, f"{len(tiles)} of the first {count} samples", style))
    return f"the first samples are drawn in {path}"


def class_tiles(batch: Batch, labels: Labels) -> list[Tile]:
    """Pictures of a batch with their classes, and how much of each where there are several."""
    pictures, truths = batch.images[:MOST].numpy(), batch.truth[:MOST].numpy()
    return [
        Tile(_bgr(picture), caption=tuple(_words(truth, labels)))
        for picture, truth in zip(pictures, truths, strict=True)
    ]


def _words(truth: Floats, labels: Labels) -> Iterator[str]:
    for number in np.argsort(-truth, kind="stable")[:WORDS]:
        if truth[number] > 0:
            yield f"{labels.words[number]} {truth[number]:.2g}"


def _bgr(picture: Pixels) -> Pixels:
    """(C, H, W) RGB as (H, W, 3) BGR; other numbers of channels as grey."""
    three = picture if len(picture) == 3 else np.repeat(picture[:1], 3, axis=0)
    return np.ascontiguousarray(three[::-1].transpose(1, 2, 0))
