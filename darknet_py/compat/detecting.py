"""An image through a network to rows of name, score and box, as `detect` and `detect_image` go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from darknet_py.compat.arguments import required
from darknet_py.compat.box_lists import do_nms_obj, do_nms_sort, remove_negatives
from darknet_py.compat.library_lines import print_lines
from darknet_py.compat.network_boxes import image_boxes
from darknet_py.compat.open_network import OpenNetwork
from darknet_py.compat.structures import IMAGE

Found = tuple[Any, float, tuple[float, float, float, float]]


class Thresholds(NamedTuple):
    """As `detect` takes them; nms: None or 0 suppresses nothing."""

    thresh: float
    hier: float
    nms: float | None


def boxes_found(
    network: OpenNetwork,
    names: Sequence[Any],
    image: Any,
    limits: Thresholds,
    debug: bool | None = None,
) -> list[Found]:
    """(name, score, box) in the order of C, box by box and class by class."""
    im: IMAGE = required(image, IMAGE, "image", "make_image, load_image or IMAGE")
    network.show(im)
    step(debug, "did prediction")
    rows = image_boxes(network, (im.w, im.h), limits.thresh, limits.hier)
    step(debug, "Got dets")
    if limits.nms:
        suppress = do_nms_obj if network.dialect.by_objectness else do_nms_sort
        suppress(rows, len(rows), len(names), limits.nms)
        step(debug, "did sort")
    return remove_negatives(rows, names, len(rows))


def by_score(
    network: OpenNetwork,
    names: Sequence[Any],
    image: Any,
    limits: Thresholds,
    debug: bool | None = None,
) -> list[Found]:
    """The same, the highest score first."""
    rows = sorted(boxes_found(network, names, image, limits, debug), key=lambda row: -row[1])
    step(debug, "did range")
    return rows


def step(debug: bool | None, done: str) -> None:
    """Print what has been done, where that was asked for."""
    if debug:
        print_lines(done)
