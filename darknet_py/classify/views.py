"""What a classifier sees of a picture: one input, or several whose answers are added up.

Pictures and inputs are float32 (C, H, W) in [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from darknet_py.images.tensors import letterbox, resize
from darknet_py.network.graph import Graph

TEN_MARGIN = 32
"""How much larger than the input `valid10` makes a picture, and how far its pieces are moved."""

Inputs = Callable[[Tensor, Graph], list[Tensor]]


def cut(picture: Tensor, left: int, top: int, width: int, height: int) -> Tensor:
    """A piece of a picture; what lies outside repeats its edge."""
    rows = torch.arange(top, top + height).clamp(0, picture.shape[1] - 1)
    columns = torch.arange(left, left + width).clamp(0, picture.shape[2] - 1)
    return picture[:, rows][:, :, columns]


def with_shorter_side(picture: Tensor, size: int) -> Tensor:
    """The picture resized so that its shorter side has `size` pixels."""
    return _with_side(picture, size, min(picture.shape[1:]))


def with_longer_side(picture: Tensor, size: int) -> Tensor:
    return _with_side(picture, size, max(picture.shape[1:]))


def _with_side(picture: Tensor, size: int, side: int) -> Tensor:
    """The picture resized by size / side; Darknet's integer division may give sides of 0."""
    height, width = (max(1, length * size // side) for length in picture.shape[1:])
    if (height, width) == tuple(picture.shape[1:]):
        return picture
    return resize(picture, width, height)


def central(picture: Tensor, graph: Graph) -> list[Tensor]:
    """AlexeyAB's: the middle of the picture whose shorter side is as long as the input is wide."""
    net = graph.net
    resized = with_shorter_side(picture, net.width)
    left, top = (int((resized.shape[2] - net.width) / 2), int((resized.shape[1] - net.height) / 2))
    return [cut(resized, left, top, net.width, net.height)]


def square(picture: Tensor, graph: Graph) -> list[Tensor]:
    """pjreddie's: the middle square of the picture, stretched to the input."""
    height, width = picture.shape[1:]
    side = min(height, width)
    middle = cut(picture, (width - side) // 2, (height - side) // 2, side, side)
    return [resize(middle, graph.net.width, graph.net.height)]


def predicted(picture: Tensor, graph: Graph) -> list[Tensor]:
    """What `classifier predict` looks at."""
    if graph.fork.classifier_square:
        return [letterbox(picture, graph.net.width, graph.net.height)]
    return central(picture, graph)


def single(picture: Tensor, graph: Graph) -> list[Tensor]:
    """What `classifier valid` looks at."""
    return (square if graph.fork.classifier_square else central)(picture, graph)


def stretched(picture: Tensor, graph: Graph) -> list[Tensor]:
    """The whole picture, as `classifier validcrop` and `test` look at it."""
    return [resize(picture, graph.net.width, graph.net.height)]


def ten(picture: Tensor, graph: Graph) -> list[Tensor]:
    """`valid10`: five pieces of the picture and five of its mirror image.

    Both programs count a piece's place from the corner as if it were the middle: three pieces reach
    over the left or the upper edge, which is repeated, and none lies in the middle.
    """
    width, height = graph.net.width, graph.net.height
    larger = resize(picture, width + TEN_MARGIN, height + TEN_MARGIN)
    far = TEN_MARGIN
    places = ((-far, -far), (far, -far), (0, 0), (-far, far), (far, far))
    return [
        cut(one, left, top, width, height)
        for one in (larger, larger.flip(2))
        for left, top in places
    ]


def full(picture: Tensor, graph: Graph) -> list[Tensor]:
    """`validfull`: the whole picture, its shorter side as long as the input is wide."""
    return [with_shorter_side(picture, graph.net.width)]


def scaled(picture: Tensor, graph: Graph) -> list[Tensor]:
    """`validmulti`: the whole picture in several sizes, each with its mirror image."""
    fork = graph.fork
    to_side = with_longer_side if fork.classifier_square else with_shorter_side
    sizes = [to_side(picture, size) for size in fork.classifier_scales]
    return [one for resized in sizes for one in (resized, resized.flip(2))]
