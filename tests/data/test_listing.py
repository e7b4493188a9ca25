"""The images a data set names, and those of them without label files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from darknet_py.cfg.datafile import read_data_file
from darknet_py.data.label_paths import mask_path
from darknet_py.data.listing import (
    images_of,
    images_to_evaluate,
    left_out_without,
    missing_label_files,
    read_list,
)
from darknet_py.errors import DataError
from darknet_py.forks import ALEXEYAB, PJREDDIE
from darknet_py.images.image_paths import expand


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set whose lists lie in a folder beside that of the images."""
    for name in ("set/images/a b.jpg", "set/images/c.png", "set/images/deep/d.jpg", "set/lists/x"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def write(home: Path, text: str) -> Path:
    path = home / "set/lists/train.list"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("../set/images/c.png", "../set/images/c.png"),
        ("../images/c.png", "{set}/lists/../images/c.png"),
        ("images/c.png", "{set}/images/c.png"),
        ("  images/a b.jpg\t", "{set}/images/a b.jpg"),
        ("images\\deep\\d.jpg", "{set}/images/deep/d.jpg"),
        ("{set}/images/c.png", "{set}/images/c.png"),
        ("images/gone.png", "{set}/images/gone.png"),
        ("nowhere/gone.png", "nowhere/gone.png"),
        ("{set}/images/gone.png", "{set}/images/gone.png"),
        ("gone.png", "gone.png"),
        ("C:\\images\\gone.png", "C:/images/gone.png"),
    ],
)
def test_where_a_line_is_looked_for(home: Path, line: str, expected: str) -> None:
    file = write(home, line.format(set=home / "set") + "\n")
    assert read_list(file) == [expected.format(set=home / "set")]


def test_a_file_may_have_a_backslash_in_its_name(home: Path) -> None:
    (home / "work" / "a\\b.jpg").write_bytes(b"x")
    assert read_list(write(home, "a\\b.jpg\n")) == ["a\\b.jpg"]


def test_each_line_of_a_folder_found_twice_is_looked_for(home: Path) -> None:
    (home / "work/images").mkdir()
    (home / "work/images/c.png").write_bytes(b"x")
    paths = read_list(write(home, "images/c.png\nimages/a b.jpg\nimages/gone.jpg\n"))
    assert paths == ["images/c.png", f"{home}/set/images/a b.jpg", "images/gone.jpg"]


def test_the_order_and_repeats_are_kept_and_comments_are_not(home: Path) -> None:
    file = write(home, "\ufeff# ours\r\nimages/c.png\r\n\r\nimages/a b.jpg\r\nimages/c.png")
    assert [Path(path).name for path in read_list(str(file))] == ["c.png", "a b.jpg", "c.png"]


def test_a_folder_gives_all_its_images(home: Path) -> None:
    assert read_list(home / "set") == [
        f"{home}/set/images/{name}" for name in ("a b.jpg", "c.png", "deep/d.jpg")
    ]


def test_nothing_named(home: Path) -> None:
    cases = {
        home / "set/lists/gone.txt": "gone.txt: no such file; expected a list",
        home / "set/lists": "no images in this folder",
        write(home, "\n# none\n"): "names no images",
    }
    for path, words in cases.items():
        with pytest.raises(DataError, match=words):
            read_list(path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_a_list_in_another_encoding(home: Path, encoding: str, end: str) -> None:
    file = write(home, "")
    file.write_bytes(f"images/c.png{end}images/d.png{end}".encode(encoding))
    assert [Path(path).name for path in read_list(file)] == ["c.png", "d.png"]


def test_utf_16_without_its_mark_is_no_list(home: Path) -> None:
    file = write(home, "")
    file.write_bytes("images/c.png\n".encode("utf-16-le"))
    with pytest.raises(DataError, match="UTF-16 needs its byte order mark"):
        read_list(file)


def test_a_path_that_is_not_utf_8_is_found(home: Path) -> None:
    file = write(home, "")
    file.write_bytes(b"images/caf\xe9.png\n")
    assert os.fsencode(read_list(file)[0]).endswith(b"images/caf\xe9.png")


def test_an_empty_path_is_not_the_working_folder(home: Path) -> None:
    with pytest.raises(DataError, match="an empty path names no image"):
        expand("")
    with pytest.raises(DataError, match="an empty path names no image"):
        expand(["", "images/c.png"])
    with pytest.raises(DataError, match="no such file"):
        read_list("")


def test_the_images_of_a_data_file(home: Path) -> None:
    write(home, "images/c.png\n")
    file = home / "set/a.data"
    file.write_text("train = lists/train.list\n")
    data = read_data_file(file)
    assert [Path(path).name for path in images_of(data, "train")] == ["c.png"]
    # Without valid= those to learn from are those to evaluate on, as in AlexeyAB's program.
    assert images_to_evaluate(data) == images_of(data, "train")
    with pytest.raises(DataError, match=r"a\.data: has no valid=, the list of images"):
        images_of(data, "valid")
    file.write_text("train = lists/train.list\nvalid = images\n")
    names = [Path(path).name for path in images_to_evaluate(read_data_file(file))]
    assert names == ["a b.jpg", "c.png", "d.jpg"]


def images(folder: Path, labelled: int, of: int = 3) -> list[str]:
    for number in range(labelled):
        (folder / f"{number}.txt").write_text("")
    return [str(folder / f"{number}.jpg") for number in range(of)]


def test_all_have_label_files(tmp_path: Path) -> None:
    assert missing_label_files(images(tmp_path, 3), ALEXEYAB) is None


def test_some_without_label_files(tmp_path: Path) -> None:
    line = missing_label_files(images(tmp_path, 2), ALEXEYAB)
    assert line == (
        "1 of 3 images have no label file and count as images without objects, "
        f"the first: {tmp_path}/2.jpg should have {tmp_path}/2.txt"
    )


def test_no_labels_at_all(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none of 3 images has a label file: .*0.jpg should have"):
        missing_label_files(images(tmp_path, 0), ALEXEYAB)


def test_the_forks_rule_counts(tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    (tmp_path / "images").mkdir()
    (tmp_path / "labels" / "0.txt").write_text("")
    paths = [str(tmp_path / "images" / "0.jpg")]
    assert missing_label_files(paths, PJREDDIE) is None
    with pytest.raises(DataError):
        missing_label_files(paths, ALEXEYAB)


def test_files_that_training_cannot_do_without(tmp_path: Path) -> None:
    paths = images(tmp_path, 3)
    assert left_out_without(paths, mask_path, "file of masks") == []
    (tmp_path / "1.txt").unlink()
    assert left_out_without(paths, mask_path, "file of masks") == [
        "warning: 1 of 3 images have no file of masks and are left out, "
        f"the first: {tmp_path}/1.jpg should have {tmp_path}/1.txt"
    ]
    for name in ("0.txt", "2.txt"):
        (tmp_path / name).unlink()
    with pytest.raises(DataError, match="none of 3 images has a file of masks: .*0.jpg should"):
        left_out_without(paths, mask_path, "file of masks")
