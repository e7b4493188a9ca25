"""OpenVINO files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from support.golden_check import GOLDEN, loaded

from darknet_py.conversion.export_target import ExportTarget
from darknet_py.conversion.openvino_file import openvino_core, to_openvino
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network


@pytest.fixture
def net() -> Network:
    return loaded(GOLDEN / "yolov3", "alexeyab")


def test_openvino(net: Network, tmp_path: Path) -> None:
    pytest.importorskip("openvino", reason="needs pip install openvino onnx")
    pytest.importorskip("onnx")
    for suffix, data in to_openvino(net, ExportTarget(), ["a"]).items():
        (tmp_path / f"net{suffix}").write_bytes(data)
    model = openvino_core().read_model(tmp_path / "net.xml")
    assert json.loads(model.get_rt_info(["darknet", "names"]).astype(str)) == ["a"]
    compiled = openvino_core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    x = torch.rand(1, *net.graph.net.input)
    for number, head in enumerate(net(x)):
        torch.testing.assert_close(torch.from_numpy(compiled(x.numpy())[number]), head)


def test_words_of_others_lie_apart(net: Network, tmp_path: Path) -> None:
    pytest.importorskip("openvino", reason="needs pip install openvino onnx")
    pytest.importorskip("onnx")
    for suffix, data in to_openvino(net, ExportTarget(form="ultralytics"), ["a"]).items():
        (tmp_path / f"net{suffix}").write_bytes(data)
    model = openvino_core().read_model(tmp_path / "net.xml")
    assert json.loads(model.get_rt_info(["darknet", "names"]).astype(str)) == ["a"]
    assert model.get_rt_info(["ultralytics", "task"]).astype(str) == "detect"


def test_a_missing_library_is_named(net: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "openvino", None)
    with pytest.raises(DarknetError, match="openvino is not installed; pip install openvino onnx"):
        to_openvino(net, ExportTarget())
