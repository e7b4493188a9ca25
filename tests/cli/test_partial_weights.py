"""A file that holds only the first layers: whoever runs the network with it is told so."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support import tiny_classifier
from support.tiny_detector import files, save

import darknet_py
from darknet_py import Network
from darknet_py.cli.main import main

WARNING = "{}: ends before the network does; layers 1 to 2 start at random"
DETECTOR = WARNING.format("first.conv.1").replace("layers 1 to 2 start", "layer 1 starts")
TEXT = "[net]\ninputs=256\n[rnn]\noutput=4\nhidden=4\n[connected]\noutput=256\n[softmax]\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: n.cfg, first.conv.1 with its first layer, a.png, n.data and lists."""
    cfg, weights = files(tmp_path)
    network = Network.from_cfg(cfg)
    network.load_weights(weights)
    network.save_weights(tmp_path / "first.conv.1", cutoff=1)
    save(tmp_path, "a.png")
    (tmp_path / "a.txt").write_text("0 .5 .5 .4 .4\n")
    (tmp_path / "list.txt").write_text("a.png\n")
    (tmp_path / "n.names").write_text("ant\nbee\ncow\n")
    (tmp_path / "n.data").write_text("classes=3\nnames=n.names\nvalid=list.txt\nresults=.\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def darknet(*words: str) -> Result:
    result = CliRunner().invoke(main, list(words), input="")
    assert result.exit_code == 0, result.output
    return result


@pytest.mark.parametrize(
    "words",
    [
        "detect n.cfg first.conv.1 a.png -nogpu",
        "detector test n.data n.cfg first.conv.1 a.png -nogpu",
        "map n.data n.cfg first.conv.1 -nogpu",
        "detector valid n.data n.cfg first.conv.1 -nogpu",
        "detector recall n.data n.cfg first.conv.1 -nogpu",
        "export n.cfg first.conv.1 --format torchscript",
    ],
)
def test_detectors(words: str) -> None:
    lines = darknet(*words.split()).stderr.splitlines()
    assert lines.count(f"warning: {DETECTOR}") == 1


@pytest.mark.parametrize("word", ["predict", "valid"])
def test_classifiers(tmp_path: Path, word: str) -> None:
    tiny_classifier.files(tmp_path, train=3, valid=3)
    Network.from_cfg(tmp_path / "t.cfg").save_weights(tmp_path / "t.conv.1", cutoff=1)
    images = ["a.png"] if word == "predict" else []
    result = darknet("classifier", word, "t.data", "t.cfg", "t.conv.1", *images, "-nogpu")
    assert f"warning: {WARNING.format('t.conv.1')}" in result.stderr.splitlines()


def test_recurrent_nets(tmp_path: Path) -> None:
    (tmp_path / "r.cfg").write_text(TEXT)
    Network.from_cfg("r.cfg").save_weights("r.conv.1", cutoff=1)
    lines = darknet("rnn", "generate", "r.cfg", "r.conv.1", "-len", "2", "-nogpu").stderr
    assert DETECTOR.replace("first", "r") in lines


def test_the_library(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "darknet_py"):
        darknet_py.load("n.cfg", "first.conv.1", names=["a", "b", "c"])
    assert [record.getMessage() for record in caplog.records] == [DETECTOR]


def test_check_takes_it_for_what_a_training_starts_from() -> None:
    result = darknet("check", "n.cfg", "first.conv.1")
    assert "note: first.conv.1: covers the layers before 1 of 3" in result.stdout
    assert result.stdout.endswith("OK\n")
