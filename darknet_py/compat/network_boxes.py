"""darknet.py's functions that show a network an image, and those from what it has seen to boxes."""

from __future__ import annotations

from typing import Any

import numpy as np

from darknet_py.compat.arguments import class_map, real, required, store, whole
from darknet_py.compat.dialects import HANK, ORIGINAL, TODAY, notice
from darknet_py.compat.float_memory import c_floats, floats_of
from darknet_py.compat.open_network import OpenNetwork, opened
from darknet_py.compat.structures import DETECTIONS, DETNUMPAIR, IMAGE
from darknet_py.detect.candidates import Candidates
from darknet_py.detect.pipeline import PipelineOptions, candidates_of
from darknet_py.errors import DarknetError
from darknet_py.images.letterbox import Placement
from darknet_py.layers.head import Suppression
from darknet_py.layers.region import Region

AS_FOUND = Suppression(sorts=False)
USUAL_THRESH = 0.5
"""Of `make_network_boxes` where none is given; the C library then took whatever there was."""


def get_network_boxes(
    net: Any,
    w: int,
    h: int,
    thresh: float,
    hier: float,
    map: Any,
    relative: int,
    num: Any,
    letter: int | None = None,
) -> DETECTIONS:
    """The boxes in what the network was shown last, before any suppression.

    w, h: width and height in pixels of the image that boxes are placed in, unless `relative`.
    thresh: scores must be above it. hier: least product down a class tree. map: None, or numbers
    of a class tree. num: pointer(c_int(0)), which gets the number of boxes, or None. letter: the
    image was padded; AlexeyAB's and hank-ai's darknet.py have it, in pjreddie's it always is.

    Boxes of [region] and [detection] that have no class above the threshold are left out, which
    the C library gives with scores of 0. Raises TypeError, DarknetError.
    """
    network = opened(net)
    network.settle(ORIGINAL if letter is None else TODAY)
    padded = network.dialect.letterboxes if letter is None else bool(whole(letter, "letter"))
    options = _options(thresh, hier, map)
    size = whole(w, "w"), whole(h, "h")
    (boxes,) = _boxes(network, 1, size, options, bool(whole(relative, "relative")), padded)
    store(num, len(boxes), "num")
    return boxes


def image_boxes(
    network: OpenNetwork, size: tuple[int, int], thresh: float, hier: float
) -> DETECTIONS:
    """The same for the image of this width and height that was shown last, in pixels of it."""
    options, padded = _options(thresh, hier, None), network.dialect.letterboxes
    return _boxes(network, 1, size, options, False, padded)[0]


def network_predict_batch(
    net: Any,
    im: IMAGE,
    batch_size: int,
    w: int,
    h: int,
    thresh: float,
    hier: float,
    map: Any,
    relative: int,
    letter: int,
) -> list[DETNUMPAIR]:
    """The boxes of each of `batch_size` images, see get_network_boxes.

    im: its data are the images one after the other, of the network's own size whatever im.w and
    im.h are; w, h: of the image that boxes are placed in. Raises TypeError, DarknetError.
    """
    network, count = opened(net), whole(batch_size, "batch_size")
    network.settle(TODAY)
    if count < 1:
        raise ValueError(f"batch_size: expected 1 or more images, got {count}")
    shape = network.graph.net.input
    image: IMAGE = required(im, IMAGE, "im", "make_image or IMAGE")
    network.show_batch([*image.floats(count * shape.size).reshape(count, *shape)])
    options, size = _options(thresh, hier, map), (whole(w, "w"), whole(h, "h"))
    padded = bool(whole(letter, "letter"))
    found = _boxes(network, count, size, options, bool(whole(relative, "relative")), padded)
    return [DETNUMPAIR(len(boxes), boxes) for boxes in found]


def make_network_boxes(net: Any, thresh: float = USUAL_THRESH, num: Any = None) -> DETECTIONS:
    """Room for the boxes above the threshold in what the network was shown last, all 0.

    thresh, num: as of get_network_boxes; hank-ai's darknet.py has them.
    """
    network = opened(net)
    if num is not None:
        notice(HANK)
    (boxes,) = _boxes(network, 1, (1, 1), _options(thresh, 0.5, None), True, False)
    for column in (boxes.boxes, boxes.objectness, boxes.prob):
        column[:] = 0
    store(num, len(boxes), "num")
    return boxes


def predict(net: Any, data: Any) -> Any:
    """A C array of the last layer's output for as many images as the network was loaded for.

    data: their numbers, of the network's own size, one image after the other, as IMAGE takes them.
    """
    network = opened(net)
    shape, values = network.graph.net.input, floats_of(data)
    needed = network.batch * shape.size
    if len(values) < needed:
        raise DarknetError(f"data: expected {needed} numbers for {network.batch} x {shape}")
    network.show_batch([*values[:needed].reshape(network.batch, *shape)])
    return c_floats(network.output())


def predict_image(net: Any, im: IMAGE) -> Any:
    """A C array of the last layer's output for an image of any size.

    It is stretched to the network's input; in pjreddie's darknet.py padded. An image of that size
    is taken as it is. Raises TypeError, DarknetError.
    """
    network = opened(net)
    network.show(required(im, IMAGE, "im", "make_image, load_image or IMAGE"))
    return c_floats(network.output())


def predict_image_letterbox(net: Any, im: IMAGE) -> Any:
    """The same for an image that is padded to keep its aspect."""
    network = opened(net)
    network.settle(TODAY)
    network.show(required(im, IMAGE, "im", "make_image, load_image or IMAGE"), letter_box=True)
    return c_floats(network.output())


def _options(thresh: float, hier: float, map: Any) -> PipelineOptions:
    return PipelineOptions(
        thresh=real(thresh, "thresh"),
        hier=real(hier, "hier"),
        nms=0,
        class_map=class_map(map),
        suppression=AS_FOUND,
    )


def _boxes(
    network: OpenNetwork,
    count: int,
    size: tuple[int, int],
    options: PipelineOptions,
    relative: bool,
    padded: bool,
) -> list[DETECTIONS]:
    """The boxes of each of the first `count` images shown last, in the order of the heads' cells.

    size: width and height in pixels of the image, from 1."""
    if min(size) < 1:
        raise ValueError(f"w, h: expected a width and a height from 1, got {size[0]} x {size[1]}")
    graph = network.detection_graph()
    placement = Placement(*size, graph.net.width, graph.net.height, padded)
    heads = [head[:count] for head in network.last_heads]
    found = candidates_of(graph, heads, [placement] * count, options)
    sides = (1, 1) if relative else size
    tree = isinstance(graph.nodes[graph.heads[-1]].layer, Region)
    return [_detections(found.of_image(k), sides, tree, network.skipped) for k in range(count)]


def _detections(
    found: Candidates, sides: tuple[int, int], best: bool, skipped: set[int]
) -> DETECTIONS:
    """best: of each box the best class is noted, as for [region] only."""
    boxes = found.boxes.numpy() * np.array(sides * 2, np.float32)
    prob = found.scores.numpy().copy()
    prob[:, [k for k in skipped if 0 <= k < prob.shape[1]]] = 0
    classes = prob.argmax(axis=1) if best else np.zeros(len(prob), np.int64)
    return DETECTIONS(boxes, found.objectness.numpy().copy(), prob, classes, sides)
