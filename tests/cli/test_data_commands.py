"""data sheet and data shapes from the command line."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from click.testing import CliRunner, Result

from darknet_py.cli.main import main
from darknet_py.images.io import read_image

CFG = """[net]
width=64
height=48
channels=3
mosaic=1
[convolutional]
filters=39
size=1
activation=linear
[yolo]
classes=8
num=3
mask=0,1,2
anchors=4,4, 8,8, 12,12
"""


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def cfg(tmp_path: Path) -> Path:
    path = tmp_path / "net.cfg"
    path.write_text(CFG)
    return path


def test_shapes_and_a_page_of_their_samples(tmp_path: Path, cfg: Path) -> None:
    folder, page = tmp_path / "set", tmp_path / "page.png"
    options = ("--images", 6, "-seed", 2, "-width", 64, "-height", 64, "-valid_every", 3)
    result = run("data", "shapes", folder, *options)
    assert (result.exit_code, result.stdout) == (0, f"{folder / 'shapes.data'}: 6 images\n")
    assert len((folder / "train.txt").read_text().splitlines()) == 4
    words = ("data", "sheet", folder / "shapes.data", cfg, page, "-images", 5, "--seed", 1)
    result = run(*words, "--fork", "pjreddie", "--first", 3, "-width", 96, "-height", 96)
    told = f"{page}: samples 3 to 7 of a training with seed 1\n"
    assert (result.exit_code, result.stdout, result.stderr) == (0, told, "")
    assert read_image(page).shape == (27 + 2 * (200 + 71), 4 * 210, 3)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (
            ("shapes", "FOLDER/net.cfg", "--images=1"),
            "net.cfg/pictures: cannot be made: Not a directory",
        ),
        (
            ("shapes", "FOLDER/a", "-images", "1", "--width", "40", "-smallest", "30"),
            "no shape of radius 30 fits into 40 x 416 pixels; take larger images",
        ),
        (
            ("shapes", "FOLDER/a", "-images", "1", "-smallest", "nan"),
            "or a smallest radius of 1 to 249.6",
        ),
        (("sheet", "FOLDER/a.data", "FOLDER/net.cfg", "x.jpg"), "a.data: no such file"),
    ],
)
def test_errors_are_one_line(
    tmp_path: Path, cfg: Path, words: tuple[str, ...], complaint: str
) -> None:
    result = run("data", *(word.replace("FOLDER", str(cfg.parent)) for word in words))
    assert result.exit_code == 1
    assert complaint in result.stderr
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == [cfg]


@pytest.mark.parametrize(
    "option", ["--images=0", "--seed=-1", "--smallest=0", "--valid_every=0", "--width=20"]
)
def test_numbers_out_of_range(tmp_path: Path, option: str) -> None:
    result = run("data", "shapes", tmp_path / "a", "--images=1", option)
    assert result.exit_code == 2
    assert "is not in the range" in result.stderr


def test_a_video_is_drawn(tmp_path: Path) -> None:
    out = tmp_path / "v.avi"
    words = ["data", "video", str(out), "--frames", "5", "--width", "64", "--height", "48"]
    result = CliRunner().invoke(main, [*words, "--fps", "12.5"])
    assert (result.exit_code, result.stdout) == (0, f"{out}: 5 frames\n")
    capture = cv2.VideoCapture(str(out))
    assert [capture.get(number) for number in (3, 4, 5)] == [64, 48, 12.5]  # width, height, fps
    assert sum(capture.read()[0] for _ in range(9)) == 5
