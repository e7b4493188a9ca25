"""`advise` and `new-cfg` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.sized_set import sized_set, two_heads

from darknet_py.advice import device_memory
from darknet_py.cli.main import main
from darknet_py.network.graph import read_graph

LABELS = [(0, 0.25, 0.25), (0, 0.5, 0.5), (1, 0.75, 0.75)]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(device_memory, "free_on", lambda device: 2**36)
    sized_set(tmp_path, {(64, 64): LABELS})
    two_heads(tmp_path)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def test_advise_says_it_in_words_or_as_json() -> None:
    result = run("advise", "n.data", "n.cfg", "--nogpu")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("n.data: 1 images, 3 labels, 2 classes")
    result = run("advise", "n.data", "n.cfg", "--json", "--nogpu")
    assert json.loads(result.stdout)["data"]["labels"] == 3


def test_advise_takes_a_folder_and_a_name() -> None:
    result = run("advise", ".", "yolov4-tiny-3l", "--nogpu", "--width", "416", "--height", "416")
    assert result.exit_code == 0, result.output
    assert "cfg/yolov4-tiny-3l.cfg that should change:" in result.stdout


def test_new_cfg_writes_it() -> None:
    words = ("--base", "n.cfg", "--data", "n.data", "-o", "new.cfg", "--nogpu", "--width", "96")
    result = run("new-cfg", *words)
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith("check: OK\nnext: darknet-py train n.data new.cfg\n")
    assert read_graph("new.cfg").net.width == 96


@pytest.mark.parametrize("missing", ["--base", "--data", "--out"])
def test_what_must_be_given(missing: str) -> None:
    given = {"--base": "n.cfg", "--data": "n.data", "--out": "new.cfg"}
    del given[missing]
    result = run("new-cfg", *(word for pair in given.items() for word in pair))
    assert result.exit_code == 2 and "Missing option" in result.stderr and missing in result.stderr
