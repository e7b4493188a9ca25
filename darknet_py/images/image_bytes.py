"""An image file's bytes as a source, such as what came from a database or an upload."""

from __future__ import annotations

from darknet_py.errors import ImageError
from darknet_py.images.frames import PendingFrame
from darknet_py.images.io import Pixels, encoded_image

NAME = "bytes"
"""What messages call them."""


def is_bytes(source: object) -> bool:
    """Whether a source is the contents of a file."""
    return isinstance(source, (bytes, bytearray, memoryview))


def bytes_frame(data: bytes | bytearray | memoryview, number: int = 0) -> PendingFrame:
    """The image in the bytes of a file of any known format, which is decoded as from the file.

    Raises ImageError then for bytes that are no image.
    """

    def decode(channels: int, honour_exif: bool) -> Pixels:
        whole = bytes(data)
        if not whole:
            raise ImageError(f"{NAME}: there are none; give the contents of an image file")
        return encoded_image(NAME, whole).decode_bgr(channels, honour_exif)

    return PendingFrame(decode, number=number)
