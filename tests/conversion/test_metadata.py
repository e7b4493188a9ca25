"""What a converted file says about itself."""

from __future__ import annotations

import json

import pytest
from support.golden_check import GOLDEN, loaded

from darknet_py.conversion.export_target import ExportTarget
from darknet_py.conversion.onnx_file import to_onnx

onnx = pytest.importorskip("onnx", reason="needs pip install onnx")


def test_metadata() -> None:
    net = loaded(GOLDEN / "yolov3", "alexeyab")
    names = [f"class {number}" for number in range(20)]
    model = onnx.load_from_string(to_onnx(net, ExportTarget(form="boxes"), names))
    actual = {entry.key: entry.value for entry in model.metadata_props}
    layers = [node.layer for node in net.graph.nodes if node.layer.HEAD]
    heads = json.loads(actual["darknet.heads"])
    assert json.loads(actual["darknet.names"]) == names
    assert (actual["darknet.width"], actual["darknet.height"]) == ("64", "48")
    assert (actual["darknet.fork"], actual["darknet.resize"]) == ("alexeyab", "stretch")
    assert [head["anchors"] for head in heads] == [[list(p) for p in one.sizes] for one in layers]
    assert [head["output"] for head in heads] == [f"yolo_{n}" for n in net.graph.heads]
    assert [output.name for output in model.graph.output] == ["boxes", "scores"]
