"""`compare` of two files and of two commands."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from darknet_py.errors import DarknetError
from darknet_py.evaluate.compare import Tolerance
from darknet_py.evaluate.compare_command import run

BOX = {"image_id": 7, "category_id": 18, "bbox": [10, 20, 30, 40], "score": 0.5}


def no_command(words: list[str]) -> int:
    raise AssertionError(words)


def test_files_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = tmp_path / "a.json", tmp_path / "b.json"
    a.write_text(json.dumps([BOX]))
    b.write_text(json.dumps([BOX, BOX | {"bbox": [100, 20, 30, 40]}]))
    run(str(a), str(b), Tolerance(), 5, no_command)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "1 boxes in A, 2 in B: 1 the same, 1 only in B"
    assert lines[-1] == "7: category 18 0.5000 only in B"


def test_the_file_of_a_command_is_compared_and_its_words_dropped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told: list[list[str]] = []

    def execute(words: list[str]) -> int:
        told.append(words)
        click.echo("printed")
        Path(words[words.index("--out") + 1]).write_text(json.dumps([BOX]))
        return 0

    run("detector test 'a b.data'", "map n.data", Tolerance(), 5, execute)
    assert [words[:3] for words in told] == [
        ["detector", "test", "a b.data"],
        ["map", "n.data", "--out"],
    ]
    assert ("--prefix" in told[0], "--prefix" in told[1]) == (True, False)
    printed = capsys.readouterr()
    assert "printed" not in printed.out and "1 boxes in A, 1 in B: 1 the same" in printed.out


def test_a_command_that_fails_says_its_last_line() -> None:
    def execute(words: list[str]) -> int:
        click.echo("first\ndarknet-py: error: no", err=True)
        return 1

    with pytest.raises(DarknetError, match="'map x' failed: darknet-py: error: no"):
        run("map x", "map x", Tolerance(), 5, execute)
    with pytest.raises(DarknetError, match="'rm x' is neither a file nor one of the commands"):
        run("rm x", "rm x", Tolerance(), 5, no_command)
