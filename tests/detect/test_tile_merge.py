"""Boxes of an image and of its two tiles, which share columns 80 to 100 of 180, as one table."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from darknet_py.detect import tile_merge
from darknet_py.detect.candidates import Candidates
from darknet_py.detect.decode import Suppression
from darknet_py.detect.pipeline import suppressed_in_order
from darknet_py.detect.tile_merge import all_parts, without_parts
from darknet_py.detect.tiles import Tiling

SIZE = (180, 100)
WINDOWS = Tiling(2, 1, 0.2).windows(SIZE, (32, 32))
VIEWS = [(0, 0, *SIZE), *((w.left, w.top, w.width, w.height) for w in WINDOWS)]
CLASSES = 3
Row = tuple[int, float, tuple[float, float, float, float]]
"""Class, score and left, top, right, bottom in pixels of the image."""
WHOLE, LEFT, RIGHT = 0, 1, 2


def table(view: int, rows: list[Row]) -> Candidates:
    """What was found in a view, relative to it."""
    left, top, width, height = VIEWS[view]
    boxes, scores = torch.zeros(len(rows), 4), torch.zeros(len(rows), CLASSES)
    for number, (class_id, score, (x1, y1, x2, y2)) in enumerate(rows):
        middle = ((x1 + x2) / 2 - left) / width, ((y1 + y2) / 2 - top) / height
        boxes[number] = torch.tensor([*middle, (x2 - x1) / width, (y2 - y1) / height])
        scores[number, class_id] = score
    image = torch.zeros(len(rows), dtype=torch.int64)
    return Candidates(image, boxes, scores.sum(dim=1), scores)


def parts(**found: list[Row]) -> list[Candidates]:
    return [
        table(view, found.get(name, [])) for view, name in enumerate(("whole", "left", "right"))
    ]


def rows_of(merged: Candidates) -> list[Row]:
    """Boxes with a score, in whole pixels."""
    rows = []
    for box, scores in zip(merged.boxes.double(), merged.scores, strict=True):
        middle, half = box[:2] * torch.tensor(SIZE), box[2:] * torch.tensor(SIZE) / 2
        edges = np.round(torch.cat([middle - half, middle + half]).numpy(), 3).tolist()
        for class_id in torch.nonzero(scores).flatten().tolist():
            rows.append((class_id, round(float(scores[class_id]), 4), tuple(edges)))
    return rows


def merged(kind: str = "default", **found: list[Row]) -> list[Row]:
    joined = without_parts(parts(**found), WINDOWS, SIZE)
    return rows_of(suppressed_in_order(joined, Suppression(kind), 0.45))


def test_boxes_lie_where_their_tiles_do() -> None:
    one, other, third = (
        (0, 0.9, (10, 20, 40, 60)),
        (1, 0.8, (120, 5, 170, 45)),
        (2, 0.7, (50, 50, 130, 95)),
    )
    joined = all_parts(parts(left=[one], right=[other], whole=[third]), WINDOWS, SIZE)
    assert rows_of(joined) == [third, one, other]
    assert joined.image.tolist() == [0, 0, 0]


@pytest.mark.parametrize("kind", ["default", "greedynms", "diounms"])
def test_an_object_in_two_tiles_is_one_box(kind: str) -> None:
    """That of the tile that is surer of it."""
    inside = (84, 40, 94, 60)
    found = merged(kind, left=[(1, 0.6, inside)], right=[(1, 0.8, (85, 40, 94, 60))])
    assert found == [(1, 0.8, (85, 40, 94, 60))]


def test_a_part_goes_where_a_neighbour_has_the_whole_however_sure_it_is() -> None:
    whole = (0, 0.5, (90, 40, 130, 60))
    assert merged(left=[(0, 0.99, (90, 40, 100, 60))], right=[whole]) == [whole]


def test_two_neighbours_near_a_border_stay_two() -> None:
    """Each tile has one of them as a whole, and a part of the other."""
    one, other = (70, 40, 94, 60), (86, 42, 120, 62)
    found = merged(
        left=[(0, 0.9, one), (0, 0.7, (86, 42, 100, 62))],
        right=[(0, 0.8, other), (0, 0.6, (80, 40, 94, 60))],
    )
    assert found == [(0, 0.9, one), (0, 0.8, other)]


def test_of_a_large_object_the_box_in_the_whole_image_wins() -> None:
    large = (0, 0.3, (20, 10, 160, 90))
    found = merged(
        whole=[large], left=[(0, 0.9, (20, 10, 100, 90))], right=[(0, 0.8, (81, 10, 160, 90))]
    )
    assert found == [large]


def test_parts_that_overlap_become_one_box_where_nothing_has_the_whole() -> None:
    """A box from 72 to 112: the tiles have 28 and 32 columns of it, 20 of them both."""
    found = merged(left=[(2, 0.4, (72, 40, 100, 60))], right=[(2, 0.7, (80, 38, 112, 60))])
    assert found == [(2, 0.7, (72, 38, 112, 60))]


def test_parts_of_two_objects_stay_two() -> None:
    """They have less than half of the smaller one in common."""
    left, right = (1, 0.7, (50, 40, 100, 60)), (1, 0.6, (81, 40, 150, 60))
    assert merged(left=[left], right=[right]) == [left, right]


def test_a_small_box_in_front_of_a_part_does_not_stand_for_it() -> None:
    part, small = (0, 0.6, (40, 10, 100, 90)), (0, 0.9, (84, 40, 95, 60))
    assert merged(left=[part], right=[small]) == [small, part]


def test_a_box_of_the_same_tile_covers_nothing() -> None:
    """The network has told the two apart already."""
    part, other = (0, 0.9, (88, 42, 100, 58)), (0, 0.8, (60, 30, 97, 70))
    assert merged(left=[part, other]) == [part, other]


def test_another_class_covers_nothing() -> None:
    part, other = (0, 0.9, (86, 40, 100, 60)), (1, 0.8, (84, 38, 130, 62))
    assert merged(left=[part], right=[other]) == [other, part]


def test_a_box_at_the_border_of_the_image_is_no_part() -> None:
    edge, crowd = (0, 0.6, (0, 0, 20, 30)), (0, 0.9, (0, 0, 70, 95))
    assert merged(left=[edge], whole=[crowd]) == [crowd, edge]


def test_how_near_to_a_border_a_part_ends() -> None:
    """Two pixels of a tile of 100, and a tenth of the box."""
    large = (0, 0.3, (10, 10, 170, 90))
    for right, left_over in ((94.9, 2), (95.1, 1)):
        near = (0, 0.9, (right - 30, 40, right, 60))
        assert len(merged(whole=[large], left=[near])) == left_over


def test_a_box_with_several_classes_stays_one() -> None:
    found = parts(left=[(0, 0.7, (20, 20, 50, 50))])
    found[LEFT].scores[0, 2] = 0.4
    joined = without_parts(found, WINDOWS, SIZE)
    assert joined.scores.tolist() == [pytest.approx([0.7, 0, 0.4])]
    both = parts(left=[(0, 0.7, (72, 40, 100, 60))], right=[(0, 0.6, (80, 40, 112, 60))])
    both[RIGHT].scores[0, 1], both[RIGHT].objectness[0] = 0.5, 0.95
    joined = without_parts(both, WINDOWS, SIZE)
    assert joined.scores.tolist() == [pytest.approx([0.7, 0.5, 0])]
    assert joined.objectness.tolist() == pytest.approx([0.95])


def test_a_row_of_parts_does_not_become_one_box() -> None:
    """The surest takes those that overlap it; those that overlap only these are left."""
    steps = [(0, 0.9, (76, 0, 100, 20)), (0, 0.8, (80, 6, 104, 26)), (0, 0.7, (76, 12, 100, 32))]
    found = merged(left=[steps[0], steps[2]], right=[steps[1]])
    assert found == [(0, 0.9, (76, 0, 104, 26)), (0, 0.7, (76, 12, 100, 32))]
    last = (0, 0.75, (80, 19, 104, 39))
    found = merged(left=[steps[0], steps[2]], right=[steps[1], last])
    assert found == [(0, 0.9, (76, 0, 104, 26)), (0, 0.75, (76, 12, 104, 39))]


def test_equal_scores_are_decided_by_the_order_of_the_tiles() -> None:
    one, other = (0, 0.5, (84, 40, 94, 60)), (0, 0.5, (85, 40, 94, 60))
    assert merged(left=[one], right=[other]) == [one]
    assert merged(right=[one], left=[other]) == [other]


def test_boxes_come_in_the_order_they_are_printed_in() -> None:
    rows: list[Row] = [(1, 0.5, (0, 0, 9, 9)), (2, 0.4, (20, 0, 29, 9)), (1, 0.8, (40, 0, 49, 9))]
    found = merged(left=rows, right=[(2, 0.9, (150, 0, 159, 9))])
    assert [row[:2] for row in found] == [(2, 0.9), (2, 0.4), (1, 0.8), (1, 0.5)]


def test_nothing_is_found_in_nothing() -> None:
    assert merged() == []
    suppressed = parts(left=[(0, 0.9, (10, 10, 20, 20))])
    suppressed[LEFT].scores[:] = 0
    assert len(without_parts(suppressed, WINDOWS, SIZE)) == 0


def test_many_parts_are_compared_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)

    def many(left: float, right: float) -> list[Row]:
        low, side = rng.uniform((left, 0), (right - 12, 80), (80, 2)), rng.uniform(8, 20, (80, 2))
        high = np.minimum(low + side, (right, 100))
        edges = np.concatenate([low, high], axis=1).tolist()
        return [(int(rng.integers(3)), float(rng.random()), tuple(edge)) for edge in edges]

    found = {"left": many(0, 100), "right": many(80, 180), "whole": many(0, 180)}
    at_once = merged(**found)
    monkeypatch.setattr(tile_merge, "BLOCK", 100)
    assert merged(**found) == at_once
    assert 20 < len(at_once) < 220
