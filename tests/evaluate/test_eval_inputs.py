"""The files an evaluation starts from."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.labelled import data_set

from darknet_py.cfg.datafile import read_data_file
from darknet_py.errors import DataError
from darknet_py.evaluate.eval_inputs import (
    load_network,
    read_class_map,
    read_inputs,
    require_images,
    results_folder,
)
from darknet_py.options.evaluation import EvalOptions


def test_files_are_read_and_fit(tmp_path: Path) -> None:
    path = data_set(tmp_path)
    options = EvalOptions(data=str(path), cfg=f"{tmp_path}/n.cfg", weights=f"{tmp_path}/n.weights")
    inputs = read_inputs(options)
    assert list(inputs.names) == ["ant", "bee", "cow"] and inputs.class_map is None
    assert inputs.image_set == str(tmp_path / "valid.txt")
    assert [Path(name).name for name in inputs.images] == ["a.png", "b.png"]
    assert load_network(inputs.model).graph is inputs.model.graph


def test_the_data_files_names_go_before_those_beside_the_cfg(tmp_path: Path) -> None:
    path = data_set(tmp_path)
    (tmp_path / "o.names").write_text("x\ny\nz\n")
    path.write_text(path.read_text().replace("n.names", "o.names"))
    options = EvalOptions(data=str(path), cfg=f"{tmp_path}/n.cfg", weights=f"{tmp_path}/n.weights")
    assert list(read_inputs(options).names) == ["x", "y", "z"]


def test_results_lie_where_the_data_file_says_or_where_darknet_has_them(tmp_path: Path) -> None:
    path = data_set(tmp_path)
    assert results_folder(read_data_file(path)) == Path("results")
    path.write_text(path.read_text() + "results=r\n")
    assert results_folder(read_data_file(path)) == Path("r")


def test_a_class_map_is_a_number_a_line(tmp_path: Path) -> None:
    path = data_set(tmp_path, f"map={tmp_path / 'm.map'}")
    (tmp_path / "m.map").write_text("4\n0\n")
    assert read_class_map(read_data_file(path)) == (4, 0)
    (tmp_path / "m.map").write_text("4\n-1\n")
    with pytest.raises(DataError, match="read '-1', expected one class number a line"):
        read_class_map(read_data_file(path))


def test_a_list_of_images_that_are_all_missing_is_refused(tmp_path: Path) -> None:
    data_set(tmp_path)
    there = str(tmp_path / "a.png")
    assert require_images([there], "l.txt") == [there]
    assert require_images(["x.png", there], "l.txt") == ["x.png", there]
    with pytest.raises(DataError, match="l.txt: none of 2 images is there, the first is x.png"):
        require_images(["x.png", "y.png"], "l.txt")
