"""A class tree's file is read once, and again when the path means another file or the file changed.

What a tree computes is in test_scores.py, the labels it gives in tests/data/test_classes.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.errors import DataError
from darknet_py.layers import tree
from darknet_py.layers.tree import read_tree_file

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
    path.unlink()
    with pytest.raises(DataError, match=r"t\.tree: no such file"):
        read_tree_file(str(path))


def test_the_same_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.tree"
    path.write_text(CATS)
    first = read_tree_file(str(path))
    monkeypatch.setattr(tree, "read_text", lambda *words: pytest.fail("read again"))
    assert read_tree_file(str(path)) is first
