"""What a classifier sees of an image: one input, or several whose answers are added up.

Images and inputs are float32 (C, H, W) in [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from darknet_py.images.tensors import letterbox, resize
from darknet_py.network.graph import Graph

TEN_MARGIN = 32
"""How much larger than the input `valid10` makes an image, and how far its pieces are moved."""

View = Callable[[Tensor, Graph], list[Tensor]]


def cut(image: Tensor, left: int, top: int, width: int, height: int) -> Tensor:
    """A piece of an image; what lies outside repeats its edge."""
    rows = torch.arange(top, top + height).clamp(0, image.shape[1] - 1)
    columns = torch.arange(left, left + width).clamp(0, image.shape[2] - 1)
    return image[:, rows][:, :, columns]


def with_shorter_side(image: Tensor, size: int) -> Tensor:
    """The image resized so that its shorter side has `size` pixels."""
    return _with_side(image, size, min(image.shape[1:]))


def with_longer_side(image: Tensor, size: int) -> Tensor:
    return _with_side(image, size, max(image.shape[1:]))


def _with_side(image: Tensor, size: int, side: int) -> Tensor:
    """The image resized by size / side; Darknet's integer division may give sides of 0."""
    height, width = (max(1, length * size // side) for length in image.shape[1:])
    if (height, width) == tuple(image.shape[1:]):
        return image
    return resize(image, width, height)


def central(image: Tensor, graph: Graph) -> list[Tensor]:
    """AlexeyAB's: the middle of the image whose shorter side is as long as the input is wide."""
    net = graph.net
    resized = with_shorter_side(image, net.width)
    left, top = (int((resized.shape[2] - net.width) / 2), int((resized.shape[1] - net.height) / 2))
    return [cut(resized, left, top, net.width, net.height)]


def square(image: Tensor, graph: Graph) -> list[Tensor]:
    """pjreddie's: the middle square of the image, stretched to the input."""
    height, width = image.shape[1:]
    side = min(height, width)
    middle = cut(image, (width - side) // 2, (height - side) // 2, side, side)
    return [resize(middle, graph.net.width, graph.net.height)]


def predicted(image: Tensor, graph: Graph) -> list[Tensor]:
    """What `classifier predict` looks at."""
    if graph.fork.classify.predict_letterbox:
        return [letterbox(image, graph.net.width, graph.net.height)]
    return central(image, graph)


def single(image: Tensor, graph: Graph) -> list[Tensor]:
    """What `classifier valid` looks at."""
    return (square if graph.fork.classify.valid_square else central)(image, graph)


def stretched(image: Tensor, graph: Graph) -> list[Tensor]:
    """The whole image, as `classifier validcrop` and `test` look at it."""
    return [resize(image, graph.net.width, graph.net.height)]


def ten(image: Tensor, graph: Graph) -> list[Tensor]:
    """`valid10`: five pieces of the image and five of its mirror image.

    Both programs count a piece's offset from the corner as if it were the middle: three pieces
    reach over the left or the upper edge, which is repeated, and none lies in the middle.
    """
    width, height = graph.net.width, graph.net.height
    larger = resize(image, width + TEN_MARGIN, height + TEN_MARGIN)
    far = TEN_MARGIN
    offsets = ((-far, -far), (far, -far), (0, 0), (-far, far), (far, far))
    return [
        cut(one, left, top, width, height)
        for one in (larger, larger.flip(2))
        for left, top in offsets
    ]


def full(image: Tensor, graph: Graph) -> list[Tensor]:
    """`validfull`: the whole image, its shorter side as long as the input is wide."""
    return [with_shorter_side(image, graph.net.width)]


def scaled(image: Tensor, graph: Graph) -> list[Tensor]:
    """`validmulti`: the whole image in several sizes, each with its mirror image."""
    fork = graph.fork
    to_side = with_longer_side if fork.classify.multi_longer_side else with_shorter_side
    sizes = [to_side(image, size) for size in fork.classify.multi_sizes]
    return [one for resized in sizes for one in (resized, resized.flip(2))]
