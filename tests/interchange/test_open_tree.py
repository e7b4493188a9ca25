"""Folders and archives, also those that mean no good."""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path

import pytest
from support.drawn_layouts import EXPECTED, HEIGHT, WIDTH, write, zipped
from support.imported import rows_in, run

from darknet_py.errors import DataError
from darknet_py.interchange import open_tree as module
from darknet_py.interchange.file_tree import FileTree, FolderTree, StoredFile
from darknet_py.interchange.left_out import LeftOut
from darknet_py.interchange.open_tree import open_tree


def opened(path: Path | str) -> tuple[FileTree, LeftOut]:
    left_out = LeftOut()
    return open_tree(str(path), left_out), left_out


def zip_of(path: Path, *names: str | zipfile.ZipInfo, content: bytes = b"x") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return path


def test_names_that_lead_out_of_an_archive_are_left_out(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("l.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    bad = ("../up.txt", "/etc/root.txt", "a/../../b.txt", "C:/c.txt", "a//b.txt", "a\\b.txt")
    tree, left_out = opened(zip_of(tmp_path / "a.zip", "ok.txt", *bad, link))
    # Python's reader makes / of \\ on Windows alone.
    assert tree.names == ("ok.txt",)
    assert left_out.counts == {"unsafe": 7}
    assert left_out.first == {"unsafe": "../up.txt"}


def test_nothing_is_written_outside_whatever_an_archive_names(tmp_path: Path) -> None:
    source = write("roboflow", tmp_path / "in" / "source")
    archive = zipped(source)
    with zipfile.ZipFile(archive, "a") as more:
        for name in ("../../slip.jpg", "/tmp/slip.jpg", "train/../../slip.jpg"):
            more.writestr(name, (source / "train" / "a.jpg").read_bytes())
    result = run("data", "import", archive, "-o", tmp_path / "in" / "set")
    assert result.exit_code == 0, result.output
    assert "names that lead out of it or are none: 3, the first: ../../slip.jpg" in result.stdout
    assert rows_in(tmp_path / "in" / "set", WIDTH, HEIGHT) == EXPECTED
    assert not list(tmp_path.rglob("slip*")) and not Path("/tmp/slip.jpg").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_counts_once(tmp_path: Path) -> None:
    tree, left_out = opened(zip_of(tmp_path / "a.zip", "a.txt", "a.txt", "b.txt"))
    assert tree.names == ("a.txt", "b.txt") and left_out.counts == {"unsafe": 1}


def test_a_bomb_is_refused_unopened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zip_of(tmp_path / "a.zip", "a.txt", content=bytes(200_000))
    opened(path)
    monkeypatch.setattr(module, "MOST_UNPACKED", 1000)
    with pytest.raises(DataError, match=r"a.zip: would unpack to 0 MB from 0.0 MB; a data set"):
        opened(path)
    monkeypatch.setattr(module, "MOST_RATIO", 2000)
    opened(path)
    monkeypatch.setattr(module, "MOST_FILES", 0)
    with pytest.raises(DataError, match="has 1 files, expected at most 0"):
        opened(path)


def test_a_folder_has_its_limit_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        (tmp_path / name).write_text("x")
    monkeypatch.setattr(module, "MOST_FILES", 2)
    with pytest.raises(DataError, match="has more than 2 files, which no data set has"):
        opened(tmp_path)


def test_an_archive_that_is_damaged_or_encrypted(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "a.zip", "a.txt", content=os.urandom(2000))
    data = bytearray(path.read_bytes())
    tree, _ = opened(path)
    data[500] ^= 255
    (tmp_path / "b.zip").write_bytes(data)
    tree, _ = opened(tmp_path / "b.zip")
    with pytest.raises(DataError, match=r"b.zip/a.txt: cannot be read: Bad CRC-32"):
        StoredFile(tree, "a.txt").read()
    with pytest.raises(DataError, match=r"b.zip/a.txt: cannot be unpacked: Bad CRC-32"):
        tree.place("a.txt", tmp_path / "out", "copy")
    assert not (tmp_path / "out").exists()
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "c.zip").write_bytes(data)
    with pytest.raises(DataError, match=r"c.zip: is encrypted; unpack it and give the folder"):
        opened(tmp_path / "c.zip")


def test_files_larger_than_they_can_be(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(bytes(10))
    file = StoredFile(opened(tmp_path)[0], "a.txt")
    assert file.read(10) == bytes(10) and file.head(3) == (bytes(3), 10)
    with pytest.raises(DataError, match="a.txt: is larger than .* MB, which no such file is"):
        file.read(9)


def test_a_folder_around_all_is_passed_through(tmp_path: Path) -> None:
    for name in ("in/set/a/x.txt", "in/set/b.txt", ".hidden", "__MACOSX/in/c.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (tmp_path / "in" / "set" / "loop").symlink_to(tmp_path)
    tree, _ = opened(tmp_path)
    assert isinstance(tree, FolderTree)
    assert (tree.names, tree.root) == (("a/x.txt", "b.txt"), tmp_path / "in" / "set")


def test_a_file_stands_for_its_folder(tmp_path: Path) -> None:
    for name in ("annotations/a.json", "annotations/b.json", "images/x.jpg", "c.yaml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    tree, _ = opened(tmp_path / "annotations" / "b.json")
    assert tree.names == ("annotations/b.json", "c.yaml", "images/x.jpg")
    assert opened(tmp_path / "c.yaml")[0].names[-2:] == ("c.yaml", "images/x.jpg")
