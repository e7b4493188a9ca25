"""What `performDetect` and `performBatchDetect` make of boxes: an image to look at, lists."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from darknet_py.compat.arguments import real
from darknet_py.compat.box_lists import do_nms_obj
from darknet_py.compat.library_lines import print_lines
from darknet_py.compat.loading import network_height, network_width
from darknet_py.compat.network_boxes import network_predict_batch
from darknet_py.compat.structures import DETECTIONS, IMAGE
from darknet_py.errors import DarknetError
from darknet_py.images.display import show_until_closed
from darknet_py.images.draw import save_image
from darknet_py.images.io import Pixels, read_image, to_bgr

SAMPLES = ("data/person.jpg",) * 3
"""The images that `performBatchDetect` takes where none are given."""
OPACITY = 0.8
SHIFTS = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
"""Rows and columns by which a frame is drawn again, which makes it three pixels wide."""

Answers = tuple[list[Any], list[Any], list[Any]]
Detection = tuple[Any, float, Sequence[float]]


def shown(path: str, detections: Sequence[Detection], image_only: bool) -> Any:
    """The boxes drawn on the image and said, see `performDetect`; alone where no window opens."""
    image = read_image(path)
    captions = [caption(detection) for detection in detections]
    print_lines(f"*** {len(detections)} Results, color coded by confidence ***", *captions)
    for detection in detections:
        _draw_frame(image, detection)
    try:
        if not image_only:
            show_until_closed(to_bgr(image))
    except DarknetError as failure:
        print_lines(f"Unable to show image: {failure}")
        return detections
    return {"detections": detections, "image": image, "caption": "\n<br/>".join(captions)}


def caption(detection: Detection) -> str:
    """Such as `dog: 98.0%`."""
    label, confidence, _ = detection
    name = label.decode() if isinstance(label, bytes) else label
    return f"{name}: {float(np.rint(100 * confidence))}%"


def score_color(confidence: float) -> tuple[int, int, int]:
    """From red at 0 to green at 1, RGB."""
    return int(255 * (1 - confidence**2)), int(255 * confidence**2), 0


def _draw_frame(image: Pixels, detection: Detection) -> None:
    """A frame around the box, blended with the image (H, W, 3) RGB."""
    _, confidence, (x, y, w, h) = detection
    left, top = int(x - w / 2), int(y - h / 2)
    for down, right in SHIFTS:
        mask = np.zeros(image.shape[:2], np.uint8)
        corner = left + right, top + down
        cv2.rectangle(mask, corner, (corner[0] + int(w), corner[1] + int(h)), 1)
        edge = mask.astype(bool)
        color = np.array(score_color(confidence)) * OPACITY
        image[edge] = (image[edge] * (1 - OPACITY) + color).astype(np.uint8)


def batch_answers(
    network: Any,
    classes: int,
    paths: Sequence[str],
    count: int,
    rules: tuple[float, float, float],
) -> Answers:
    """See `performBatchDetect`; rules: thresh, hier_thresh, nms."""
    thresh, hier, nms = rules
    images = [to_bgr(read_image(path)) for path in paths]
    sizes = {image.shape[:2] for image in images}
    if len(images) != count or len(sizes) != 1:
        expected = f"expected batch_size={count} images of one size"
        raise ValueError(f"images: {expected}, got {len(images)} of {len(sizes)} sizes")
    ((height, width),) = sizes
    net_width, net_height = network_width(network), network_height(network)
    batch = _stacked(images, net_width, net_height)
    im = IMAGE(net_width, net_height, batch.shape[1], batch)
    found = network_predict_batch(network, im, count, width, height, thresh, hier, None, 0, 0)
    answers: Answers = ([], [], [])
    for path, image, pair in zip(paths, images, found, strict=True):
        if nms:
            do_nms_obj(pair.dets, pair.num, classes, nms)
        one = _best(pair.dets, real(thresh, "thresh"))
        for column, rows in zip(answers, one, strict=True):
            column.append(rows)
        _write(os.path.basename(path), image, one)
    return answers


def _stacked(images: Sequence[Pixels], width: int, height: int) -> NDArray[np.float32]:
    """(N, 3, height, width) RGB in [0, 1] of BGR images, resized to the nearest pixels."""
    fitted = [
        cv2.resize(image, (width, height), interpolation=cv2.INTER_NEAREST) for image in images
    ]
    stack = np.stack(fitted)[..., ::-1].transpose(0, 3, 1, 2)
    return np.ascontiguousarray(stack, np.float32) / np.float32(255)


def _best(rows: DETECTIONS, thresh: float) -> Answers:
    """(top, left, bottom, right), score and class of boxes whose best class is above thresh."""
    answers: Answers = ([], [], [])
    for box, scores in zip(rows.boxes.tolist(), rows.prob, strict=True):
        best = int(scores.argmax())
        if scores[best] > thresh:
            x, y, w, h = box
            edges = (y - h / 2, x - w / 2, y + h / 2, x + w / 2)
            values = (tuple(map(int, edges)), float(scores[best]), best)
            for column, value in zip(answers, values, strict=True):
                column.append(value)
    return answers


def _write(path: str, image: Pixels, answers: Answers) -> None:
    for (top, left, bottom, right), score, _ in zip(*answers, strict=True):
        cv2.rectangle(image, (left, top), (right, bottom), score_color(score), 2)
    save_image(path, image, quality=95)
