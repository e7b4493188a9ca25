"""Lines of `classifier predict`, `test`, `label` and `csv`, of a network that never changes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import torch
from support.tiny_classifier import files

from darknet_py import Network
from darknet_py.classify.predict import list_scores, predict
from darknet_py.options.inference import ListedOptions, PredictOptions


@pytest.fixture
def given(tmp_path: Path) -> dict[str, Any]:
    """cfg, weights and data of a network that gives circle .25, square .125 and star .625."""
    cfg, data = files(tmp_path, train=1, valid=2)
    network = Network.from_cfg(cfg)
    with torch.no_grad():
        for index in range(3):
            for name in network.own(index):
                network.own(index)[name].zero_()
        network.own(2)["biases"].copy_(torch.tensor([0.25, 0.125, 0.625]).log())
    network.save_weights(tmp_path / "t.weights")
    return {
        "cfg": str(cfg),
        "weights": str(tmp_path / "t.weights"),
        "data": str(data),
        "device": "cpu",
    }


@pytest.mark.parametrize(
    ("what", "line"),
    [("test", "\t0.25\t0.125\t0.625"), ("label", "star"), ("csv", "\t2\t0")],
)
def test_a_line_an_image_of_the_list(
    given: dict[str, Any], capsys: pytest.CaptureFixture[str], what: str, line: str
) -> None:
    folder = Path(given["cfg"]).parent
    paths = [folder / "square_1.png", folder / "star_2.png"]
    assert list_scores(ListedOptions(**given), what) == 0
    expected = [line if what == "label" else f"{path}{line}" for path in paths]
    assert capsys.readouterr().out.splitlines() == expected


def test_unreadable_images_are_counted(
    given: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    image = str(Path(given["cfg"]).parent / "star_2.png")
    options = PredictOptions(**given, images=(image, "gone.png", image), top=1)
    assert predict(options) == 1
    assert capsys.readouterr().out.splitlines()[3::3] == ["star: 0.625000"] * 2


def test_all_that_darknet_prints(
    given: dict[str, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = str(Path(given["cfg"]).parent / "star_2.png")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{image}\n"))
    assert predict(PredictOptions(**given, top=1, log_style="darknet")) == 0
    out, err = capsys.readouterr()
    assert out.startswith(" GPU isn't used \n")
    assert " Kilo-batches_64) \n classes = 3, output in cfg = 3 \nEnter Image Path: " in out
    assert out.endswith("star: 0.625000\nEnter Image Path: "), "no line end behind the last"
    assert "Done! Loaded " in err
