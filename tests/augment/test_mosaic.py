"""The mosaic of four images against the C program's loops over pixels and labels."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from darknet_py.augment import mosaic
from darknet_py.augment.pixels import CropMargins, Pixels

WIDTH, HEIGHT = 20, 16
F = np.float32


def shifts(crop: CropMargins, flip: bool, cut: tuple[int, int]) -> tuple[int, int, int, int]:
    """left, right, top, bottom: margins on the side of a tile that are left out."""
    left, right = (crop.right, crop.left) if flip else (crop.left, crop.right)

    def limited(most: int, side: int, length: int, whole: int) -> int:
        # C's division cuts towards zero; only margins, which are negative, count.
        return min(most, max(0, -side * length // whole if side < 0 else 0))

    return (
        limited(cut[0], left, WIDTH, crop.width),
        limited(WIDTH - cut[0], right, WIDTH, crop.width),
        limited(cut[1], crop.top, HEIGHT, crop.height),
        limited(HEIGHT - cut[1], crop.bottom, HEIGHT, crop.height),
    )


def pasted_slowly(
    canvas: Pixels, image: Pixels, crop: CropMargins, flip: bool, number: int, cut: tuple[int, int]
) -> None:
    left, right, top, bottom = shifts(crop, flip, cut)
    for y in range(HEIGHT):
        for x in range(WIDTH):
            if (x >= cut[0], y >= cut[1]) != (number in (1, 3), number in (2, 3)):
                continue
            from_x = x - cut[0] + left if number in (1, 3) else x + WIDTH - cut[0] - right
            from_y = y - cut[1] + top if number in (2, 3) else y + HEIGHT - cut[1] - bottom
            canvas[y, x] = image[from_y, from_x]


def moved_slowly(
    labels: np.ndarray,
    crop: CropMargins,
    flip: bool,
    number: int,
    cut: tuple[int, int],
    bound: bool,
) -> list[list[float]]:
    """Single precision throughout, as the C program's labels are."""
    left_out, right_out, top_out, bottom_out = shifts(crop, flip, cut)
    kept = []
    for name, x, y, w, h in labels:
        across = cut[0] - left_out if number in (1, 3) else -(WIDTH - cut[0] - right_out)
        down = cut[1] - top_out if number in (2, 3) else -(HEIGHT - cut[1] - bottom_out)
        x, y = x + F(across) / F(WIDTH), y + F(down) / F(HEIGHT)
        left, right = int((x - w / 2) * F(WIDTH)), int((x + w / 2) * F(WIDTH))
        top, bottom = int((y - h / 2) * F(HEIGHT)), int((y + h / 2) * F(HEIGHT))
        if bound:
            left = max(left, cut[0] if number in (1, 3) else 0)
            right = min(right, WIDTH if number in (1, 3) else cut[0])
            top = max(top, cut[1] if number in (2, 3) else 0)
            bottom = min(bottom, HEIGHT if number in (2, 3) else cut[1])
            x, w = F(right + left) / 2 / F(WIDTH), F(right - left) / F(WIDTH)
            y, h = F(bottom + top) / 2 / F(HEIGHT), F(bottom - top) / F(HEIGHT)
        else:
            if left < 0:
                x, w = x - F(left) / F(WIDTH) / 2, w + F(left) / F(WIDTH)
            if right > WIDTH:
                x, w = x - F(right - WIDTH) / F(WIDTH) / 2, w - F(right - WIDTH) / F(WIDTH)
            if top < 0:
                y, h = y - F(top) / F(HEIGHT) / 2, h + F(top) / F(HEIGHT)
            if bottom > HEIGHT:
                y, h = y - F(bottom - HEIGHT) / F(HEIGHT) / 2, h - F(bottom - HEIGHT) / F(HEIGHT)
            left, right = int((x - w / 2) * F(WIDTH)), int((x + w / 2) * F(WIDTH))
            top, bottom = int((y - h / 2) * F(HEIGHT)), int((y + h / 2) * F(HEIGHT))
        inside = left >= 0 and right <= WIDTH and top >= 0 and bottom <= HEIGHT
        has_size = F(1) / F(WIDTH) < w < 1 and F(1) / F(HEIGHT) < h < 1
        if inside and has_size and 0 < x < 1 and 0 < y < 1:
            kept.append([float(name), float(x), float(y), float(w), float(h)])
    return kept


crops = st.builds(CropMargins, *[st.integers(-30, 30)] * 4, st.just(80), st.just(70))
cuts = st.tuples(st.integers(0, WIDTH), st.integers(0, HEIGHT))
unit = st.floats(0, 1, width=32)
some_labels = st.lists(st.tuples(st.integers(0, 9), unit, unit, unit, unit), max_size=8)


@given(crop=crops, cut=cuts, flip=st.booleans(), number=st.integers(0, 3))
def test_tiles_show_what_the_c_program_copies(
    crop: CropMargins, cut: tuple[int, int], flip: bool, number: int
) -> None:
    image = np.arange(WIDTH * HEIGHT, dtype=np.uint16).reshape(HEIGHT, WIDTH, 1)
    expected = np.full_like(image, 9999)
    result = expected.copy()
    pasted_slowly(expected, image, crop, flip, number, cut)
    part = mosaic.tile(crop, flip, number, cut, (WIDTH, HEIGHT))
    mosaic.paste(result, part.window.of(image), part)
    assert (result == expected).all()


def test_four_tiles_fill_the_canvas() -> None:
    canvas = np.zeros((HEIGHT, WIDTH, 1), np.uint8)
    for number in range(4):
        part = mosaic.tile(CropMargins(0, 0, 0, 0, 9, 9), False, number, (5, 11), (WIDTH, HEIGHT))
        image = np.full((HEIGHT, WIDTH, 1), number + 1, np.uint8)
        mosaic.paste(canvas, part.window.of(image), part)
    assert canvas[[0, 10, 11, 15]][:, [0, 4, 5, 19], 0].tolist() == [
        [1, 1, 2, 2],
        [1, 1, 2, 2],
        [3, 3, 4, 4],
        [3, 3, 4, 4],
    ]


@given(
    rows=some_labels,
    crop=crops,
    cut=cuts,
    flip=st.booleans(),
    number=st.integers(0, 3),
    bound=st.booleans(),
)
def test_labels_move_as_in_the_c_program(
    rows: list[tuple[float, ...]],
    crop: CropMargins,
    cut: tuple[int, int],
    flip: bool,
    number: int,
    bound: bool,
) -> None:
    labels = np.array(rows, F).reshape(-1, 5)
    part = mosaic.tile(crop, flip, number, cut, (WIDTH, HEIGHT))
    result = mosaic.labels_in_mosaic(labels, part, (WIDTH, HEIGHT), bound)
    expected = moved_slowly(labels, crop, flip, number, cut, bound)
    np.testing.assert_array_equal(result, np.array(expected, F).reshape(-1, 5))
    assert result.dtype == np.float32


def test_bound_cuts_a_box_to_its_tile() -> None:
    part = mosaic.tile(CropMargins(0, 0, 0, 0, 20, 16), False, 0, (10, 8), (WIDTH, HEIGHT))
    label = np.array([[3, 0.5, 0.5, 0.25, 0.25]], F)
    free = mosaic.labels_in_mosaic(label, part, (WIDTH, HEIGHT), bound=False)
    # The image's middle lies on the mosaic's left upper corner: a quarter of the box is left.
    np.testing.assert_allclose(free, [[3, 0.05, 0.0625, 0.15, 0.125]], atol=1e-6)
    label[0, 1:3] = 0.9
    free = mosaic.labels_in_mosaic(label, part, (WIDTH, HEIGHT), bound=False)
    np.testing.assert_allclose(free, [[3, 0.4, 0.4, 0.25, 0.25]], atol=1e-6)
    bound = mosaic.labels_in_mosaic(label, part, (WIDTH, HEIGHT), bound=True)
    np.testing.assert_allclose(bound, [[3, 0.375, 0.375, 0.25, 0.25]], atol=1e-6)


CORNERS = {
    (0, False): ("right", "bottom"),
    (1, False): ("left", "bottom"),
    (2, False): ("right", "top"),
    (3, False): ("left", "top"),
    (0, True): ("left", "bottom"),
    (1, True): ("right", "bottom"),
    (2, True): ("left", "top"),
    (3, True): ("right", "top"),
}
"""The sides that get all that is cut off, by number of the image and flip."""


def test_margins_go_where_the_c_program_puts_them() -> None:
    for (number, flip), sides in CORNERS.items():
        crop = mosaic.to_corner(CropMargins(1, 20, 300, 4000, 50, 60), number, flip)
        expected = dict.fromkeys(["left", "right", "top", "bottom"], 0)
        expected |= {sides[0]: 21, sides[1]: 4300}
        assert {name: getattr(crop, name) for name in expected} == expected
        assert (crop.width, crop.height) == (50, 60)


def test_the_cut_leaves_each_tile_a_fifth_of_the_sides() -> None:
    rng = np.random.default_rng(0)
    cuts = np.array([mosaic.random_cut(rng, 416, 320) for _ in range(4000)])
    assert (cuts.min(axis=0) == [83, 64]).all()
    assert (cuts.max(axis=0) == [332, 256]).all()
    np.testing.assert_allclose(cuts.mean(axis=0), [207.5, 160], atol=4)
