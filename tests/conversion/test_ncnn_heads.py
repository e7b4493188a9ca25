"""Detection heads written for ncnn: their output, and the boxes of all of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.golden_check import GOLDEN
from support.layer_check import net_section, read, sections
from support.ncnn_run import largest_difference

from darknet_py.conversion.export_target import ExportTarget
from darknet_py.conversion.ncnn_file import to_ncnn
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network

YOLO = "conv filters=21;yolo classes=2 num=3 anchors=3,5,7,4,9,9"
NETS = {
    "one yolo": YOLO,
    "scale_x_y": f"{YOLO} scale_x_y=1.2",
    "new_coords": f"{YOLO} new_coords=1 scale_x_y=2".replace("=21", "=21 activation=logistic"),
    "unlike strides": f"conv stride_x=2 size=2 filters=4 stride_y=1;{YOLO};route layers=-3;{YOLO}",
    "region": "conv filters=14;region classes=2 num=2 anchors=1,2,3,4 softmax=1",
    "region without softmax": "conv filters=14;region classes=2 num=2 anchors=1,2,3,4",
}


@pytest.mark.parametrize("form", ["heads", "ultralytics", "raw"])
@pytest.mark.parametrize("fork", ["alexeyab", "pjreddie"])
@pytest.mark.parametrize("name", NETS)
def test_heads(name: str, fork: str, form: str, tmp_path: Path) -> None:
    pytest.importorskip("ncnn", reason="needs pip install ncnn")
    net = Network(read(net_section(3, 9, 8) + sections(NETS[name]), fork), seed=1)
    assert largest_difference(net, form, tmp_path) < 1e-5


@pytest.mark.parametrize(
    ("layers", "form", "message"),
    [
        ("conv filters=14;region num=2 classes=2 background=1", "heads", "background=1 is not"),
        (
            "conv filters=11;Gaussian_yolo classes=2 num=1",
            "heads",
            "the output of this kind is not",
        ),
        ("connected output=4;detection side=1 classes=2", "ultralytics", "the output of this kind"),
    ],
)
def test_refusals(layers: str, form: str, message: str) -> None:
    net = Network(read(net_section(3, 8, 8) + sections(layers)), seed=1)
    with pytest.raises(DarknetError, match=message):
        to_ncnn(net, ExportTarget(form=form))


def test_the_output_of_yolov1_is_its_matrixs(tmp_path: Path) -> None:
    pytest.importorskip("ncnn", reason="needs pip install ncnn")
    net = Network.from_cfg(GOLDEN / "detection" / "net.cfg", seed=1)
    net.load_weights(GOLDEN / "detection" / "net.weights")
    assert largest_difference(net, "heads", tmp_path) < 1e-5
