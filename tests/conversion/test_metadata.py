"""What a converted file says about itself."""

from __future__ import annotations

import ast
import json

import pytest
from support.golden_check import GOLDEN, loaded

from darknet_py.conversion.export_target import ExportTarget
from darknet_py.conversion.metadata import foreign_words, metadata
from darknet_py.conversion.onnx_file import to_onnx


def test_metadata() -> None:
    onnx = pytest.importorskip("onnx", reason="needs pip install onnx")
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


def test_words_that_ultralytics_readers_look_for() -> None:
    """Strings that are Python's literals; classes without a name have their number."""
    graph = loaded(GOLDEN / "yolov3", "alexeyab").graph
    target = ExportTarget(form="ultralytics", batch=2, dynamic_batch=True)
    words = foreign_words(metadata(graph, target, ["it's", "b"]))
    values = {key: ast.literal_eval(words[key]) for key in ("names", "imgsz", "args")}
    assert values["names"][0] == "it's" and values["names"][2] == "class2"
    assert list(values["names"]) == list(range(graph.head_classes or 0))
    assert values["imgsz"] == [48, 64] and values["args"]["dynamic"] is True
    assert (words["task"], words["stride"], words["batch"]) == ("detect", "8", "2")
    assert foreign_words(metadata(graph, ExportTarget(), [])) == {}


def test_what_readers_of_raw_outputs_need() -> None:
    graph = loaded(GOLDEN / "yolov4_csp_newcoords", "alexeyab").graph
    words = metadata(graph, ExportTarget(form="raw"), [])
    for index, head in zip(graph.heads, json.loads(words["darknet.heads"]), strict=True):
        source = graph.nodes[index].inputs[0]
        assert head["output"] == f"convolutional_{source}" and head["layer"] == index
        assert head["activation"] == "logistic" and head["new_coords"] == 1
        out = graph.nodes[index].out
        assert head["stride"] == [graph.net.width // out.w, graph.net.height // out.h]
        assert len(head["anchors"]) == len(head["mask"])
