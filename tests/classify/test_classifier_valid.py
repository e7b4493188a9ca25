"""Lines of `classifier valid` and `validcrop`, of a network that always says the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from support.tiny_classifier import files

from darknet_py import Network
from darknet_py.classify import classifier_valid
from darknet_py.classify.classifier_valid import validate
from darknet_py.options.inference import ListedOptions


@pytest.fixture
def options(tmp_path: Path) -> ListedOptions:
    """Six images, two of each class; the network says star, then circle."""
    cfg, data = files(tmp_path, train=3, valid=6)
    network = Network.from_cfg(cfg)
    with torch.no_grad():
        for index in range(3):
            for name in network.own(index):
                network.own(index)[name].zero_()
        network.own(2)["biases"].copy_(torch.tensor([2.0, 1.0, 3.0]))
    weights = tmp_path / "t.weights"
    network.save_weights(weights)
    return ListedOptions(cfg=str(cfg), weights=str(weights), data=str(data), device="cpu")


def test_a_line_an_image(options: ListedOptions, capsys: pytest.CaptureFixture[str]) -> None:
    assert validate(options, "validfull") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    assert lines[0] == "0: top 1: 0.000000, top 2: 1.000000"
    assert lines[-1] == "5: top 1: 0.333333, top 2: 0.666667"


def test_a_line_a_part_of_the_images(
    options: ListedOptions,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(classifier_valid, "SPLIT", 2)
    assert validate(options, "validcrop") == 0
    lines = [re.sub(r"\d\.\d{6} seconds", "s", x) for x in capsys.readouterr().out.splitlines()]
    assert lines == [
        "1: top 1: 0.000000, top 2: 0.500000, s, 2 images",
        "2: top 1: 0.250000, top 2: 0.750000, s, 2 images",
        "3: top 1: 0.333333, top 2: 0.666667, s, 2 images",
    ]


def test_unreadable_images_and_unclear_labels_are_told(
    options: ListedOptions, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "star_5.png").write_text("no image")
    (tmp_path / "labels.list").write_text("circle_\nstar_\nircle_\n")
    assert validate(options, "valid") == 0
    printed = capsys.readouterr()
    assert "warning: 1 of 6 images could not be read and do not count" in printed.err
    assert printed.out.startswith(" TOP calculation...\n\n0: top 1: ")
    assert "warning: 4 of 6 images have not just one label, the first is" in printed.err
