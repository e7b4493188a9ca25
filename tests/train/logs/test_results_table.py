"""results.csv as it is read again."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from support.one_update import UPDATE

from darknet_py.errors import DataError
from darknet_py.train.logs.results_table import columns, read_results, row_of

HEADER = ",".join(columns(heads=("yolo_1/iou",)))


def test_rows_are_numbers_by_column(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    row = ",".join(row_of(replace(UPDATE, heads={"yolo_1/iou": 0.25}), ["yolo_1/iou"]))
    path.write_text(f"{HEADER}\n{row}\n13,7\n14,x{row[2:]}\n,{row}\n-1{row[2:]}\n{row},1\n")
    names, rows = read_results(path)
    assert names == HEADER.split(",")
    (only,) = rows
    assert only["iteration"] == 12 and only["yolo_1/iou"] == 0.25
    assert only["data_wait"] == 0.2 and "map" not in only


def test_other_names_of_what_is_counted_and_measured(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text(HEADER.replace("images", "symbols").replace("map", "top5"))
    assert read_results(path)[0][1] == "symbols"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "results.csv: begins with '', expected the columns of a training's results.csv"),
        ("epoch,train/loss\n1,2\n", "begins with 'epoch,train/loss', expected .*iteration,images"),
        ("\0" * 200_000, "begins with '\0+', expected"),
    ],
)
def test_a_file_of_something_else(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "results.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=message):
        read_results(path)


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "gone.csv", "/dev/zero"):
        with pytest.raises(DataError, match="is no file, expected a training's results.csv"):
            read_results(tmp_path / name)
