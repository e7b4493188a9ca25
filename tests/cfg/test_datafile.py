"""`.data` and names files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from darknet_py.cfg.datafile import read_data_file
from darknet_py.errors import CfgError, DataError, Problems


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
            "hello\nworld\n",
            r"a\.data:1: read 'hello', expected key=value \(is this a \.data file\?\)",
        ),
        (
            "# a cfg\n[net]\nwidth=3\n",
            r"a\.data:2: read '\[net\]': is a cfg, expected a \.data file; are the two swapped\?",
        ),
        ("a\0", r"a\.data: is a binary file, expected a \.data file"),
    ],
)
def test_errors(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_data_file(written(tmp_path, content))


@pytest.mark.parametrize(
    "content, options, warning",
    [
        # C discards `key=`, so that a later value counts, and the default without one.
        (
            "valid=\nclasses=3\n",
            {"classes": "3"},
            "a.data:1: 'valid=' has no value; Darknet discards the line",
        ),
        (
            "classes=3\nvalid = \t\r\nvalid=v.txt",
            {"classes": "3", "valid": "v.txt"},
            "a.data:2: 'valid=' has no value; Darknet discards the line",
        ),
        (
            "classes=3\nmy data set\n",
            {"classes": "3"},
            "a.data:2: 'mydataset' has no '='; its default is used, as in Darknet",
        ),
        # Of a key without '=' the default is used, whatever follows.
        (
            "classes=3\ntop\ntop=2\n",
            {"classes": "3"},
            "a.data:2: 'top' has no '='; its default is used, as in Darknet",
        ),
        (
            "classes=3\nclasses=4\n",
            {"classes": "3"},
            "a.data:2: classes: written twice; line 1 (3) counts, this one does not",
        ),
    ],
)
def test_lines_that_darknet_passes_over(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    content: str,
    options: dict[str, str],
    warning: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.data").write_bytes(content.encode())
    assert read_data_file("a.data").options == options
    assert caplog.messages[0] == warning
    problems = Problems()
    assert read_data_file("a.data", problems).options == options
    assert f"warning: {warning}" == str(problems.notices[0])
    with pytest.raises(CfgError):
        read_data_file("a.data", Problems(strict=True))


def test_an_empty_key_is_a_key_like_any_other(tmp_path: Path) -> None:
    assert read_data_file(written(tmp_path, "=3\nclasses=1\n")).options["classes"] == "1"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    path = tmp_path / "a.data"
    path.write_bytes(f"{mark}classes=1\r\nnames=größe.names\r\n".encode(encoding))
    assert read_data_file(path).options == {"classes": "1", "names": "größe.names"}


def test_a_path_that_is_no_utf_8_is_kept_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.data"
    path.write_bytes(b"names=caf\xe9.names\n")
    file = read_data_file(path).file("names")
    assert file is not None and os.fsencode(file) == b"caf\xe9.names"


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
