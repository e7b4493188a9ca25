"""`.data` and names files."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.cfg.datafile import read_data_file
from darknet_py.errors import DataError


def written(tmp_path: Path, content: str, name: str = "a.data") -> Path:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    return path


def test_options(tmp_path: Path) -> None:
    path = written(
        tmp_path, "classes= 80\n# c\ntrain  = data/train list.txt\nclasses=3\n\nmap=a=b\r\n"
    )
    data = read_data_file(path)
    assert data.path == str(path)
    assert data.options == {"classes": "80", "train": "data/trainlist.txt", "map": "a=b"}


@pytest.mark.parametrize(
    "content, value", [("a=12", 12), ("a=7x", 7), ("a=x", 0), ("b=1", -1), ("", -1)]
)
def test_integer(tmp_path: Path, content: str, value: int) -> None:
    assert read_data_file(written(tmp_path, content)).integer("a", -1) == value


@pytest.mark.parametrize(
    "content, message",
    [
        (
            "classes=3\nhello\n",
            r"a\.data:2: read 'hello', expected key=value \(is this a \.data file\?\)",
        ),
        ("=3\n", r"a\.data:1: read '=3', expected key=value"),
        ("[net]\nwidth=3\n", r"a\.data:1: read '\[net\]', expected key=value"),
        ("a\0", r"a\.data: is a binary file, expected a \.data file"),
    ],
)
def test_errors(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_data_file(written(tmp_path, content))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no\.data: no such file; check the path"):
        read_data_file(tmp_path / "no.data")


@pytest.mark.parametrize(
    "path, reason",
    [
        ("names.txt", "beside the .data file"),
        ("cfg/names.txt", "beside it"),
        ("../names.txt", "above it"),
    ],
)
def test_files_beside_the_data_file(tmp_path: Path, path: str, reason: str) -> None:
    data = written(tmp_path, "names=names.txt\nother=cfg/names.txt\n", "cfg/a.data")
    target = tmp_path / "cfg" / path
    target.parent.mkdir(exist_ok=True)
    target.write_text("cat\n")
    actual = read_data_file(data).file("other" if path.startswith("cfg/") else "names")
    assert actual is not None and actual.resolve() == target.resolve(), reason


def test_working_directory_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = written(tmp_path, "names=names.txt\n", "cfg/a.data")
    written(tmp_path, "cat\n", "cfg/names.txt")
    written(tmp_path, "dog\n", "names.txt")
    monkeypatch.chdir(tmp_path)
    assert read_data_file(data).file("names") == Path("names.txt")


def test_files_that_are_nowhere_or_not_named(tmp_path: Path) -> None:
    data = read_data_file(written(tmp_path, "names=gone.txt\n"))
    assert data.file("names") == Path("gone.txt")
    assert data.file("train") is None
