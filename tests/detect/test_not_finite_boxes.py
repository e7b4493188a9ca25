"""Boxes that are not finite: left out of every output, counted and said once."""

from __future__ import annotations

import json
import logging
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from support.tiny_detector import save

import darknet_py
from darknet_py import Network
from darknet_py.cli.main import main
from darknet_py.detect.pipeline import PipelineOptions, candidates_of
from darknet_py.images.letterbox import Placement

SIZES = "width=32\nheight=32\nchannels=3\n"
CONVOLUTION = "[convolutional]\nfilters={}\nsize=1\nstride=32\nactivation=linear\n"
ANCHORS = "anchors=10,13, 16,30, 33,23\nclasses=1\nnum=3\n"
HEADS = {
    "yolo": CONVOLUTION.format(18) + "[yolo]\nmask=0,1,2\n" + ANCHORS,
    "gaussian": CONVOLUTION.format(30) + "[Gaussian_yolo]\nmask=0,1,2\n" + ANCHORS,
    "region": CONVOLUTION.format(18) + "[region]\nsoftmax=1\n" + ANCHORS,
    "detection": "[connected]\noutput=11\nactivation=linear\n"
    "[detection]\nclasses=1\nnum=2\nside=1\ncoords=4\n",
}
SPOTS = {"yolo": (2, 6), "gaussian": (4, 10), "region": (2, 6), "detection": (5, 7)}
"""Where a head's output has the width of its first box, and x of its second."""
WHY = "boxes left out because their numbers are not finite"


def network(head: str, folder: Path) -> Network:
    cfg = folder / "net.cfg"
    cfg.write_text(f"[net]\n{SIZES}{HEADS[head]}")
    return Network.from_cfg(cfg, seed=3)


def broken(folder: Path, value: float) -> tuple[Path, Path]:
    """The case inf-box: every anchor's objectness and class high, every width `value`."""
    net = network("yolo", folder)
    parameters = dict(net.named_parameters())
    biases = next(p for name, p in parameters.items() if name.endswith("biases"))
    with torch.no_grad():
        for parameter in parameters.values():
            parameter.zero_()
        biases.view(3, 6)[:, 4:] = 5.0
        biases.view(3, 6)[:, 2] = value
    net.save_weights(folder / "net.weights")
    return folder / "net.cfg", folder / "net.weights"


@pytest.mark.parametrize("head", HEADS)
def test_the_other_boxes_of_every_head_stay_as_they_are(head: str, tmp_path: Path) -> None:
    net = network(head, tmp_path)
    plain = net(torch.rand(2, 3, 32, 32))[0].abs()
    placements = [Placement(32, 32, 32, 32)] * 2
    options = PipelineOptions(thresh=-1e9, nms=0)
    before = candidates_of(net.graph, [plain], placements, options)
    spoilt = plain.clone()
    width, other = SPOTS[head]
    spoilt[0, width], spoilt[1, other] = math.inf, math.nan
    after = candidates_of(net.graph, [spoilt], placements, options)
    assert after.not_finite == (0, 1)
    rows = torch.cat([before.boxes, before.scores], 1).tolist()
    left = torch.cat([after.boxes, after.scores], 1).tolist()
    assert len(left) == len(rows) - 2 and all(row in rows for row in left)


@pytest.mark.parametrize("value", [200.0, math.inf, math.nan], ids=str)
def test_a_detector_leaves_them_out_and_says_so_once(
    value: float, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    detector = darknet_py.load(*broken(tmp_path, value), names=["thing"])
    caplog.clear()  # the weights are named as they are loaded
    images = [str(path) for path in save(tmp_path, "a.png", "b.png")]
    with caplog.at_level(logging.WARNING):
        results = detector(images)
        assert [record.getMessage() for record in caplog.records] == [
            f"{WHY}: 6, the first in {images[0]}"
        ]
        caplog.clear()
        streamed = list(detector.stream(images, batch=2))
    assert [len(result) for result in [*results, *streamed]] == [0, 0, 0, 0]  # type: ignore[misc]
    assert len(caplog.records) == 1
    caplog.clear()
    assert len(detector(np.zeros((40, 50, 3), np.uint8))) == 0
    assert caplog.records[0].getMessage() == f"{WHY}: 3, the first in image 1"


def test_finite_boxes_are_no_matter_to_speak_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    detector = darknet_py.load(*broken(tmp_path, 1.0), names=["thing"])
    caplog.clear()
    assert len(detector(np.zeros((40, 50, 3), np.uint8), nms=0)) == 3
    assert not caplog.records


@pytest.mark.parametrize("value", [69.0, 80.0])
def test_huge_boxes_are_printed_drawn_and_written_as_they_are(value: float, tmp_path: Path) -> None:
    """e**69 times an anchor is 1e30 pixels: a number, as C prints it."""
    detector = darknet_py.load(*broken(tmp_path, value), names=["thing"])
    result = detector(np.zeros((40, 50, 3), np.uint8), nms=0)
    assert isinstance(result, darknet_py.detect.result.Result)
    assert len(result) == 3 and result.boxes.xywh[:, 2].min() > 1e30
    assert np.isfinite(result.boxes.xyxy).all() and np.isfinite(result.plot()).all()
    objects = json.loads(result.to_json())["objects"]
    widths = [one["relative_coordinates"]["width"] for one in objects]
    np.testing.assert_allclose(widths, result.boxes.xywhn[:, 2], rtol=1e-6)


WORDS = {
    "test": "detector test n.data net.cfg net.weights 1.png -ext_output -save_labels -out o.json",
    "map": "map n.data net.cfg net.weights --coco --worst 1 worst",
    "valid": "detector valid n.data net.cfg net.weights",
    "recall": "detector recall n.data net.cfg net.weights",
}


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("value", [60.0, 88.0, 200.0, math.inf, math.nan], ids=str)
@pytest.mark.parametrize("word", WORDS)
def test_no_command_fails(
    word: str, value: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    broken(tmp_path, value)
    save(tmp_path, "1.png")
    (tmp_path / "1.txt").write_text("0 .5 .5 .3 .3\n")
    (tmp_path / "l.txt").write_text("1.png\n")
    (tmp_path / "n.names").write_text("thing\n")
    (tmp_path / "n.data").write_text(
        "classes=1\nvalid=l.txt\nnames=n.names\neval=coco\nresults=.\n"
    )
    answer = CliRunner().invoke(main, WORDS[word].split())
    assert answer.exit_code == 0, answer.output
    said = WHY in answer.output
    assert said == (not value < 88.0)
    for path in tmp_path.glob("*.json"):
        parsed = json.loads(path.read_text(), parse_constant=pytest.fail)
        objects = parsed[0]["objects"] if word == "test" else parsed
        assert bool(objects) != said
    if word == "test":
        rows = [row.split() for row in Path("1.txt").read_text().splitlines()]
        assert bool(rows) != said
        assert all(math.isfinite(float(number)) for row in rows for number in row)
