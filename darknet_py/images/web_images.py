"""One image of the web, read once and like a file. Its bytes are fetched when it is decoded."""

from __future__ import annotations

import time
from contextlib import closing

from darknet_py.errors import ImageError
from darknet_py.images.frames import FrameSource, PendingFrame
from darknet_py.images.io import Pixels, encoded_image
from darknet_py.images.moving_names import shown
from darknet_py.images.web_addresses import asked
from darknet_py.web_request import Answer, RequestFailure

MOST_BYTES = 128 << 20
"""Of an image; a file of more, or an answer without end, would fill the memory."""
MOST_SECONDS = 120.0
"""That one image may take to come."""
MOVING = ("multipart/", "video/", "application/vnd.apple.mpegurl")
"""Kinds of answers that are streams, whatever the address ends in."""


def web_image_source(address: str) -> FrameSource:
    """The image behind an address of the web, as a source of one frame."""
    return FrameSource([web_frame(address)], length=1, single=True)


def web_frame(address: str, number: int = 0) -> PendingFrame:
    """The image behind an address, which is fetched each time that it is read."""
    name = shown(address)

    def decode(channels: int, honour_exif: bool) -> Pixels:
        return encoded_image(name, fetched(address)).decode_bgr(channels, honour_exif)

    return PendingFrame(decode, name, number)


def fetched(address: str) -> bytes:
    """The bytes of an image. Raises ImageError for an address that does not answer, or with a
    stream, too slowly or with more than MOST_BYTES."""
    name = shown(address)
    try:
        with closing(asked(address)) as answer:
            return _body(answer, name)
    except RequestFailure as failure:
        cure = "check the address, and that this machine reaches it"
        raise ImageError(f"{name}: cannot be fetched: {failure}; {cure}") from None


def _body(answer: Answer, name: str) -> bytes:
    _require_still(answer, name)
    data, end = bytearray(), time.monotonic() + MOST_SECONDS
    while piece := answer.read():
        data += piece
        if len(data) > MOST_BYTES:
            _refuse_size(name)
        if time.monotonic() > end:
            slow = f"only {len(data)} bytes in {MOST_SECONDS:g} s"
            raise ImageError(f"{name}: {slow}; download the file first")
    if answer.total is not None and len(data) != answer.total:
        cut = f"ended after {len(data)} of {answer.total} bytes"
        raise ImageError(f"{name}: {cut}; try again")
    return bytes(data)


def _require_still(answer: Answer, name: str) -> None:
    if answer.content_type.startswith(MOVING):
        told = f"answers with {answer.content_type}, which is a stream"
        raise ImageError(f"{name}: {told}; use stream(), or `darknet-py detector demo`")
    if (answer.total or 0) > MOST_BYTES:
        _refuse_size(name)


def _refuse_size(name: str) -> None:
    raise ImageError(
        f"{name}: more than {MOST_BYTES >> 20} MiB; download the file, make it smaller"
    )
