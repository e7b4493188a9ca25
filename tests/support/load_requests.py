"""Drawn images of many sizes, and the requests to /detect that send them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from darknet_py import Detector
from darknet_py.synthetic.shape_images import draw_image
from support.load_client import Exchange

SIZES = ((320, 240), (416, 416), (480, 640), (640, 480), (800, 600), (1024, 768), (1280, 960))
"""Width and height in pixels, in turn."""
PNG_EVERY = 8
"""So manieth image is a PNG, the others are JPEG."""
BATCHES = (1, 2, 4)
BOUNDARY = b"a-boundary-that-no-image-has"


@dataclass(frozen=True)
class ImageFile:
    name: str
    data: bytes


def mixed_images(count: int, seed: int = 0) -> list[ImageFile]:
    rng = np.random.default_rng(seed)
    images = []
    for number in range(count):
        pixels, _ = draw_image(rng, *SIZES[number % len(SIZES)])
        ending = ".png" if number % PNG_EVERY == PNG_EVERY - 1 else ".jpg"
        _, data = cv2.imencode(ending, pixels)
        images.append(ImageFile(f"image-{number}{ending}", data.tobytes()))
    return images


def raw_request(data: bytes, query: str = "") -> bytes:
    """The image is the body."""
    head = f"POST /detect{query} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data


def form_request(data: bytes, query: str = "") -> bytes:
    """The image is a file of a form."""
    before = b'--%b\r\nContent-Disposition: form-data; name="image"; filename="i"\r\n\r\n'
    body = b"%b%b\r\n--%b--\r\n" % (before % BOUNDARY, data, BOUNDARY)
    head = (
        f"POST /detect{query} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY.decode()}\r\n\r\n"
    )
    return head.encode() + body


def expected_bodies(detector: Detector, image: ImageFile, thresh: float) -> tuple[bytes, ...]:
    """What /detect may answer: what `detector` gives for the image alone, and in a batch of each
    size. The last digit of a number may differ there, whatever the other images are."""
    pixels = cv2.imdecode(np.frombuffer(image.data, np.uint8), cv2.IMREAD_COLOR)
    texts = []
    for batch in BATCHES:
        copies = [pixels] * (batch * torch.get_num_threads())  # of fewer, each thread takes a part
        results = detector(copies, thresh, batch=batch)
        assert isinstance(results, list)
        texts.append(results[0].to_json(named=False).encode())
    return tuple(dict.fromkeys(texts))


def exchanges_of(
    detector: Detector,
    images: Sequence[ImageFile],
    thresh: float,
    form_every: int = 4,
) -> list[Exchange]:
    """One for each image, every so manieth by a form."""
    made = []
    for number, image in enumerate(images):
        request = form_request if number % form_every == form_every - 1 else raw_request
        data = request(image.data, f"?thresh={thresh:g}")
        made.append(Exchange(data, expected_bodies(detector, image, thresh)))
    return made


def shuffled(exchanges: Sequence[Exchange], count: int, seed: int = 0) -> list[int]:
    """The numbers of `count` requests: each exchange about as often, in a mixed order."""
    numbers = np.arange(count) % len(exchanges)
    return np.random.default_rng(seed).permutation(numbers).tolist()
