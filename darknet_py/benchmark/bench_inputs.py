"""What a benchmark runs on: a network, its input, and an image."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from darknet_py.images.header_record import ImageHeader
from darknet_py.images.io import Encoded, open_image
from darknet_py.network.graph import Graph
from darknet_py.network.network import Network, load_planned
from darknet_py.network.weights_layout import Layout

VARIANCE = 0.5
"""Rolling variance of random networks. Darknet's start of 0 would grow the values thousandfold in
every layer, to infinity; with 1 they shrink to where float16 has few digits and slow ones."""
WIDTH, HEIGHT = 768, 576
"""Of the drawn image: the size of the dog.jpg that Darknet comes with."""
GRAINS = (3, 6, 12, 24, 48, 96, 192, 384, 768)
FADING = 0.7
"""Cells across the image, octave by octave, and how strong each is by the one before. It gives
2 bits a pixel at the quality below, as many as photographs have."""
QUALITY = 90


def random_network(graph: Graph, seed: int) -> Network:
    """Darknet's random start, with statistics that keep the values in a photograph's range."""
    network = Network(graph, seed=seed)
    with torch.no_grad():
        for name, tensor in network.named_buffers():
            if name.endswith("variance"):
                tensor.fill_(VARIANCE)
    return network


def network_of(graph: Graph, plan: Layout | None, seed: int) -> tuple[Network, tuple[str, ...]]:
    """The network with the tensors of a weights file or random ones, and what is worth saying."""
    if plan is None:
        return random_network(graph, seed), ()
    network, report = load_planned(graph, plan, seed)
    return network, tuple(f"{report.path}: {note}" for note in report.warnings)


def input_of(graph: Graph, batch: int, device: torch.device, seed: int) -> Tensor:
    """Float32 (batch, C, H, W) in [0, 1]."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(batch, *graph.net.input, generator=generator)
    return x.to(device)


def image_of(path: str | None, seed: int) -> Encoded:
    """The image file, or a drawn one; raises ImageError."""
    return drawn_image(seed) if path is None else open_image(path)


def drawn_image(seed: int) -> Encoded:
    """A JPEG with the statistics of a photograph, the same on every machine of one OpenCV."""
    layers = sum(_octaves(np.random.default_rng(seed)))
    pixels = np.clip(128 + 64 * layers, 0, 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", pixels, (cv2.IMWRITE_JPEG_QUALITY, QUALITY))
    return Encoded(f"drawn image (seed {seed})", data.tobytes(), ImageHeader(WIDTH, HEIGHT))


def _octaves(random: np.random.Generator) -> Iterator[npt.NDArray[np.float32]]:
    """Smooth noise (HEIGHT, WIDTH, 3), from coarse to fine: what 1/f spectra are made of."""
    strength = 1.0
    for cells in GRAINS:
        rows = max(2, cells * HEIGHT // WIDTH)
        coarse = random.standard_normal((rows, cells, 3), np.float32)
        smooth = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        yield strength * np.asarray(smooth, np.float32)
        strength *= FADING
