"""The data that `yolo` and `coco` need no .data file for."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.cfg.built_in_data import BUILT_IN, COCO, COCO_NAMES, VOC_NAMES, YOLO
from darknet_py.cfg.datafile import DataFile
from darknet_py.cfg.names import class_names, names_of_data, read_names
from darknet_py.errors import DataError

DATA = Path(__file__).resolve().parents[2] / "data"
RENAMED = {
    "motorcycle": "motorbike",
    "airplane": "aeroplane",
    "couch": "sofa",
    "potted plant": "pottedplant",
    "dining table": "diningtable",
    "tv": "tvmonitor",
}
"""COCO's names -> those of data/coco.names."""


def test_names_are_those_of_the_files() -> None:
    assert list(VOC_NAMES) == read_names(DATA / "voc.names")
    assert [RENAMED.get(name, name) for name in COCO_NAMES] == read_names(DATA / "coco.names")
    assert list(BUILT_IN) == ["yolo", "coco"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "data" / "voc").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_option_goes_before_the_built_in_list(here: Path) -> None:
    Path("data/voc/2007_test.txt").write_text("a.jpg\n")
    data = YOLO.data_file("valid", {"valid": None, "results": "out", "names": None})
    assert data.options == {"eval": "yolo", "valid": "data/voc/2007_test.txt", "results": "out"}
    assert (data.path, data.names) == ("yolo valid", VOC_NAMES)
    own = YOLO.data_file("valid", {"valid": "mine.txt"})
    assert own.options["valid"] == "mine.txt"
    assert COCO.data_file("train", {"train": "t.txt"}, "train").options == {
        "train": "t.txt",
        "eval": "coco",
    }


def test_the_next_path_where_the_first_is_not_there(here: Path) -> None:
    two = BUILT_IN["yolo"].lists | {"valid": ("nowhere.txt", "data/voc")}
    data = type(YOLO)("yolo", VOC_NAMES, two, "yolo", 0.1)
    assert data.data_file("valid", {}).options["valid"] == "data/voc"


def test_no_list_is_an_error_with_the_cure(here: Path) -> None:
    cure = r"from data/coco_val_5k\.list, which is not there; name another list with --valid FILE"
    with pytest.raises(DataError, match=cure):
        COCO.data_file("valid", {})


def test_names_of_built_in_data(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = DataFile("yolo test", {}, names=("a", "b"))
    assert class_names(None, "n.cfg", 2, data) == ["a", "b"] == names_of_data(data, 2)
    assert class_names(["x", "y"], "n.cfg", 2, data) == ["x", "y"]
    assert names_of_data(data, 3) == ["a", "b", "2"] and "yolo test: has 2 names" in caplog.text
    (tmp_path / "own.names").write_text("c\nd\n")
    named = DataFile("yolo test", {"names": f"{tmp_path}/own.names"}, names=("a", "b"))
    assert class_names(None, "n.cfg", 2, named) == ["c", "d"] == names_of_data(named, 2)
