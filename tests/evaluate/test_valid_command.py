"""`valid` and `recall` from their options to what they print."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.labelled import data_set

from darknet_py.evaluate.valid_command import recall, valid
from darknet_py.options.evaluation import RecallOptions, ValidOptions

FILES = {"data": "n.data", "cfg": "n.cfg", "weights": "n.weights", "device": "cpu"}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    data_set(tmp_path, "eval=imagenet", "results=r")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_valid_says_where_the_boxes_are(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for mirrored in (False, True):
        valid(ValidOptions(**FILES, mirrored=mirrored, out="o"))
        texts.append((here / "r" / "o.txt").read_text())
        printed = capsys.readouterr()
        assert printed.out == " Detection layer: 2 - type = 28 \n"
        assert f"r: {len(texts[-1].splitlines())} boxes in 2 images\n" in printed.err
    assert texts[0] != texts[1]


def test_recall_prints_its_last_line_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    recall(RecallOptions(**FILES))
    printed = capsys.readouterr()
    lines = [line for line in printed.err.splitlines() if "RPs/Img" in line]
    assert [line.split()[0] for line in lines] == ["0", "1"]
    assert printed.out == lines[-1] + "\n" and "     4\tRPs/Img" in printed.out


def test_all_that_darknet_prints(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data_set(here)
    valid(ValidOptions(**FILES, log_style="darknet"))
    out, err = capsys.readouterr()
    assert out.startswith(" GPU isn't used \n") and out.endswith("type = 28 \n")
    assert "\nresults: Using default 'results'\n" in err
    assert re.search(r"(?s)Done! .*\nLearning Rate: 0.001, Mom.*\neval: Using .*'voc'\n2\n", err)
    recall(RecallOptions(**FILES, log_style="darknet"))
    out, err = capsys.readouterr()
    assert out.endswith(" Kilo-batches_64) \n"), "the lines of images go to stderr alone"
    assert "\tRecall:" in err
