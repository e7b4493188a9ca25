"""Small inputs that once failed, from ../shared/cases/fuzz: each one clear line, and no more."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.golden_check import SHARED

from darknet_py import Network
from darknet_py.cli.main import main
from darknet_py.synthetic.shape_dataset import write_dataset

pytestmark = pytest.mark.parity
CASES = SHARED / "cases" / "fuzz"


def names(pattern: str) -> list[str]:
    return sorted(path.name for path in CASES.glob(pattern)) or ["none"]


def darknet(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def require_one_line(result: Result, start: str) -> None:
    assert result.exit_code == 1 and isinstance(result.exception, SystemExit)
    (error,) = [line for line in result.stderr.splitlines() if "error" in line]
    assert re.match(f"darknet-py: error: .*{start}", error), error


@pytest.fixture
def here(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", names("results-*.bin"))
def test_result_files(here: Path, name: str) -> None:
    first, *files = (CASES / name).read_bytes().split(b"\n--FILE ")
    for file in files:
        path, _, text = file.partition(b"\n")
        (here / path.decode()).write_bytes(text)
    require_one_line(darknet(*first.decode().split()), r"\w+\.json: ")


@pytest.mark.parametrize("name", names("state-*.bin"))
def test_training_states(here: Path, name: str) -> None:
    write_dataset(here / "shapes", 4, seed=3, width=64, height=64)
    labels = (here / "shapes").rglob("*.txt")
    for path in (path for path in labels if path.name != "train.txt"):
        path.write_text(re.sub(r"(?m)^\d+ ", "0 ", path.read_text()))
    (here / "small.cfg").write_bytes((CASES / "small.cfg").read_bytes())
    (here / "o.data").write_text("classes=2\ntrain=shapes/train.txt\nbackup=kept\n")
    (here / "kept").mkdir()
    state = here / "kept" / "small_last.state"
    state.write_bytes((CASES / name).read_bytes())
    words = ("train", "o.data", "small.cfg", "--resume", "--workers", "0", "-nogpu")
    require_one_line(darknet(*words), "kept/small_last.state: ")
    assert state.read_bytes() == (CASES / name).read_bytes()


@pytest.mark.parametrize("name", [*names("png-*.png"), *names("image-*.bin")])
def test_images(here: Path, name: str) -> None:
    (here / name).write_bytes((CASES / name).read_bytes())
    Network.from_cfg(CASES / "small.cfg", seed=1).save_weights("small.weights")
    words = ("detect", str(CASES / "small.cfg"), "small.weights", name, "-nogpu")
    require_one_line(darknet(*words), f"{name}: ")


@pytest.mark.parametrize("word", ["check", "summary"])
def test_a_cfg_of_too_many_anchors(here: Path, word: str) -> None:
    result = darknet(word, str(CASES / "yolo-num.cfg"))
    assert result.exit_code == 1
    assert re.search(r"yolo-num.cfg:\d+: \[yolo\] num: read \d+, expected at most", result.output)
