"""Where the tiles of a large image lie: parts that a network sees one by one, for small objects."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import product

from darknet_py.errors import DataError

MOST_TILES = 32
"""Columns or rows that somebody may ask for."""
MOST_AUTO_TILES = 8
"""Columns or rows that are chosen for a very large image: a tile of it is shrunk all the same."""
MOST_OVERLAP = 0.9
USUAL_OVERLAP = 0.2
"""Of neighbouring tiles, as a share of one."""
ROUNDING = 1e-6
"""Of a number of tiles or pixels, so that what is whole stays whole."""
GRID = re.compile(r"(\d{1,3})[xX](\d{1,3})")


@dataclass(frozen=True)
class TileWindow:
    """A part of an image, in pixels of it."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class Tiling:
    """How images are cut.

    columns, rows: of tiles; 0: as many as make a tile about as large as the network's input, never
    smaller, and at most MOST_AUTO_TILES. overlap: of neighbours, as a share of a tile.
    """

    columns: int
    rows: int
    overlap: float = USUAL_OVERLAP

    @staticmethod
    def parse(tile: str | None, overlap: float = USUAL_OVERLAP) -> Tiling | None:
        """`2x2`, columns x rows, or `auto`; None for none.

        Raises DataError for anything else, for an overlap that is not in [0, 0.9], and for one
        without tiles.
        """
        if not 0 <= overlap <= MOST_OVERLAP:
            raise DataError(f"overlap {overlap:g}: expected a share from 0 to {MOST_OVERLAP}")
        if tile is None:
            if overlap != USUAL_OVERLAP:
                raise DataError(f"overlap {overlap:g} without tiles: give tile=2x2 or auto as well")
            return None
        if tile == "auto":
            return Tiling(0, 0, overlap)
        grid = GRID.fullmatch(tile)
        columns, rows = (int(grid[1]), int(grid[2])) if grid else (0, 0)
        if not (1 <= columns <= MOST_TILES and 1 <= rows <= MOST_TILES):
            expected = f"columns x rows of 1 to {MOST_TILES} each, such as 2x2, or auto"
            raise DataError(f"tile {tile!r}: expected {expected}")
        return Tiling(columns, rows, overlap)

    @property
    def most(self) -> int:
        """How often the network may see an image."""
        tiles = (self.columns or MOST_AUTO_TILES) * (self.rows or MOST_AUTO_TILES)
        return 1 if tiles == 1 else tiles + 1

    def __str__(self) -> str:
        """As in the line of settings: `2x2+1` is four tiles and the whole image."""
        grid = f"{self.columns}x{self.rows}" if self.columns else "auto"
        return f"{grid if grid == '1x1' else grid + '+1'} overlap {self.overlap:g}"

    def windows(self, size: tuple[int, int], net_size: tuple[int, int]) -> list[TileWindow]:
        """The tiles of an image, row by row, none if one would hold it all.

        size: width and height in pixels; net_size: of the network's input. Tiles are equally
        large, of whole pixels, and cover the image exactly; neighbours overlap by the share or up
        to a pixel less. An image is always seen as a whole too: objects larger than the overlap
        would be cut otherwise.
        """
        across, down = (
            _spans(side, count or self._fitting(side, net_side), self.overlap)
            for side, net_side, count in zip(size, net_size, (self.columns, self.rows), strict=True)
        )
        if len(across) * len(down) == 1:
            return []
        spans = product(down, across)
        return [TileWindow(left, top, wide, high) for (top, high), (left, wide) in spans]

    def _fitting(self, side: int, net_side: int) -> int:
        """How many tiles of a side or more of the network's input lie along an image's side."""
        # n tiles cover 1 + (n - 1) (1 - overlap) times a tile's side.
        fitting = (side / net_side - self.overlap) / (1 - self.overlap)
        return max(1, min(MOST_AUTO_TILES, math.floor(fitting + ROUNDING)))


def _spans(side: int, count: int, overlap: float) -> list[tuple[int, int]]:
    """Start and length of tiles along a side of so many pixels, without any twice."""
    covered = 1 + (count - 1) * (1 - overlap)
    length = math.ceil(side / covered - ROUNDING)
    starts = [(side - length) * number // max(1, count - 1) for number in range(count)]
    return [(start, length) for start in dict.fromkeys(starts)]
