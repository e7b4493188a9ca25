"""`segmenter test` and `isegmenter test`: C's lines, the picture, bad input."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from support.colour_segmenter import colour_segmenter, squares

from darknet_py.errors import DarknetError, ImageError
from darknet_py.images.draw import colour
from darknet_py.options.inference import SegmentOptions
from darknet_py.segment.command import predict
from darknet_py.segment.segmenter import open_segmenter


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def options(folder: Path, *images: str, instances: bool = False, **more: Any) -> SegmentOptions:
    (folder / "c.names").write_text("red\ngreen\n")
    (folder / "c.data").write_text(f"names={folder}/c.names\n")
    cfg, weights = colour_segmenter(folder, instances)
    choices = {"data": "c.data", "device": "cpu"} | more
    return SegmentOptions(cfg=cfg, weights=weights, images=images, instances=instances, **choices)


SECONDS = r"\d+\.\d{6}"


@pytest.mark.parametrize("instances", [False, True])
def test_darknets_lines(here: Path, instances: bool, capsys: pytest.CaptureFixture[str]) -> None:
    squares(here)
    assert predict(options(here, "a.png", instances=instances)) == 0
    # The first value is of the grey above the image: 20 * (.5 - .5 - .5).
    lines = rf"Predicted: 0\.000045\na\.png: Predicted in {SECONDS} seconds\.\n"
    assert re.fullmatch(lines, capsys.readouterr().out)


def test_the_classes_of_an_image(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = squares(here)
    predict(options(here, "a.png"))
    words = re.fullmatch(r"predictions.jpg: green (.*)%, red (.*)%\n", capsys.readouterr().err)
    # 32 x 48 and 32 x 32 of 64 x 128 pixels; the map has every 8th of them.
    assert words and [float(share) for share in words.groups()] == [
        pytest.approx(18.75, abs=4),
        pytest.approx(12.5, abs=4),
    ]
    drawn = cv2.imread("predictions.jpg").astype(int)
    assert drawn.shape == image.shape
    for number, window in ((0, np.s_[20:44, 12:36]), (1, np.s_[20:44, 76:116])):
        expected = 0.4 * image[window] + 0.6 * np.array(colour(number, 2))
        assert np.abs(drawn[window] - expected).mean() < 12, number
    grey = drawn[52:, :]
    assert np.abs(grey - 127).max() < 30


def test_the_objects_of_an_image(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Red that is blue in a part is two objects."""
    image = squares(here)
    predict(options(here, "a.png", instances=True))
    found = re.fullmatch(r"predictions.jpg: (.*)\n", capsys.readouterr().err)
    assert found and found[1].split(", ") == ["green 100%", "red 100%", "red 100%"]
    drawn = cv2.imread("predictions.jpg").astype(int)
    windows = {0: np.s_[26:38, 82:110], 1: np.s_[26:38, 12:20], 2: np.s_[26:38, 30:36]}
    colours = [0.4 * image[window].mean((0, 1)) for window in windows.values()]
    for number, (plain, window) in enumerate(zip(colours, windows.values(), strict=True)):
        candidates = [plain + 0.6 * np.array(colour(one, 3)) for one in range(3)]
        distances = [np.abs(drawn[window].mean((0, 1)) - one).max() for one in candidates]
        assert distances[number] == min(distances) or {number, int(np.argmin(distances))} <= {1, 2}
        assert min(distances) < 25
    left, right = (drawn[windows[one]].mean((0, 1)) for one in (1, 2))
    assert np.abs(left - right).max() > 80


def test_many_images_and_their_pictures(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("one", "two"):
        (here / folder).mkdir()
        squares(here / folder)
    (here / "bad.png").write_bytes(b"nothing")
    assert predict(options(here, "one/a.png", "bad.png", "none.png", "two")) == 2
    printed = capsys.readouterr()
    assert re.findall(r"^(\S+): Predicted in", printed.out, re.M) == ["one/a.png", "two/a.png"]
    pictures = sorted(path.name for path in here.glob("*.jpg"))
    assert pictures == ["predictions_a.jpg", "predictions_a_2.jpg"]


def test_paths_that_are_typed(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    squares(here)
    monkeypatch.setattr("sys.stdin", io.StringIO("none.png\na.png\n"))
    assert predict(options(here)) == 1
    prompt = "Enter Image Path: "
    lines = rf"{prompt * 2}Predicted: 0.000045\na.png: Predicted in {SECONDS} seconds.\n{prompt}"
    assert re.fullmatch(lines, capsys.readouterr().out)
    assert [path.name for path in here.glob("*.jpg")] == ["predictions.jpg"]


def test_the_data_file_need_not_be_there(
    here: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    squares(here)
    given = options(here, "a.png", data="none.data")
    (here / "c.names").unlink()
    predict(given)
    assert "none.data: no such file; classes go by their numbers" in caplog.text
    assert re.match(r"predictions.jpg: 1 2.\..%, 0 1.\..%\n", capsys.readouterr().err)


def test_nothing_to_be_seen(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cv2.imwrite("grey.png", np.full((20, 20, 3), 90, np.uint8))
    for instances in (False, True):
        predict(options(here, "grey.png", instances=instances))
        assert capsys.readouterr().err == "predictions.jpg: nothing found\n"
        assert np.abs(cv2.imread("predictions.jpg").astype(int) - 90).max() < 3


@pytest.mark.parametrize("instances", [False, True])
def test_networks_of_the_other_kind(here: Path, instances: bool) -> None:
    given = options(here, instances=instances)
    colour_segmenter(here, not instances)
    with pytest.raises(DarknetError, match=r"c.cfg:10: \[(iseg|logistic)\]: .*; use `i?segmenter`"):
        predict(given)


def test_a_picture_that_cannot_be_written(here: Path) -> None:
    squares(here)
    (here / "predictions.jpg").mkdir()
    with pytest.raises(DarknetError, match="predictions.jpg: is a directory"):
        predict(options(here, "a.png"))


def test_values_and_maps(here: Path) -> None:
    """Letter-boxed: 64 x 128 pixels are 16 x 32 of the input's 32 x 32, and 8 x 16 of the map."""
    squares(here)
    segmenter = open_segmenter(options(here))
    segmented = segmenter(segmenter.read("a.png"))
    assert segmented.scores.shape == (2, 16, 16) and segmented.embedding.shape == (0, 16, 16)
    red = segmented.scores[0] > 0.5
    assert red[6:10, 1:5].all() and red.sum() < 36
    on_image = segmenter.on_image(segmented.scores[0], segmented.pixels)
    assert on_image.shape == (16, 32)
    with pytest.raises(ImageError):
        segmenter.read("none.png")
