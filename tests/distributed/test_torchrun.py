"""Two processes that torchrun starts say, write and return what one does."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest
from support.labelled import FIRST, SECOND, data_set
from support.torchrun import run, torchrun

pytestmark = pytest.mark.slow

WORDS = """
import json, os, sys
import darknet_py
from darknet_py.cli.main import execute

names = ("n.cfg", "n.weights")
codes = [
    execute(["map", "all.data", *names, "--batch", "2", "-out", "map.json", "--worst", "2", "w"]),
    execute(["detector", "valid", "all.data", *names, "--batch", "2"]),
    execute(["detector", "recall", "all.data", *names]),
    execute(["detect", *names, "list.txt", "none.txt", "-thresh", ".01", "-out", "boxes.json"]),
    execute(["detect", *names, "list.txt", "-skipclasses", "0", "-prefix", "tiled", "--tile=2x1"]),
]
counted = []
result = darknet_py.evaluate(
    names, {"valid": "all.txt", "names": "n.names"}, callback=lambda *now: counted.append(now)
)
rank = os.environ.get("RANK", "0")
told = {"codes": codes, "map": result.map, "left": len(result.left_out), "last": counted[-1:]}
open(f"told-{rank}.json", "w").write(json.dumps(told))
"""
TIMES = re.compile(r"Predicted in [\d.]+ milli-seconds|\"seconds\": [\d.e-]+")


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """The same data set twice: nine images of which two cannot be read."""
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    data_set(one)
    images = []
    for number in range(9):
        source = one / (FIRST, SECOND)[number % 2]
        image = one / f"many-{number}{source.suffix}"
        image.write_bytes(b"none" if number in (1, 6) else source.read_bytes())
        shutil.copy(source.with_suffix(".txt"), image.with_suffix(".txt"))
        images.append(image.name)
    (one / "all.txt").write_text("\n".join(images) + "\n")
    (one / "list.txt").write_text("\n".join([*images, *images[:1]]) + "\n")
    (one / "all.data").write_text("valid=all.txt\nnames=n.names\n")
    (one / "words.py").write_text(WORDS)
    shutil.copytree(one, two)
    return one, two


def written(folder: Path) -> dict[str, bytes]:
    files = {path for path in folder.rglob("*") if path.is_file() and "told" not in path.name}
    return {
        str(path.relative_to(folder)): TIMES.sub("", path.read_text()).encode()
        if path.suffix == ".json"
        else path.read_bytes()
        for path in files
        if "__pycache__" not in path.parts
    }


def test_words_and_files_are_those_of_one_process(folders: tuple[Path, Path]) -> None:
    one, two = folders
    alone, shared = run([sys.executable, "words.py"], one), torchrun(two, "words.py")
    assert (alone.returncode, shared.returncode) == (0, 0), shared.stderr
    assert TIMES.sub("", shared.stdout) == TIMES.sub("", alone.stdout) != ""
    names = {"map.json", "boxes.json", "predictions_many-0.jpg", "predictions_many-0_2.jpg"}
    names |= {"tiled_many-8.jpg", "results/comp4_det_test_ant.txt"}
    assert written(one).keys() >= names
    assert written(two) == written(one)
    told = (one / "told-0.json").read_text()
    assert '"codes": [0, 0, 0, 1, 1]' in told and '"left": 2, "last": [[7, 9]]' in told
    assert (two / "told-0.json").read_text() == told
    other = (two / "told-1.json").read_text()
    assert other == told.replace("[0, 0, 0, 1, 1]", "[0, 0, 0, 0, 0]").replace("[[7, 9]]", "[]")
    # Lines of two processes may run into each other.
    for bad in ("many-1", "many-6"):
        assert shared.stderr.count(f"darknet-py: error: {bad}") == 2
    assert shared.stderr.count("none.txt") == 1
    assert shared.stderr.count("2 of 9 images could not be read") == 4


def test_what_cannot_be_shared_is_refused(folders: tuple[Path, Path]) -> None:
    done = torchrun(folders[0], "-m", "darknet_py", "detect", "n.cfg", "n.weights")
    assert done.returncode == 1
    assert "several processes cannot share the paths on standard input" in done.stderr
    done = torchrun(folders[0], "-m", "darknet_py", "detect", "n.cfg", "n.weights", "a.mp4")
    assert done.returncode == 1
    assert "a.mp4: several processes cannot share a video; start one" in done.stderr
