"""pytorchyolo's header: named where such a file is loaded, and repaired."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from darknet_py import Network
from darknet_py.checkpoints.shifted_header import repair_header
from darknet_py.errors import WeightsError
from darknet_py.network.weights_header import Header

CFG = (
    "[net]\nwidth=8\nheight=8\nchannels=3\n"
    "[convolutional]\nfilters=2\nsize=1\n[convolutional]\nfilters=1\nsize=1\n"
)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """net.cfg, good.weights, and shifted.weights: the same as pytorchyolo writes it."""
    (tmp_path / "net.cfg").write_text(CFG)
    net = Network.from_cfg(tmp_path / "net.cfg", seed=1)
    net.header = Header(0, 2, 5, 77)
    net.save_weights(tmp_path / "good.weights")
    weights = (tmp_path / "good.weights").read_bytes()[20:]
    start = struct.pack("<5i", 0, 0, 0, 77, 0)
    (tmp_path / "shifted.weights").write_bytes(start + weights)
    return tmp_path


def test_loading_names_the_cure(files: Path) -> None:
    net = Network.from_cfg(files / "net.cfg")
    message = (
        r"1 too many after the last layer; its header is 4 bytes longer than its version 0.0 says, "
        r"as pytorchyolo \(PyTorch-YOLOv3\) writes it: `darknet-py convert --repair IN OUT`"
    )
    with pytest.raises(WeightsError, match=message):
        net.load_weights(files / "shifted.weights")
    # The first layer alone, and one float more, which is none of a layer's.
    cut = (files / "shifted.weights").read_bytes()
    (files / "cut.weights").write_bytes(cut[: 20 + 4 * 8])
    with pytest.raises(WeightsError, match="convert --repair"):
        net.load_weights(files / "cut.weights")
    (files / "more.weights").write_bytes(cut + b"\0" * 4)
    with pytest.raises(WeightsError, match="belongs to another cfg"):
        net.load_weights(files / "more.weights")


@pytest.mark.parametrize("with_cfg", [False, True])
def test_the_repaired_file_is_the_good_one(files: Path, with_cfg: bool) -> None:
    net = Network.from_cfg(files / "net.cfg")
    graph = net.graph if with_cfg else None
    header = repair_header(str(files / "shifted.weights"), files / "out.weights", graph)
    assert header == Header(0, 2, 5, 77)
    assert (files / "out.weights").read_bytes() == (files / "good.weights").read_bytes()


def test_other_files_are_left_alone(files: Path) -> None:
    out = files / "out.weights"
    with pytest.raises(WeightsError, match="needs no repair: its header is of version 0.2.5"):
        repair_header(str(files / "good.weights"), out)
    # Some programs write version 0.0 and the four bytes of `seen` that Darknet expects there.
    data = (files / "shifted.weights").read_bytes()
    (files / "four.weights").write_bytes(data[:16] + b"\1" + data[21:])
    with pytest.raises(WeightsError, match="begin right behind the 16 bytes"):
        repair_header(str(files / "four.weights"), out)
    (files / "long.weights").write_bytes(data + b"\0" * 4)
    net = Network.from_cfg(files / "net.cfg")
    with pytest.raises(WeightsError, match="has 12 floats behind that header, the cfg needs 11"):
        repair_header(str(files / "long.weights"), out, net.graph)
    with pytest.raises(WeightsError, match="no such file"):
        repair_header(str(files / "none.weights"), out)
    assert not out.exists()
