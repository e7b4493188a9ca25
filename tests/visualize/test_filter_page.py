"""Pictures of filters."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from click.testing import CliRunner

from darknet_py.cli.main import main
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network
from darknet_py.visualize.filter_page import filter_page, filters_of, layer_picture, stretched

CFG = """[net]
width=8
height=8
channels=3
[convolutional]
filters=2
size=2
activation=linear
[maxpool]
[convolutional]
filters=3
size=1
activation=linear
"""


@pytest.fixture
def network(tmp_path: Path) -> Network:
    (tmp_path / "a.cfg").write_text(CFG)
    made = Network.from_cfg(tmp_path / "a.cfg")
    with torch.no_grad():
        made.own(0)["weights"].copy_(torch.arange(24.0).reshape(2, 3, 2, 2))
        made.own(2)["weights"].copy_(torch.tensor([[0.0, 1], [1, 3], [5, 5]]).reshape(3, 2, 1, 1))
    return made


def test_rows_are_stretched_to_one() -> None:
    rows = np.array([[-1, 0, 3], [2, 2, 2]], np.float32)
    np.testing.assert_allclose(stretched(rows), [[0, 0.25, 1], [0, 0, 0]])


def test_filters_of_three_channels_are_in_colour(network: Network) -> None:
    picture = layer_picture(network, 0)
    times = 256 // 5  # two filters of 2 x 2, one pixel between them
    assert picture.shape == (5 * times, 2 * times, 3)
    small = picture[::times, ::times]
    # The first filter holds 0..11, red first: its corner is 0, 4, 8 of 11, and BGR here.
    assert small[0, 0].tolist() == [round(255 * value / 11) for value in (8, 4, 0)]
    assert small[1, 1].tolist() == [round(255 * value / 11) for value in (11, 7, 3)]
    assert not small[2].any()
    np.testing.assert_array_equal(small[3:], small[:2])


def test_other_filters_are_a_row_of_channels(network: Network) -> None:
    picture = layer_picture(network, 2)
    times = 256 // 5
    grey = picture[::times, ::times, 0]
    assert grey.tolist() == [
        [0, 0, 255],
        [0, 0, 0],
        [0, 0, 255],
        [0, 0, 0],
        [0, 0, 0],
    ]


@pytest.mark.parametrize("index", [1, 7, -1])
def test_other_layers_name_those_with_filters(network: Network, index: int) -> None:
    assert filters_of(network, index) is None
    with pytest.raises(DarknetError, match=rf"layer {index} has no filters; layers 0, 2 have"):
        layer_picture(network, index)


def test_page_of_a_network_without_filters(tmp_path: Path) -> None:
    (tmp_path / "a.cfg").write_text(CFG.split("[convolutional]", maxsplit=1)[0] + "[maxpool]\n")
    with pytest.raises(DarknetError, match="no layer has filters"):
        filter_page(Network.from_cfg(tmp_path / "a.cfg"), "")


def test_command_writes_the_page(tmp_path: Path) -> None:
    (tmp_path / "a.cfg").write_text(CFG)
    out = tmp_path / "page.png"
    result = CliRunner().invoke(main, ["visualize", str(tmp_path / "a.cfg"), "-o", str(out)])
    assert result.exit_code == 0, result.output
    assert "random weights" in result.stderr and result.stdout == f"{out}\n"
    page = cv2.imread(str(out))
    assert page is not None and page.shape[1] == 2 * 266  # two tiles of 256 and their gaps


def test_layer_option(tmp_path: Path) -> None:
    (tmp_path / "a.cfg").write_text(CFG)
    words = ["visualize", str(tmp_path / "a.cfg"), "--layer", "0", "-o", str(tmp_path / "l.png")]
    assert CliRunner().invoke(main, words).exit_code == 0
    assert cv2.imread(str(tmp_path / "l.png")).shape == (255, 102, 3)
