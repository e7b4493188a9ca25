"""A class tree: its file, which is read again only when it is another one, and what it computes.

The labels it gives are in tests/data.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import torch
from support.layer_check import close

from darknet_py.cfg.text import Section
from darknet_py.errors import DataError
from darknet_py.layers import tree
from darknet_py.layers.tree import read_map, read_tree, read_tree_file

CATS, DOGS = "cat -1\ntiger 0\n", "dog -1\nwolf 0\nfox 0\n"


def test_a_relative_path_is_another_file_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("a", CATS), ("b", DOGS)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "t.tree").write_text(text)
        monkeypatch.chdir(tmp_path / name)
        assert read_tree_file("t.tree").names == tuple(text.split()[::2])


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "t.tree"
    path.write_text(CATS)
    assert read_tree_file(str(path)).names == ("cat", "tiger")
    path.write_text(DOGS)
    assert read_tree_file(str(path)).names == ("dog", "wolf", "fox")
    facts = path.stat()
    path.write_text(DOGS.replace("fox", "cub"))
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))  # within one tick of the clock
    assert path.stat().st_size == facts.st_size
    assert read_tree_file(str(path)).names == ("dog", "wolf", "cub")
    path.unlink()
    with pytest.raises(DataError, match=r"t\.tree: no such file"):
        read_tree_file(str(path))


def test_the_same_tree_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.tree"
    path.write_text(CATS)
    first = read_tree_file(str(path))
    monkeypatch.setattr(tree, "_grouped", lambda *words: pytest.fail("made again"))
    assert read_tree_file(str(path)) is first


TREE = "animal -1\nthing -1\ncat 0\ndog 0\nhorse 0\ncup 1\npuppy 3\nwolf 3\n"
GROUPS = [[0, 1], [2, 3, 4], [5], [6, 7]]
PARENTS = [-1, -1, 0, 0, 0, 1, 3, 3]


@pytest.fixture
def tree_file(tmp_path: Path) -> Path:
    path = tmp_path / "a.tree"
    path.write_text(TREE)
    return path


def section_at(path: Path) -> Section:
    return Section("region", str(path / "net.cfg"), 3, ())


def test_tree_groups_and_children(tree_file: Path) -> None:
    tree = read_tree(section_at(tree_file.parent), "a.tree")  # found beside the cfg
    assert tree.names == ("animal", "thing", "cat", "dog", "horse", "cup", "puppy", "wolf")
    assert list(tree.parents) == PARENTS
    assert [
        list(range(o, o + s)) for o, s in zip(tree.group_offsets, tree.group_sizes, strict=True)
    ] == GROUPS
    assert tree.group_of == (0, 0, 1, 1, 1, 2, 3, 3)
    assert tree.child == (1, 2, -1, 3, -1, -1, -1, -1)
    assert tree.levels == [[2, 3, 4, 5], [6, 7]]


def test_tree_products(tree_file: Path) -> None:
    tree = read_tree(section_at(tree_file.parent), "a.tree")
    x = torch.rand(3, 2, 8)
    expected = x.numpy().astype(float).copy()
    for node, parent in enumerate(PARENTS):
        if parent >= 0:
            expected[..., node] *= expected[..., parent]
    kept = x.clone()
    close(tree.products(x).numpy(), expected, 1e-6)
    assert torch.equal(x, kept)


def descend(scores: list[float], threshold: float) -> int:
    """pjreddie's hierarchy_top_prediction."""
    children = {0: 1, 1: 2, 3: 3}
    product, group = 1.0, 0
    while True:
        best = max(GROUPS[group], key=lambda node: scores[node])
        if product * scores[best] > threshold:
            product *= scores[best]
            if best not in children:
                return best
            group = children[best]
        elif group == 0:
            return best
        else:
            return PARENTS[GROUPS[group][0]]


@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.3, 0.5, 0.9])
def test_tree_top(tree_file: Path, threshold: float) -> None:
    tree = read_tree(section_at(tree_file.parent), "a.tree")
    x = torch.rand(60, 8)
    expected = [descend(row.tolist(), threshold) for row in x]
    assert tree.top(x, threshold).tolist() == expected
    assert len(set(expected)) > 1


@pytest.mark.parametrize(
    "content, message",
    [
        (
            "animal -1\ncat\n",
            "bad.tree:2: read 'cat', expected a name and the number of an earlier line",
        ),
        ("animal -1\ncat 1\n", "bad.tree:2: read 'cat 1', expected a name"),
        ("\n\n", "bad.tree: has no lines, expected a name and a parent each"),
        ("a -1\n\0", "bad.tree: is a binary file"),
    ],
)
def test_tree_errors(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "bad.tree").write_text(content)
    with pytest.raises(DataError, match=re.escape(message)):
        read_tree(section_at(tmp_path), "bad.tree")


def test_map_file(tmp_path: Path) -> None:
    (tmp_path / "a.map").write_text("7\n 3\n0\n")
    assert read_map(section_at(tmp_path), "a.map") == (7, 3, 0)
    with pytest.raises(DataError, match="b.map: no such file"):
        read_map(section_at(tmp_path), "b.map")


def test_files_of_a_cfg_are_found_in_the_folder_above(tmp_path: Path) -> None:
    """Darknet's cfg/ names data/9k.tree from the folder both lie in."""
    (tmp_path / "cfg").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.map").write_text("1\n")
    assert read_map(section_at(tmp_path / "cfg"), "data/a.map") == (1,)
