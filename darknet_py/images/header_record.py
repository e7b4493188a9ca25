"""What the header of an image file says, and the errors of one that says what cannot be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

TURNED = frozenset({5, 6, 7, 8})
"""EXIF orientations that exchange width and height."""


Size = tuple[int, int]


class DamagedHeader(Exception):
    """A claim that no image of this file can be true to; the message says which.

    size: the width and height that are claimed, where they are known.
    """

    def __init__(self, claim: str, size: Size | None = None) -> None:
        super().__init__(claim)
        self.size = size


@dataclass(frozen=True)
class ImageHeader:
    """width, height: in pixels, as they are stored. orientation: EXIF's, 1 (upright) to 8."""

    width: int
    height: int
    orientation: int = 1

    def size(self, honour_exif: bool = False) -> Size:
        """Width and height, exchanged where the orientation says so and is honoured."""
        turned = honour_exif and self.orientation in TURNED
        return (self.height, self.width) if turned else (self.width, self.height)


@dataclass(frozen=True)
class ImageBytes:
    """The first bytes of a file, perhaps all, and how many it has."""

    data: bytes
    total: int

    @property
    def whole(self) -> bool:
        return len(self.data) == self.total

    def number(self, offset: int, count: int, order: str = "big") -> int:
        """An unsigned number of `count` bytes; raises IndexError behind the last of them."""
        if offset < 0 or offset + count > len(self.data):
            raise IndexError(offset)
        return int.from_bytes(self.data[offset : offset + count], order)  # type: ignore[arg-type]

    def require(self, needed: int, what: str, size: Size | None = None) -> None:
        """Raises DamagedHeader for what needs more bytes than the file has."""
        if needed > self.total:
            raise DamagedHeader(f"{what} would take {needed} bytes of {self.total}", size)

    def require_pixels(self, needed: int, size: Size, most: int = 1) -> None:
        """Raises DamagedHeader for pixels of `needed` bytes, if each of the file's makes `most`."""
        if needed > most * self.total:
            width, height = size
            claim = f"{self.total} bytes cannot hold {width} x {height} pixels"
            raise DamagedHeader(claim, size)


ReadHeader = Callable[[ImageBytes], "ImageHeader | None"]
"""The header in an image's first bytes, None where these do not say yet.

Raises DamagedHeader for claims that are not true, IndexError for a header that is cut off.
"""
