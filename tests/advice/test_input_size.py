"""How large the input should be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.sized_set import Label, sized_set, two_heads

from darknet_py.advice.input_size import advised_size, sized_graph, small_share
from darknet_py.advice.measured_set import MeasuredSet, measure
from darknet_py.forks import ALEXEYAB
from darknet_py.network.graph import read_graph
from darknet_py.options.advising import SuitedOptions

LARGE: Label = (0, 0.5, 0.5)


def measured_set(folder: Path, images: dict[tuple[int, int], list[Label]]) -> MeasuredSet:
    return measure(str(sized_set(folder, images)), ALEXEYAB)


def size(folder: Path, images: dict[tuple[int, int], list[Label]]) -> tuple[int, int]:
    return advised_size(measured_set(folder, images), read_graph(two_heads(folder)))


def test_small_is_what_is_small_both_ways() -> None:
    boxes = np.array([[15.0, 15], [16, 15], [15, 40], [8, 7]])
    assert small_share(boxes) == 0.5
    assert small_share(boxes, 8) == 0
    assert small_share(boxes, 9) == 0.25


def test_large_objects_keep_the_input(tmp_path: Path) -> None:
    assert size(tmp_path, {(640, 640): [LARGE]}) == (64, 64)


def test_small_objects_ask_for_a_larger_one(tmp_path: Path) -> None:
    """A tenth of the width is 16 pixels at 160; one in eight is too many, one in eleven is not."""
    assert size(tmp_path, {(640, 640): [(0, 0.1, 0.1)]}) == (160, 160)
    assert size(tmp_path, {(640, 640): [(0, 0.1, 0.1)] + 7 * [LARGE]}) == (160, 160)
    assert size(tmp_path, {(640, 640): [(0, 0.1, 0.1)] + 10 * [LARGE]}) == (64, 64)


def test_it_does_not_grow_beyond_the_images_or_832(tmp_path: Path) -> None:
    tiny = [(0, 0.01, 0.01)]
    assert size(tmp_path, {(300, 300): tiny}) == (320, 320)
    assert size(tmp_path, {(3000, 3000): tiny}) == (832, 832)


def test_wide_images_get_a_wide_input(tmp_path: Path) -> None:
    """64 x 64 at 4 to 1 is 128 x 32."""
    assert size(tmp_path, {(800, 200): [LARGE]}) == (128, 32)
    assert size(tmp_path, {(200, 800): [LARGE]}) == (32, 128)
    assert size(tmp_path, {(800, 200): [(0, 0.05, 0.2)]}) == (320, 96), "and small objects"


def test_other_proportions_must_not_cost_small_objects(tmp_path: Path) -> None:
    """Of images of 64 x 16 no input is larger; 128 x 32 would leave objects half as high."""
    wide = [(0, 0.1, 0.3)] + 3 * [(0, 0.1, 0.1)]
    assert size(tmp_path, {(64, 16): wide}) == (64, 64)
    assert size(tmp_path, {(64, 16): [LARGE]}) == (128, 32)


def test_pixels_are_what_is_limited(tmp_path: Path) -> None:
    """832 x 832 at 4 to 1 is 1664 x 416."""
    assert size(tmp_path, {(4000, 1000): [(0, 0.001, 0.001)]}) == (1664, 416)


def test_images_of_many_shapes_keep_the_input(tmp_path: Path) -> None:
    assert size(tmp_path, {(800, 200): [LARGE], (200, 800): [LARGE]}) == (64, 64)
    assert size(tmp_path, {(240, 200): [LARGE]}) == (64, 64), "1.2 to 1 is stretched"


@pytest.mark.parametrize(
    "given, expected",
    [({}, (160, 160)), ({"width": 96}, (96, 160)), ({"width": 96, "height": 32}, (96, 32))],
)
def test_what_is_asked_for_counts(
    tmp_path: Path, given: dict[str, int], expected: tuple[int, int]
) -> None:
    measured = measured_set(tmp_path, {(640, 640): [(0, 0.1, 0.1)]})
    options = SuitedOptions(data="n.data", **given)
    graph, sized = sized_graph(str(two_heads(tmp_path)), measured, options)
    assert (graph.net.width, graph.net.height) == (64, 64)
    assert (sized.net.width, sized.net.height) == expected
