"""The EXIF orientation in evaluation: as the fork's program reads images, or as --exif says."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from support.labelled import data_set

from darknet_py.cli.main import main
from darknet_py.images.io import read_image

TIFF = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
WORDS = {"map": ("map",), "recall": ("detector", "recall"), "valid": ("detector", "valid")}
TIMES = ("Total Detection", "images a second", "milliseconds")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """t.jpg is to be turned; upright.png and stored.png hold what is seen with and without."""
    data_set(tmp_path, f"results={tmp_path / 'r'}", "eval=voc")
    monkeypatch.chdir(tmp_path)
    pixels = np.random.default_rng(3).integers(0, 256, (40, 50, 3), np.uint8)
    data = cv2.imencode(".jpg", cv2.GaussianBlur(pixels, (5, 5), 2))[1].tobytes()
    segment = b"Exif\0\0" + TIFF
    head = b"\xff\xd8\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment
    Path("x.jpg").write_bytes(head + data[2:])
    for name, honour in (("upright", True), ("stored", False)):
        cv2.imwrite(f"{name}.png", read_image("x.jpg", honour_exif=honour)[..., ::-1])
    return tmp_path


def outcome(word: str, image: str, *words: str) -> list[str]:
    """All that is printed and written, with the image under one name."""
    Path("x" + Path(image).suffix).write_bytes(Path(image).read_bytes())
    Path("x.txt").write_text("0 .4 .3 .5 .2\n2 .6 .6 .3 .3\n")
    Path("valid.txt").write_text("x" + Path(image).suffix + "\n")
    result = CliRunner().invoke(main, [*WORDS[word], "n.data", "n.cfg", "n.weights", *words])
    assert result.exit_code == 0, result.output
    written = [path.read_text() for path in sorted(Path("r").glob("*"))]
    lines = result.output.splitlines()
    return [line for line in lines if not any(time in line for time in TIMES)] + written


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize(
    ("words", "seen"),
    [
        ((), "upright"),
        (("--no-exif",), "stored"),
        (("--fork", "pjreddie"), "stored"),
        (("--fork", "pjreddie", "--exif"), "upright"),
    ],
)
def test_each_word_sees_the_image_so(word: str, words: tuple[str, ...], seen: str) -> None:
    found = outcome(word, "x.jpg", *words)
    fork = words[:2] if "--fork" in words else ()
    assert found == outcome(word, f"{seen}.png", *fork)
    other = {"upright": "stored", "stored": "upright"}[seen]
    assert found != outcome(word, f"{other}.png", *fork)
