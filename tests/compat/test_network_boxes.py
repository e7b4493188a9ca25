"""From what a network has seen to boxes, call by call as scripts make them."""

from __future__ import annotations

from ctypes import POINTER, c_float, c_int, pointer
from typing import Any

import cv2
import numpy as np
import pytest
from support.shapes_network import (
    CFG,
    NAMES,
    PICTURE,
    WEIGHTS,
    Row,
    detected,
    network_image,
    require_same,
)

from darknet_py.compat.box_lists import (
    do_nms_obj,
    do_nms_sort,
    free_batch_detections,
    free_detections,
    remove_negatives,
)
from darknet_py.compat.image_memory import copy_image_from_bytes, load_image, make_image
from darknet_py.compat.loading import load_net, load_net_custom
from darknet_py.compat.network_boxes import (
    get_network_boxes,
    make_network_boxes,
    network_predict_batch,
    predict,
    predict_image,
    predict_image_letterbox,
)
from darknet_py.compat.open_network import opened
from darknet_py.compat.structures import IMAGE
from darknet_py.errors import DarknetError

SIDE, SIZE = 416, 256


@pytest.fixture
def net() -> Any:
    return load_net_custom(CFG, WEIGHTS, 0, 1)


def ranked(rows: list[Any]) -> list[Row]:
    return sorted(rows, key=lambda row: -row[1])


def test_the_calls_of_detect_image_one_by_one(net: Any) -> None:
    predict_image(net, network_image(net))
    count = pointer(c_int(0))
    rows = get_network_boxes(net, SIDE, SIDE, 0.25, 0.5, None, 0, count, 0)
    assert count[0] == len(rows) > 8
    assert rows.objectness == pytest.approx(objectness_by_cell(net, 0.25))
    do_nms_sort(rows, len(rows), 8, 0.45)
    found = ranked(remove_negatives(rows, NAMES, len(rows)))
    assert len(found) == 8 and found[0][0] == "crescent"
    # cv2.resize in bytes makes other pixels than Darknet's resize in floats.
    for one, other in zip(found, detected("alexeyab", thresh=0.25, nms=0.45), strict=True):
        assert one[0] == other[0] and one[1] == pytest.approx(other[1], abs=0.02)


def objectness_by_cell(net: Any, thresh: float) -> list[float]:
    """Those above a threshold in C's order: head by head, cells row by row, anchors within."""
    values: list[float] = []
    for head in opened(net).last_heads:
        cells = head[0].unflatten(0, (3, 4 + 1 + 8))[:, 4].permute(1, 2, 0)
        values += cells[cells > thresh].tolist()
    return values


def wide_image() -> tuple[IMAGE, np.ndarray]:
    """300 x 200, and the same pixels as Detector takes an array."""
    bgr = cv2.imread(PICTURE)
    assert bgr is not None
    pixels = np.asarray(cv2.resize(bgr, (300, 200)), np.uint8)
    image = make_image(300, 200, 3)
    copy_image_from_bytes(image, pixels[..., ::-1].tobytes())
    return image, pixels


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("nms", [0, 0.45])
def test_an_image_of_another_size_is_as_detector_sees_it(
    net: Any, nms: float, padded: bool
) -> None:
    image, pixels = wide_image()
    (predict_image_letterbox if padded else predict_image)(net, image)
    rows = get_network_boxes(net, 300, 200, 0.25, 0.5, None, 0, None, int(padded))
    if nms:
        do_nms_sort(rows, len(rows), 8, nms)
    found = ranked(remove_negatives(rows, NAMES, len(rows)))
    require_same(found, detected("alexeyab", pixels, letter_box=padded, thresh=0.25, nms=nms))


def test_relative_boxes_are_those_in_pixels_by_the_size(net: Any) -> None:
    predict_image(net, network_image(net))
    pixels = get_network_boxes(net, 640, 480, 0.25, 0.5, None, 0, None, 0)
    shares = get_network_boxes(net, 640, 480, 0.25, 0.5, None, 1, None, 0)
    assert pixels.boxes == pytest.approx(shares.boxes * np.float32([640, 480, 640, 480]))
    assert shares.boxes[:, :2].min() > 0 and shares.boxes[:, :2].max() < 1
    for rows in (pixels, shares):
        do_nms_sort(rows, len(rows), 8, 0.45)
    assert (pixels.prob == shares.prob).all()


def test_a_batch_gives_each_image_its_boxes() -> None:
    net = load_net_custom(CFG, WEIGHTS, 0, 2)
    one, other = network_image(net), network_image(net, PICTURE.replace("-1", "-2"))
    numbers = np.concatenate([one.chw().reshape(-1), other.chw().reshape(-1)])
    # As in darknet_images.py: the size of another image, and all numbers behind one pointer.
    image = IMAGE(300, 200, 3, numbers.ctypes.data_as(POINTER(c_float)))
    pairs = network_predict_batch(net, image, 2, 300, 200, 0.25, 0.5, None, 0, 0)
    for pair, single in zip(pairs, (one, other), strict=True):
        predict_image(net, single)
        rows = get_network_boxes(net, 300, 200, 0.25, 0.5, None, 0, None, 0)
        assert pair.num == len(pair.dets) == len(rows)
        assert pair.dets.boxes == pytest.approx(rows.boxes, abs=1e-3)
        assert pair.dets.prob == pytest.approx(rows.prob, abs=1e-5)
    assert pairs[0].num != pairs[1].num
    free_batch_detections(pairs, 2)
    assert len(pairs[0].dets) == 0


def test_outputs_are_those_of_the_last_layer(net: Any) -> None:
    image = network_image(net)
    values = predict_image(net, image)
    assert len(values) == 3 * (4 + 1 + 8) * 32 * 32 and type(values[0]) is float
    again = predict(net, image.data)
    assert values[:100] == pytest.approx(again[:100], abs=1e-6)
    with pytest.raises(DarknetError, match="data: expected 196608 numbers for 1 x "):
        predict(net, np.zeros(100, np.float32))


def test_room_for_boxes(net: Any) -> None:
    predict_image(net, network_image(net))
    count = pointer(c_int(0))
    rows = make_network_boxes(net, 0.25, count)
    assert count[0] == len(rows) > len(make_network_boxes(net)) > 0
    assert not rows.prob.any() and not rows.boxes.any()
    free_detections(rows, len(rows))
    assert len(rows) == 0


def test_a_net_of_load_net_is_pjreddies_until_a_call_of_alexeyabs_comes() -> None:
    net, image = load_net(CFG, WEIGHTS, 0), load_image(PICTURE, 300, 200)
    predict_image(net, image)
    image.chw()[:] = 0  # it is not looked at again
    rows = get_network_boxes(net, 300, 200, 0.25, 0.5, None, 0, None, 0)
    stretched = load_net_custom(CFG, WEIGHTS, 0, 1)
    predict_image(stretched, load_image(PICTURE, 300, 200))
    expected = get_network_boxes(stretched, 300, 200, 0.25, 0.5, None, 0, None, 0)
    assert rows.boxes == pytest.approx(expected.boxes) and len(rows)


def test_eight_arguments_are_pjreddies() -> None:
    net, (image, pixels) = load_net(CFG, WEIGHTS, 0), wide_image()
    predict_image(net, image)
    rows = get_network_boxes(net, 300, 200, 0.25, 0.5, None, 0, None)
    do_nms_obj(rows, len(rows), 8, 0.45)
    limits = {"thresh": 0.25, "nms": 0.45}
    expected = detected("pjreddie", pixels, "objectness", letter_box=True, **limits)
    require_same(ranked(remove_negatives(rows, NAMES, len(rows))), expected)
    # Now it is certain: a ninth argument is what it says, and the network stays.
    again = get_network_boxes(net, 300, 200, 0.25, 0.5, None, 0, None, 1)
    assert len(again) == len(rows)


def test_wrong_arguments(net: Any) -> None:
    with pytest.raises(DarknetError, match=r"no image has been shown; call predict_image first"):
        get_network_boxes(net, 1, 1, 0.5, 0.5, None, 0, None, 0)
    with pytest.raises(TypeError, match="im: expected what make_image, load_image or IMAGE"):
        predict_image(net, np.zeros((4, 4, 3)))
    with pytest.raises(TypeError, match="net: expected what load_net or load_network returned"):
        predict_image(1, make_image(1, 1, 3))
    with pytest.raises(DarknetError, match="has 1 channels, expected the network's 3"):
        predict_image(net, make_image(4, 4, 1))
    predict_image(net, make_image(4, 4, 3))
    with pytest.raises(TypeError, match="thresh: expected a number, got str"):
        get_network_boxes(net, 1, 1, "0.5", 0.5, None, 0, None, 0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expected a width and a height from 1, got 0 x 1"):
        get_network_boxes(net, 0, 1, 0.5, 0.5, None, 0, None, 0)
    with pytest.raises(DarknetError, match="holds 3 numbers, 393216 are needed"):
        network_predict_batch(net, make_image(1, 1, 3), 2, 1, 1, 0.5, 0.5, None, 0, 0)
    with pytest.raises(ValueError, match="batch_size: expected 1 or more images, got 0"):
        network_predict_batch(net, make_image(1, 1, 3), 0, 1, 1, 0.5, 0.5, None, 0, 0)


def test_detector_and_darknet_py_agree_on_the_same_numbers(net: Any) -> None:
    """An image of the network's size goes in as it is, on both ways."""
    image = network_image(net)
    predict_image(net, image)
    rows = get_network_boxes(net, SIZE, SIZE, 0.1, 0.5, None, 0, None, 0)
    do_nms_sort(rows, len(rows), 8, 0.3)
    pixels = np.rint(image.chw()[::-1].transpose(1, 2, 0) * 255).astype(np.uint8)
    expected = detected("alexeyab", pixels, thresh=0.1, nms=0.3)
    require_same(ranked(remove_negatives(rows, NAMES, len(rows))), expected)
