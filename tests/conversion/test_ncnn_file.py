"""ncnn's files as a whole, and which networks can be exported in which form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.golden_check import GOLDEN, loaded
from support.ncnn_run import largest_difference

from darknet_py.conversion.export_target import ExportTarget
from darknet_py.conversion.ncnn_file import to_ncnn
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network

ROOT = Path(__file__).resolve().parents[2]
NO_NCNN = {
    "yolov1.cfg": "[local]: this kind is not written for ncnn",
}


def test_three_files() -> None:
    net = loaded(GOLDEN / "yolov3", "alexeyab")
    files = to_ncnn(net, ExportTarget(form="raw"), ["a"])
    assert list(files) == [".param", ".bin", ".json"]
    lines = files[".param"].decode().splitlines()
    assert lines[0] == "7767517" and int(lines[1].split()[0]) == len(lines) - 2
    assert lines[2].split()[:5] == ["Input", "input_0", "0", "1", "images"]
    raw = [f"convolutional_{net.graph.nodes[index].inputs[0]}" for index in net.graph.heads]
    assert [line.split()[-1] for line in lines if line.startswith("Noop")] == raw
    words = json.loads(files[".json"])
    assert words["darknet.names"] == '["a"]' and words["darknet.form"] == "raw"


@pytest.mark.parametrize("name", ["yolov3", "yolov4_csp_newcoords", "classifier", "conv_geometry"])
def test_recorded_networks(name: str, tmp_path: Path) -> None:
    pytest.importorskip("ncnn", reason="needs pip install ncnn")
    assert largest_difference(loaded(GOLDEN / name, "alexeyab"), "heads", tmp_path) < 1e-4


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (ExportTarget(form="nms"), "form nms: it is written for ncnn in no such form"),
        (ExportTarget(batch=2), "ncnn runs single images of one size"),
        (ExportTarget(dynamic_size=True), "ncnn runs single images of one size"),
    ],
)
def test_refusals(target: ExportTarget, message: str) -> None:
    with pytest.raises(DarknetError, match=message):
        to_ncnn(loaded(GOLDEN / "yolov3", "alexeyab"), target)


VARIANCE = {"efficientnet_b0.cfg": 0.25, "yolov7.cfg": 0.25}
"""Of what is normalised: with 1, as in the others, nothing of the image is left at their end."""


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted((ROOT / "cfg").glob("*.cfg")), ids=lambda path: path.name)
def test_every_cfg(path: Path, tmp_path: Path) -> None:
    pytest.importorskip("ncnn", reason="needs pip install ncnn")
    net = Network.from_cfg(path, width=64, height=64, seed=1)
    for index in range(len(net.layers)):
        if "rolling_variance" in (tensors := net.own(index)):
            tensors["rolling_variance"].data.fill_(VARIANCE.get(path.name, 1.0))
    if path.name in NO_NCNN:
        with pytest.raises(DarknetError) as caught:
            to_ncnn(net)
        assert NO_NCNN[path.name] in str(caught.value)
    else:
        assert largest_difference(net, "heads", tmp_path) < 1e-4
