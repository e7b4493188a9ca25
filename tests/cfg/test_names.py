"""Files of class names, and which names belong to a network."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from darknet_py.cfg.datafile import DataFile, read_data_file
from darknet_py.cfg.names import class_names, names_of_data, read_names
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
    data = read_data_file(tmp_path / "cfg" / "c.data")
    assert class_names(None, "x.cfg", 2, data) == names_of_data(data, 2) == ["p", "q"]


@pytest.mark.parametrize(
    "classes, names, outcome",
    [
        (1, ["p"], "has 2 names, the network has classes=1; the rest is not used"),
        (
            4,
            ["p", "q", "2", "3"],
            "has 2 names, the network has classes=4; class numbers stand in for the missing ones",
        ),
    ],
)
def test_another_number_of_names(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    classes: int,
    names: list[str],
    outcome: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.names").write_text("p\nq\n")
    Path("c.data").write_text("names=c.names\n")
    data = read_data_file("c.data")
    assert class_names(["p", "q"], "x.cfg", classes) == names
    assert class_names("c.names", "x.cfg", classes) == names
    assert class_names(None, "x.cfg", classes, "c.data") == names
    assert class_names(None, "c.cfg", classes) == names, "the file beside the cfg"
    assert names_of_data(data, classes) == names
    assert caplog.messages == [f"names: {outcome}", *[f"c.names: {outcome}"] * 4]


def test_without_names_the_numbers_serve() -> None:
    assert names_of_data(DataFile("a.data", {}), 2) == ["0", "1"]


def test_a_neighbour_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "empty.names").write_text("")
    (tmp_path / "folder.names").mkdir()
    (tmp_path / "one.names").write_text("p\n")
    assert class_names(None, str(tmp_path / "n.cfg"), 1) == ["p"]


def test_an_empty_path_is_no_folder() -> None:
    with pytest.raises(DataError, match="^an empty path, expected that of a names file$"):
        class_names("", "x.cfg", 1)


@pytest.mark.parametrize(
    "raw, names",
    [
        ("obj\r\n".encode("utf-16"), ["obj"]),
        (b"\xfe\xff\0o\0b", ["ob"]),
        (b"\xff\xfeo\0b\0j", ["ob\ufffd"]),  # ends inside a character
        ("größe\n".encode("utf-8-sig"), ["größe"]),
        (b"caf\xe9\ncaf\xe8\n", ["café", "cafè"]),  # Latin-1: two names stay two
        ("猫\n".encode("utf-32"), ["猫"]),
    ],
)
def test_encodings(tmp_path: Path, raw: bytes, names: list[str]) -> None:
    path = tmp_path / "a.names"
    path.write_bytes(raw)
    assert read_names(path) == names


def test_parts_of_paths_keep_their_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.names"
    path.write_bytes(b"caf\xe9\n")
    assert os.fsencode(read_names(path, paths=True)[0]) == b"caf\xe9"


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


def written(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "a.names"
    path.write_text(content)
    return path


@pytest.mark.parametrize(
    "content, names",
    [
        ("person\ntraffic light\n", ["person", "traffic light"]),
        ("person\r\ncar\r\n", ["person", "car"]),
        ("person\n\ncar\n\n\n", ["person", "", "car"]),
        ("person", ["person"]),
        ("# 1\n", ["# 1"]),  # a name, not a comment
    ],
)
def test_names(tmp_path: Path, content: str, names: list[str]) -> None:
    assert read_names(written(tmp_path, content)) == names


def test_names_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no names, expected one class name a line"):
        read_names(written(tmp_path, "\n \n"))
    with pytest.raises(DataError, match="is a directory, expected a names file"):
        read_names(tmp_path)
