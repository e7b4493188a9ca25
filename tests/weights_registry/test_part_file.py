"""A part of a download, and where it is from."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.weights_registry.part_file import PartFile, Source


def test_a_part_grows_and_is_finished(tmp_path: Path) -> None:
    part = PartFile(tmp_path / "a.part")
    assert part.size == 0 and part.source == Source()
    part.discard()
    part.begin(Source("https://a/b", '"t"', 4))
    part.add(b"ab")
    part.add(b"cd")
    again = PartFile(tmp_path / "a.part")
    assert again.size == 4 and again.source == Source("https://a/b", '"t"', 4)
    part.finish(tmp_path / "a")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"abcd"


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"url": "a"}', '{"url":1,"total":"x"}'])
def test_what_is_said_of_it_may_be_damaged(tmp_path: Path, text: str) -> None:
    part = PartFile(tmp_path / "a.part")
    part.add(b"x")
    (tmp_path / "a.part.json").write_text(text)
    assert part.source == Source()


def test_it_is_thrown_away(tmp_path: Path) -> None:
    part = PartFile(tmp_path / "a.part")
    part.begin(Source("https://a/b"))
    part.add(b"x")
    part.discard()
    assert list(tmp_path.iterdir()) == []
