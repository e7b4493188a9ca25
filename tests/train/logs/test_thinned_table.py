"""A table whose memory stays as it is while rows come in."""

from __future__ import annotations

import numpy as np

from darknet_py.train.logs.thinned_table import ThinnedTable


def test_rows_are_kept_until_there_are_too_many() -> None:
    table = ThinnedTable(("a", "b"), most=4)
    for number in range(4):
        table.add({"a": number, "c": 9.0})
    assert (table.rows, table.stride) == (4, 1)
    assert table.mean("a").tolist() == [0, 1, 2, 3]
    assert "a" in table and "b" not in table and "c" not in table


def test_neighbours_are_joined_then() -> None:
    table = ThinnedTable(("a", "b"), most=4)
    for number in range(9):
        table.add({"a": number} | ({"b": -number} if number == 2 else {}))
    assert (table.rows, table.stride) == (3, 4)
    assert table.mean("a").tolist() == [1.5, 5.5, 8]
    assert table.total("a").tolist() == [6, 22, 8]
    low, high = table.span("a")
    assert (low.tolist(), high.tolist()) == ([0, 4, 8], [3, 7, 8])
    assert table.mean("b")[0] == -2 and np.isnan(table.mean("b")[1:]).all()


def test_twenty_thousand_rows_take_the_memory_of_few() -> None:
    table = ThinnedTable(("a",), most=64)
    for number in range(20_000):
        table.add({"a": number})
    assert 32 <= table.rows <= 64
    assert table.rows == -(-20_000 // table.stride)
    assert table.total("a").sum() == 19_999 * 10_000


def test_what_is_not_finite_is_no_value() -> None:
    table = ThinnedTable(("x/iou", "y/iou", "y/obj"), most=4)
    table.add({"x/iou": np.nan, "y/iou": np.inf, "y/obj": 1.0})
    assert not list(table.having("/iou"))
    table.add({"y/iou": 0.5})
    assert list(table.having("/iou")) == ["y/iou"]
    assert np.isnan(table.span("y/iou")[0][0])
