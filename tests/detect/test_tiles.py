"""Where tiles lie, and what somebody may ask for."""

from __future__ import annotations

import itertools

import pytest

from darknet_py.detect.tiles import TileWindow, Tiling
from darknet_py.errors import DataError

NET = (416, 416)


def spans(size: tuple[int, int], tiling: Tiling) -> tuple[list[tuple[int, int]], ...]:
    """Start and end of the columns, and of the rows."""
    windows = tiling.windows(size, NET)
    columns = dict.fromkeys((w.left, w.left + w.width) for w in windows)
    rows = dict.fromkeys((w.top, w.top + w.height) for w in windows)
    assert len(windows) == len(columns) * len(rows)
    return list(columns), list(rows)


def test_two_by_two_row_by_row() -> None:
    """Two tiles of 100 cover 180 where they share a fifth."""
    assert Tiling(2, 2, 0.2).windows((180, 90), NET) == [
        TileWindow(0, 0, 100, 50),
        TileWindow(80, 0, 100, 50),
        TileWindow(0, 40, 100, 50),
        TileWindow(80, 40, 100, 50),
    ]


@pytest.mark.parametrize("overlap", [0, 0.2, 0.333, 0.9])
@pytest.mark.parametrize("count", [2, 3, 7])
def test_an_image_of_any_size_is_covered_exactly(count: int, overlap: float) -> None:
    for width, height in itertools.product((97, 100, 1001, 3840), (64, 2161)):
        for side, line in zip(
            (width, height), spans((width, height), Tiling(count, count, overlap)), strict=True
        ):
            lengths = {end - start for start, end in line}
            assert len(lengths) == 1 and line[0][0] == 0 and line[-1][1] == side
            for (_, end), (start, _) in itertools.pairwise(line):
                assert end - start >= overlap * max(lengths) - 1, "as much in common as asked for"
            if side > 1000:
                assert len(line) == count
                largest = side / (1 + (count - 1) * (1 - overlap))
                assert largest <= max(lengths) < largest + 1, "and no more"


def test_without_overlap_no_pixel_is_in_two_tiles_of_an_even_cut() -> None:
    assert spans((300, 200), Tiling(3, 2, 0)) == (
        [(0, 100), (100, 200), (200, 300)],
        [(0, 100), (100, 200)],
    )


def test_a_tile_is_no_pixel_larger_than_it_must_be() -> None:
    """Of 168 pixels three tiles take 60 each, which 168 / 2.8 is a little above."""
    assert spans((168, 168), Tiling(3, 3, 0.1))[0] == [(0, 60), (54, 114), (108, 168)]


def test_of_an_image_of_few_pixels_no_tile_comes_twice() -> None:
    windows = Tiling(8, 8, 0.2).windows((3, 1), NET)
    assert [(w.left, w.width) for w in windows] == [(0, 1), (1, 1), (2, 1)]


@pytest.mark.parametrize(
    ("size", "columns", "rows", "tile"),
    [
        ((1920, 1080), 5, 2, (458, 600)),
        ((3840, 2160), 8, 6, (582, 432)),
        ((749, 416), 2, 1, (417, 416)),
        ((833, 833), 2, 2, (463, 463)),
        pytest.param((2080, 748), 6, 1, (416, 748), id="rounded down otherwise"),
        ((20_000, 10_000), 8, 8, (3031, 1516)),
    ],
)
def test_auto_makes_tiles_about_as_large_as_the_input(
    size: tuple[int, int], columns: int, rows: int, tile: tuple[int, int]
) -> None:
    tiling = Tiling.parse("auto", 0.2)
    assert tiling is not None
    assert [len(line) for line in spans(size, tiling)] == [columns, rows]
    first = tiling.windows(size, NET)[0]
    assert (first.width, first.height) == tile
    assert min(tile) >= 416


@pytest.mark.parametrize("size", [(1, 1), (416, 416), (748, 700)])
def test_auto_leaves_small_images_whole(size: tuple[int, int]) -> None:
    assert Tiling(0, 0, 0.2).windows(size, NET) == []
    assert Tiling(1, 1, 0.2).windows(size, NET) == []


def test_auto_looks_at_each_side_of_the_input() -> None:
    assert len(Tiling(0, 0, 0).windows((1200, 300), (600, 100))) == 2 * 3


def test_what_is_asked_for() -> None:
    assert Tiling.parse(None) is None
    assert Tiling.parse("3x2", 0.1) == Tiling(3, 2, 0.1)
    assert Tiling.parse("32X1") == Tiling(32, 1, 0.2)
    assert Tiling.parse("auto") == Tiling(0, 0, 0.2)


@pytest.mark.parametrize("text", ["", "2", "2by2", "0x2", "2x33", "-1x2", "2x2x2", "x", "999x1"])
def test_nonsense_is_refused(text: str) -> None:
    message = "columns x rows of 1 to 32 each, such as 2x2, or auto"
    with pytest.raises(DataError, match=f"^tile '{text}': expected {message}$"):
        Tiling.parse(text)


def test_an_overlap_is_a_share_and_needs_tiles() -> None:
    for overlap in (-0.1, 0.91, float("nan")):
        with pytest.raises(DataError, match="expected a share from 0 to 0.9"):
            Tiling.parse("2x2", overlap)
    with pytest.raises(DataError, match=r"^overlap 0.3 without tiles: give tile=2x2 or auto"):
        Tiling.parse(None, 0.3)


def test_how_it_is_said_and_how_often_the_network_sees_an_image() -> None:
    said = [str(Tiling(*given)) for given in ((2, 3, 0.25), (1, 1, 0.2), (0, 0, 0.2))]
    assert said == ["2x3+1 overlap 0.25", "1x1 overlap 0.2", "auto+1 overlap 0.2"]
    assert [Tiling(*given).most for given in ((2, 3), (1, 1), (0, 0))] == [7, 1, 65]
