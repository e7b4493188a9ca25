"""What the commands look at, against the C programs' rules in plain words."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from darknet_py.classify import views
from darknet_py.network.graph import Graph, read_graph

CFG = """[net]
width={width}
height={height}
channels=3
[convolutional]
filters=2
size=1
[avgpool]
[softmax]
"""


def graph(folder: Path, width: int = 20, height: int = 20, fork: str = "alexeyab") -> Graph:
    path = folder / "c.cfg"
    path.write_text(CFG.format(width=width, height=height))
    return read_graph(path, fork=fork)


def ramp(width: int, height: int) -> Tensor:
    """Channel 0 is the column, channel 1 the row, in pixels; channel 2 is 0."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack([columns, rows, torch.zeros_like(rows)]).float()


def spans(image: Tensor) -> tuple[float, float, float, float]:
    """First and last column, first and last row that are seen."""
    columns, rows = image[0], image[1]
    return tuple(float(v) for v in (columns[0, 0], columns[0, -1], rows[0, 0], rows[-1, 0]))


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((20, 20), (0, 19, 0, 19)),
        # 60 x 40 is resized to 30 x 20: the middle 20 columns of 30, 59/29 pixels apart.
        ((60, 40), (5 * 59 / 29, 24 * 59 / 29, 0, 39)),
        ((40, 61), (0, 39, 5 * 60 / 29, 24 * 60 / 29)),
    ],
)
def test_alexeyabs_valid_cuts_from_the_middle(
    tmp_path: Path, size: tuple[int, int], expected: tuple[float, ...]
) -> None:
    (one,) = views.single(ramp(*size), graph(tmp_path))
    assert one.shape == (3, 20, 20)
    assert spans(one) == pytest.approx(expected, abs=1e-3)


def test_the_shorter_side_follows_the_inputs_width_even_if_its_height_is_more(
    tmp_path: Path,
) -> None:
    """10 wide and 16 high: 40 x 20 becomes 20 x 10, and rows are repeated at the edges."""
    (one,) = views.single(ramp(40, 20), graph(tmp_path, 10, 16))
    assert one.shape == (3, 16, 10)
    rows = one[1, :, 0] / (19 / 9)
    assert rows.round().tolist() == [0, 0, 0, *range(10), 9, 9, 9]


@pytest.mark.parametrize(
    ("size", "expected"),
    [((60, 40), (10, 49, 0, 39)), ((41, 60), (0, 40, 9, 49)), ((20, 20), (0, 19, 0, 19))],
)
def test_pjreddies_valid_stretches_the_middle_square(
    tmp_path: Path, size: tuple[int, int], expected: tuple[float, ...]
) -> None:
    (one,) = views.single(ramp(*size), graph(tmp_path, fork="pjreddie"))
    assert one.shape == (3, 20, 20)
    assert spans(one) == pytest.approx(expected, abs=1e-3)


def test_predict_letterboxes_in_pjreddies_program(tmp_path: Path) -> None:
    (one,) = views.predicted(ramp(40, 20) + 1, graph(tmp_path, fork="pjreddie"))
    assert one.shape == (3, 20, 20)
    assert (one[:, :5] == 0.5).all()
    assert (one[:, 15:] == 0.5).all()
    assert (one[:, 5:15] >= 0.99).all()
    (cropped,) = views.predicted(ramp(40, 20), graph(tmp_path))
    assert spans(cropped)[0] == 10


def test_stretched_takes_all_of_the_image(tmp_path: Path) -> None:
    (one,) = views.stretched(ramp(40, 30), graph(tmp_path))
    assert spans(one) == pytest.approx((0, 39, 0, 29), abs=1e-3)


def test_ten_pieces_and_their_mirror_images(tmp_path: Path) -> None:
    """Pieces of an image as large as valid10 makes it, so that pixels are seen as they are."""
    net = graph(tmp_path, 40, 36)
    pieces = views.ten(ramp(72, 68), net)
    assert {tuple(piece.shape) for piece in pieces} == {(3, 36, 40)}
    assert [spans(piece) for piece in pieces[:5]] == [
        (0, 7, 0, 3),
        (32, 71, 0, 3),
        (0, 39, 0, 35),
        (0, 7, 32, 67),
        (32, 71, 32, 67),
    ]
    assert spans(pieces[7]) == (71, 32, 0, 35)
    assert (pieces[0][0, 0, :33] == 0).all()  # the left edge, repeated


def test_full_keeps_the_aspect(tmp_path: Path) -> None:
    (one,) = views.full(ramp(61, 40), graph(tmp_path))
    assert one.shape == (3, 20, 30)
    (same,) = views.full(ramp(20, 33), graph(tmp_path))
    assert (same == ramp(20, 33)).all()


@pytest.mark.parametrize(
    ("fork", "sizes"),
    [
        ("alexeyab", [(224, 448), (288, 576), (320, 640), (352, 704), (384, 768)]),
        ("pjreddie", [(112, 224), (128, 256), (144, 288), (160, 320)]),
    ],
)
def test_scales_of_both_programs(tmp_path: Path, fork: str, sizes: list[tuple[int, int]]) -> None:
    scaled = views.scaled(ramp(80, 40), graph(tmp_path, fork=fork))
    assert [tuple(view.shape[1:]) for view in scaled[::2]] == sizes
    for view, mirror in zip(scaled[::2], scaled[1::2], strict=True):
        assert (view.flip(2) == mirror).all()


def test_a_very_long_image_keeps_a_pixel() -> None:
    assert views.with_longer_side(ramp(600, 1), 20).shape == (3, 1, 20)


def test_pieces_beyond_the_image_repeat_its_edge() -> None:
    piece = views.cut(ramp(4, 3), -2, 1, 8, 4)
    assert piece[0, 0].tolist() == [0, 0, 0, 1, 2, 3, 3, 3]
    assert piece[1, :, 0].tolist() == [1, 2, 2, 2]
