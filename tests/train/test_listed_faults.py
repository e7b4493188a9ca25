"""A training on a data set with faults: what it says, and what it names in files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from support import small_classifier
from support.small_detector import small_options
from support.tiny_detector import save

from darknet_py.train.command import run

FAULTY = "9 .5 .5 .3 .3\n0 0 0 .1 .1\n1 .5 .5 .3 .3\n"


def with_faults(folder: Path, max_batches: int = 6, **choices: Any) -> int:
    """Trains on a wrong label file, none, and an image that is none, from the folder itself."""
    options = small_options(folder, max_batches, **choices)
    save(folder, "a.png", "b.png", "c.png")
    Path("c.png").write_bytes(b"nothing")
    Path("a.txt").write_text(FAULTY)
    Path("c.txt").write_text("0 .5 .5 .3 .3\n")
    Path("train.txt").write_text("a.png\nb.png\nc.png\n")
    text = Path(options.data).read_text()
    Path(options.data).write_text(re.sub("train=.*", "train=train.txt", text))
    return run(options)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_faults_are_listed_once_and_counted(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert with_faults(here) == 0
    assert sorted(Path("bad.list").read_text().splitlines()) == ["b.txt", "c.png"]
    assert Path("bad_label.list").read_text().splitlines() == [
        "a.txt Wrong annotation: class_id = 9. But class_id should be [from 0 to 7]",
        "a.txt Wrong annotation: x = 0 or y = 0",
    ]
    printed = capsys.readouterr().out
    assert printed.count("Wrong annotation") == 1
    end = printed.splitlines()[-3:]
    assert end[:2] == [
        "warning: 2 missing or damaged files are named in bad.list",
        "warning: 2 wrong labels are named in bad_label.list",
    ]


def test_without_faults_there_is_no_file(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(small_options(here, max_batches=6)) == 0
    assert not list(here.glob("bad*")) and "named in" not in capsys.readouterr().out


def test_pjreddies_program_has_no_lists(here: Path) -> None:
    assert with_faults(here, max_batches=1, fork="pjreddie") == 0
    assert not list(here.glob("bad*"))


def test_a_classifiers_damaged_image(here: Path) -> None:
    options = small_classifier.small_options(here, max_batches=3)
    text = Path(options.data).read_text()
    (images,) = re.findall("train=(.*)", text)
    paths = Path(images).read_text().splitlines()
    name = f"{Path(paths[0]).stem}-damaged.png"
    Path(name).write_bytes(b"nothing")
    Path("train.txt").write_text("\n".join([*paths[:5], name]))
    Path(options.data).write_text(re.sub("train=.*", "train=train.txt", text))
    assert run(options) == 0
    assert Path("bad.list").read_text() == f"{name}\n"
