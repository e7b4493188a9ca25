"""`nightmare`: an image changed so that it excites a layer of a network, step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from darknet_py.errors import DarknetError
from darknet_py.images.resize import resized
from darknet_py.layers.base import Run
from darknet_py.network.network import Network
from darknet_py.options.visualizing import NightmareOptions
from darknet_py.visualize.dream_images import (
    Floats,
    cropped,
    normalized,
    pull_of_neighbours,
    rotated,
)

SHIFT = 8
"""Pixels that an image is shifted by, at most, before each step."""
OCTAVE = 1.33333333
FEATURE_NOISE = 0.19
START_SPREAD, START_MEAN = 0.25, 0.5
"""Of the noise that -reconstruct starts from."""


@dataclass
class Dream:
    """An image (C, H, W) in [0, 1] on its way through the rounds.

    features, update: of -reconstruct, what the network shall see and what moves the image.
    """

    network: Network
    options: NightmareOptions
    image: Floats
    rng: np.random.Generator
    device: torch.device
    features: Tensor | None = None
    update: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.update = np.zeros_like(self.image)
        if self.options.reconstruct:
            self._start_from_noise()

    def step(self) -> None:
        """One iteration."""
        if self.features is None:
            self._excite()
        else:
            self._reconstruct(self.features)
        np.clip(self.image, 0, 1, out=self.image)

    def end_round(self) -> None:
        """Turn and enlarge the image for the next round."""
        height, width = self.image.shape[1:]
        if self.options.rotate:
            self.image = rotated(self.image, self.options.rotate)
        zoom = self.options.zoom
        corner = int(width * (1 - zoom) / 2), int(height * (1 - zoom) / 2)
        size = max(1, int(width * zoom)), max(1, int(height * zoom))
        self.image = resized(cropped(self.image, *corner, *size), width, height)

    def _excite(self) -> None:
        """Move the image towards what raises the outputs that are high already.

        It is shifted, shrunk and mirrored at random first, so that no pattern fits one place only.
        """
        height, width = self.image.shape[1:]
        dx, dy = (int(value) for value in self.rng.integers(-SHIFT, SHIFT, 2))
        mirrored = bool(self.rng.integers(2))
        layer, scale = self._layer(), OCTAVE ** -int(self.rng.integers(self.options.octaves))
        shifted = cropped(self.image, dx, dy, width, height)
        small = _mirrored(resized(shifted, *_scaled(width, height, scale)), mirrored)
        gradient = self._gradient(small, layer, self._excess)
        back = resized(_mirrored(gradient, mirrored), width, height)
        move = cropped(back, -dx, -dy, width, height)
        # pjreddie's program also pulls the image towards grey.
        move += self.network.graph.fork.pictures.nightmare_grey * (0.5 - self.image)
        if self.options.norm:
            move = normalized(move)
        self.image = np.asarray(self.image + self.options.rate * move, np.float32)

    def _layer(self) -> int:
        """-range chooses around the layer that is asked for, within the network."""
        spread = self.options.range
        layer = self.options.layer + int(self.rng.integers(spread)) - spread // 2
        return min(max(layer, 0), self.network.graph.last)

    def _excess(self, output: Tensor) -> Tensor:
        least = output.mean() + self.options.thresh * output.std(correction=0)
        return torch.where(output > least, output, torch.zeros_like(output))

    def _start_from_noise(self) -> None:
        """What the network sees of the image is kept; the image itself becomes noise."""
        network = self.network.resized(self.image.shape[2], self.image.shape[1])
        with torch.no_grad():
            seen = network(self._input(self.image))[-1]
        noise = self.rng.uniform(-FEATURE_NOISE, FEATURE_NOISE, tuple(seen.shape))
        self.features = seen + torch.from_numpy(noise).to(seen)
        start = self.rng.normal(START_MEAN, START_SPREAD, self.image.shape)
        self.image = np.asarray(start, np.float32)

    def _reconstruct(self, features: Tensor) -> None:
        gradient = self._gradient(
            self.image, self.network.graph.heads[-1], lambda output: features - output
        )
        self.update += gradient
        pull = pull_of_neighbours(self.image, self.options.neighbours)
        self.update += self.options.smoothing * pull
        self.image = np.asarray(self.image + self.options.rate * self.update, np.float32)
        self.update *= self.options.momentum

    def _gradient(self, image: Floats, layer: int, delta: Callable[[Tensor], Tensor]) -> Floats:
        """What moves the layer's output by delta(output), for the pixels of an image."""
        # What comes after the layer need not fit to this size, as in both programs.
        network = self.network.resized(image.shape[2], image.shape[1], end=layer + 1)
        x = self._input(image).requires_grad_()
        outputs = network.outputs(x, Run())
        output = next(y for index, y in outputs if index == layer)
        (gradient,) = torch.autograd.grad(output, x, delta(output.detach()))
        return np.asarray(gradient[0].cpu().numpy(), np.float32)

    def _input(self, image: Floats) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(image))[None].to(self.device)


def require_layer(network: Network, layer: int) -> None:
    """Raises DarknetError for a layer that is not there."""
    last = network.graph.last
    if not 0 <= layer <= last:
        path = network.graph.path
        raise DarknetError(f"{path}: no layer {layer}, expected one of 0 to {last}")


def _scaled(width: int, height: int, scale: float) -> tuple[int, int]:
    return max(1, int(width * scale)), max(1, int(height * scale))


def _mirrored(image: Floats, mirrored: bool) -> Floats:
    return np.ascontiguousarray(image[..., ::-1]) if mirrored else image
