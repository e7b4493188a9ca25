"""How large the network's input should be, by the sizes of the objects and of the images."""

from __future__ import annotations

import math

import numpy as np

from darknet_py.advice.measured_set import MeasuredSet
from darknet_py.anchors.kmeans import Sizes
from darknet_py.errors import Problems
from darknet_py.network.graph import Graph, read_graph
from darknet_py.network.summary import net_stride
from darknet_py.options.advising import SuitedOptions

SMALL = 16
"""Pixels of the input: AlexeyAB's advice is for objects that are smaller both ways."""
MOST_SMALL = 0.1
"""The share of the objects that may be small before a larger input is recommended."""
MOST_SIDE = 832
"""Of a square: the most pixels that are recommended, unless the cfg has more already."""
LIKE = 1.25
"""Sides of inputs whose ratio is within this of the images' are kept: stretching is learnt."""
ALIKE = 0.9
"""The share of the images that must have about one ratio for the input to take it over."""
STRIDE = 32
"""Inputs are multiples of it in all published cfgs."""


def small_share(boxes: Sizes, side: float = SMALL) -> float:
    """The share of boxes (N, 2) that are smaller than `side` both ways."""
    return float((boxes < side).all(axis=1).mean())


def sized_graph(path: str, measured: MeasuredSet, options: SuitedOptions) -> tuple[Graph, Graph]:
    """The cfg as it is, and with the input that is asked for or recommended."""
    fork = options.fork_in_force
    graph = read_graph(path, fork=fork, problems=Problems())
    width, height = _chosen(measured, graph, options.width, options.height)
    return graph, read_graph(path, width=width, height=height, fork=fork, problems=Problems())


def _chosen(
    measured: MeasuredSet, graph: Graph, width: int | None, height: int | None
) -> tuple[int, int]:
    """Width and height as given, else as recommended."""
    if width and height:
        return width, height
    advised = advised_size(measured, graph)
    return width or advised[0], height or advised[1]


def advised_size(measured: MeasuredSet, graph: Graph) -> tuple[int, int]:
    """The input that is recommended: the graph's, in the images' proportions where these differ
    much and nearly all have the same, and larger while too many objects are small.

    It does not grow beyond MOST_SIDE squared or the images themselves: what a camera did not see
    no enlargement shows. Sides are multiples of the network's stride.
    """
    stride = math.lcm(STRIDE, net_stride(graph))
    size = (graph.net.width, graph.net.height)
    shaped = _shaped(measured, size, stride)
    share, best = _grown(measured, shaped, stride, graph.letter_box)
    if shaped == size:
        return best
    # In other proportions objects are flatter or slimmer, which must not cost any.
    other_share, other = _grown(measured, size, stride, graph.letter_box)
    return best if share <= max(MOST_SMALL, other_share) else other


def _grown(
    measured: MeasuredSet, shape: tuple[int, int], stride: int, letter_box: bool
) -> tuple[float, tuple[int, int]]:
    """The smallest size of these proportions with few small objects, else the largest one there
    is; and their share at it."""
    share, best = small_share(measured.at(*shape, letter_box)), shape
    for longer in range(max(shape), _limit(measured, shape, stride) + 1, stride):
        if share <= MOST_SMALL:
            break
        width, height = (_whole(side * longer / max(shape), stride) for side in shape)
        share, best = small_share(measured.at(width, height, letter_box)), (width, height)
    return share, best


def _limit(measured: MeasuredSet, shape: tuple[int, int], stride: int) -> int:
    """Of the longer side: the typical image's, at most as many pixels as MOST_SIDE squared."""
    image = float(np.median(measured.image_sizes.max(axis=1)))
    most = MOST_SIDE * math.sqrt(max(shape) / min(shape))
    return math.ceil(min(image, most) / stride) * stride


def _shaped(measured: MeasuredSet, size: tuple[int, int], stride: int) -> tuple[int, int]:
    """The size in the images' proportions and of about as many pixels."""
    ratios = measured.image_sizes[:, 0] / measured.image_sizes[:, 1]
    ratio = float(np.median(ratios))
    alike = (np.abs(np.log(ratios / ratio)) < math.log(LIKE)).mean()
    change = ratio / (size[0] / size[1])
    if alike < ALIKE or max(change, 1 / change) <= LIKE:
        return size
    side = math.sqrt(size[0] * size[1])
    return _whole(side * math.sqrt(ratio), stride), _whole(side / math.sqrt(ratio), stride)


def _whole(side: float, stride: int) -> int:
    return max(1, math.floor(side / stride + 0.5)) * stride
