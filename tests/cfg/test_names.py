"""Which names belong to a network."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.cfg.names import class_names
from darknet_py.errors import DataError


def test_given_names_count_first(tmp_path: Path) -> None:
    (tmp_path / "n.names").write_text("p\nq\n")
    assert class_names(["a", "b"], str(tmp_path / "n.cfg"), 2) == ["a", "b"]
    assert class_names(tmp_path / "n.names", "x.cfg", 2) == ["p", "q"]


def test_then_those_of_the_data_file(tmp_path: Path) -> None:
    (tmp_path / "cfg").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "c.names").write_text("p\nq\n")
    (tmp_path / "cfg" / "c.data").write_text("classes = 2\nnames = data/c.names\n")
    assert class_names(None, "x.cfg", 2, str(tmp_path / "cfg" / "c.data")) == ["p", "q"]
    with pytest.raises(DataError, match="has 2 names, the network has classes=3"):
        class_names(None, "x.cfg", 3, str(tmp_path / "cfg" / "c.data"))


def test_then_a_neighbour_that_fits(tmp_path: Path) -> None:
    (tmp_path / "cfg").mkdir()
    (tmp_path / "data").mkdir()
    cfg = str(tmp_path / "cfg" / "n.cfg")
    (tmp_path / "data" / "two.names").write_text("p\nq\n")
    (tmp_path / "data" / "three.names").write_text("p\nq\nr\n")
    assert class_names(None, cfg, 3) == ["p", "q", "r"]
    assert class_names(None, cfg, 4) == ["0", "1", "2", "3"]
    (tmp_path / "data" / "also.names").write_text("a\nb\nc\n")
    assert class_names(None, cfg, 3) == ["0", "1", "2"], "two files fit: none is taken"
    (tmp_path / "cfg" / "n.names").write_text("u\nv\nw\n")
    assert class_names(None, cfg, 3) == ["u", "v", "w"]
