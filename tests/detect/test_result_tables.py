"""Results as tables, and handed to other packages."""

from __future__ import annotations

import sys
import types
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.small_result import result, tracked

from darknet_py.errors import DarknetError

COLUMNS = ["path", "frame", "time", "name", "class_id", "confidence", "x1", "y1", "x2", "y2"]


@pytest.fixture
def columns(monkeypatch: pytest.MonkeyPatch) -> Any:
    """pandas whose tables are their columns."""
    stand_in = types.ModuleType("pandas")
    stand_in.DataFrame = dict  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pandas", stand_in)


@pytest.mark.usefixtures("columns")
def test_columns_of_a_table() -> None:
    table = result().to_df()
    assert list(table) == COLUMNS and {len(column) for column in table.values()} == {4}
    assert table["path"] == ["a/dog.jpg"] * 4 and table["frame"].tolist() == [0] * 4
    assert np.isnan(table["time"]).all()
    assert table["name"] == ["cat", 'dog "big"', "cat", "dont_show"]
    assert table["class_id"].tolist() == [0, 1, 0, 2]
    corners = [table[key][0] for key in ("x1", "y1", "x2", "y2")]
    assert corners == [125, 25, 175, 75]


@pytest.mark.usefixtures("columns")
def test_columns_of_a_frame() -> None:
    table = replace(tracked(), frame=3, time=0.125).to_df()
    assert list(table) == [*COLUMNS, "track_id"]
    assert table["track_id"].tolist() == [7, 7, 0, 2]
    assert table["frame"].tolist() == [3] * 4 and table["time"].tolist() == [0.125] * 4


def test_a_table_of_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    both = pandas.concat([tracked().to_df(), tracked().select([]).to_df(), tracked().to_df()])
    assert list(both.columns) == [*COLUMNS, "track_id"] and len(both) == 8
    assert both.groupby("name")["confidence"].max()["cat"] == np.float32(0.5)
    assert (both["class_id"].dtype, both["x1"].dtype) == (np.int64, np.float32)


@pytest.mark.parametrize("package", ["pandas", "supervision"])
def test_packages_are_asked_for_by_name(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(DarknetError, match=f"pip install {package}$"):
        result().to_df() if package == "pandas" else result().to_supervision()


@pytest.fixture
def detections(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = types.ModuleType("supervision")
    stand_in.Detections = dict  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "supervision", stand_in)


@pytest.mark.usefixtures("detections")
def test_supervision_gets_the_same_boxes() -> None:
    columns = result().to_supervision()
    np.testing.assert_array_equal(columns["xyxy"], result().boxes.xyxy)
    np.testing.assert_array_equal(columns["confidence"], result().boxes.confidence)
    assert columns["class_id"].tolist() == [0, 1, 0, 2] and columns["tracker_id"] is None
    assert columns["data"]["class_name"].tolist() == ["cat", 'dog "big"', "cat", "dont_show"]


@pytest.mark.usefixtures("detections")
def test_supervision_gets_tracks() -> None:
    assert tracked().to_supervision()["tracker_id"].tolist() == [7, 7, -1, 2]
