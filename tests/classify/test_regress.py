"""`regressor test`: C's lines, a line for each number, bad input."""

from __future__ import annotations

import io
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from darknet_py import Network
from darknet_py.classify.regress import predict_numbers
from darknet_py.errors import DarknetError
from darknet_py.options.inference import RegressOptions

CFG = """[net]
width=8
height=8
channels=3
[conv]
filters={filters}
size=1
activation=linear
[avgpool]
[cost]
"""


def options(folder: Path, *images: str, filters: int = 1) -> RegressOptions:
    """A network that gives the mean of red, then the mean of red and 1, ..."""
    cfg, weights = folder / "r.cfg", folder / "r.weights"
    cfg.write_text(CFG.format(filters=filters))
    network = Network.from_cfg(cfg)
    with torch.no_grad():
        network.own(0)["weights"].copy_(
            torch.tensor([1.0, 0, 0])[None, :, None, None].expand(filters, 3, 1, 1)
        )
        network.own(0)["biases"].copy_(torch.arange(filters))
    network.save_weights(weights)
    return RegressOptions(cfg=str(cfg), weights=str(weights), images=images, device="cpu")


def image(folder: Path, red: int) -> str:
    path = folder / f"{red}.png"
    assert cv2.imwrite(str(path), np.full((8, 16, 3), (9, 9, red), np.uint8))
    return str(path)


def test_darknets_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = image(tmp_path, 51)
    assert predict_numbers(options(tmp_path, path)) == 0
    # Half of the input is the image, .2, the rest is grey, .5.
    lines = rf"Predicted: 0\.350000\n{path}: Predicted in \d+\.\d{{6}} seconds\.\n"
    assert re.fullmatch(lines, capsys.readouterr().out)


def test_a_line_for_each_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    predict_numbers(options(tmp_path, image(tmp_path, 51), image(tmp_path, 102), filters=3))
    numbers = re.findall(r"Predicted: (.*)", capsys.readouterr().out)
    assert numbers == [f"{value:.6f}" for value in (0.35, 1.35, 2.35, 0.45, 1.45, 2.45)]


def test_what_cannot_be_read_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.png").write_bytes(b"nothing")
    good = image(tmp_path, 51)
    assert predict_numbers(options(tmp_path, str(tmp_path / "bad.png"), "none.png", good)) == 2
    assert capsys.readouterr().out.startswith("Predicted: 0.350000\n")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{good}\n"))
    predict_numbers(options(tmp_path))
    assert capsys.readouterr().out.startswith("Enter Image Path: Predicted: 0.350000\n")


def test_detection_networks_are_sent_to_their_command(tmp_path: Path) -> None:
    given = options(tmp_path)
    head = "[conv]\nfilters=18\nsize=1\nactivation=linear\n[yolo]\nclasses=1\nnum=3\n"
    (tmp_path / "r.cfg").write_text(f"[net]\nwidth=8\nheight=8\nchannels=3\n{head}")
    with pytest.raises(DarknetError, match=r"ends in \[yolo\]; use `darknet-py detect`"):
        predict_numbers(given)
