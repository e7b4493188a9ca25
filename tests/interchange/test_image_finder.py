"""Which file a written path means."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.drawn_layouts import text

from darknet_py.interchange.image_finder import FileFinder, parts_of, stem_of
from darknet_py.interchange.open_tree import folder_tree

NAMES = (
    "train/x/1.jpg",
    "train/y/1.jpg",
    "valid/x/1.jpg",
    "valid/2.png",
    "B.JPG",
    "b.jpg",
    "b.txt",
)


@pytest.fixture
def finder(tmp_path: Path) -> FileFinder:
    for name in NAMES:
        text(tmp_path / name, "x")
    return FileFinder([folder_tree(tmp_path)], images=True)


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("train/x/1.jpg", ["train/x/1.jpg"]),
        ("/home/me/valid/x/1.jpg", ["valid/x/1.jpg"]),
        ("C:\\data\\y\\1.jpg", ["train/y/1.jpg"]),
        ("x/1.jpg", ["train/x/1.jpg", "valid/x/1.jpg"]),
        ("1.jpg", ["train/x/1.jpg", "train/y/1.jpg", "valid/x/1.jpg"]),
        ("z/1.jpg", ["train/x/1.jpg", "train/y/1.jpg", "valid/x/1.jpg"]),
        ("elsewhere/2.PNG", ["valid/2.png"]),
        ("b.jpg", ["b.jpg"]),
        ("B.JPG", ["B.JPG"]),
        ("b.txt", []),
        ("2", []),
        ("..", []),
    ],
)
def test_how_far_the_end_agrees(path: str, names: list[str], finder: FileFinder) -> None:
    assert [file.name for file in finder.find(path)] == names


def test_another_suffix(finder: FileFinder) -> None:
    assert [file.name for file in finder.find_stem("labels/2.txt")] == ["valid/2.png"]
    assert [file.name for file in finder.find_stem("y/1.xml")] == ["train/y/1.jpg"]
    assert [file.name for file in finder.find_stem("x/1.jpg")] == ["train/x/1.jpg", "valid/x/1.jpg"]
    assert finder.find_stem("3.txt") == [] == finder.find_stem("")


def test_the_first_tree_comes_first(tmp_path: Path) -> None:
    for name in ("one/a.jpg", "one/z.txt", "two/a.jpg", "two/b.jpg"):
        text(tmp_path / name, name)
    trees = [folder_tree(tmp_path / name) for name in ("one", "two")]
    finder = FileFinder(trees, images=True)
    (file,) = finder.find("x/a.jpg")
    assert (file.tree, file.read()) == (trees[0], b"one/a.jpg")
    assert [file.tree for file in finder.find("b.jpg")] == trees[1:]


def test_parts_and_stems() -> None:
    assert parts_of("./a\\..//b/c.jpg") == ("a", "b", "c.jpg")
    assert stem_of("a/b.c.jpg") == "b.c" and stem_of("a.v1") == "a.v1" and stem_of("a.xml") == "a"
