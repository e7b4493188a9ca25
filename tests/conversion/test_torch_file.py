"""TorchScript, torch.export and OpenVINO files."""

from __future__ import annotations

import io
import json

import pytest
import torch
from support.golden_check import GOLDEN, loaded

from darknet_py.conversion.export_module import ExportModule
from darknet_py.conversion.export_target import ExportTarget
from darknet_py.conversion.torch_file import to_pt2, to_torchscript
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network

OPEN = ExportTarget(form="boxes", dynamic_batch=True, dynamic_size=True)


@pytest.fixture
def net() -> Network:
    return loaded(GOLDEN / "yolov3", "alexeyab")


def expected(net: Network, count: int) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    large = net.resized(2 * net.graph.net.width, 2 * net.graph.net.height)
    x = torch.rand(count, *large.graph.net.input)
    return x, ExportModule(large, ExportTarget(form="boxes"))(x)


@pytest.mark.filterwarnings("ignore")
def test_torchscript(net: Network) -> None:
    extra = {"darknet.heads": "", "darknet.names": ""}
    data = io.BytesIO(to_torchscript(net, OPEN, ["a", "b"]))
    program = torch.jit.load(data, _extra_files=extra)
    x, outputs = expected(net, 3)
    torch.testing.assert_close(program(x), outputs)
    assert json.loads(extra["darknet.names"]) == ["a", "b"]
    assert json.loads(extra["darknet.heads"])[0]["kind"] == "yolo"


@pytest.mark.filterwarnings("ignore")
def test_pt2(net: Network) -> None:
    extra = {"darknet.fork": ""}
    data = io.BytesIO(to_pt2(net, ExportTarget()))
    program = torch.export.load(data, extra_files=extra).module()
    x = torch.rand(1, *net.graph.net.input)
    torch.testing.assert_close(list(program(x)), [y.detach() for y in net.for_inference()(x)])
    assert extra["darknet.fork"] == "alexeyab"


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")
def test_pt2_of_any_batch_and_size(net: Network) -> None:
    program = torch.export.load(io.BytesIO(to_pt2(net, OPEN))).module()
    x, outputs = expected(net, 3)
    torch.testing.assert_close(program(x), outputs)


@pytest.mark.parametrize("make", [to_torchscript, to_pt2])
def test_suppression_is_refused(make: object, net: Network) -> None:
    with pytest.raises(DarknetError, match="use --form boxes, or --format onnx or openvino"):
        make(net, ExportTarget(form="nms"))  # type: ignore[operator]


@pytest.mark.parametrize("target", [OPEN, ExportTarget(form="boxes", dynamic_batch=True)])
def test_sizes_that_cannot_be_left_open(
    target: ExportTarget, net: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise RuntimeError("Constraints violated (rows)!\nand more")

    monkeypatch.setattr(torch.export, "export", refuse)
    told = r"leave its sizes open: Constraints violated \(rows\)!; leave out --dynamic, or use --fo"
    with pytest.raises(DarknetError, match=told):
        to_pt2(net, target)
    with pytest.raises(RuntimeError, match="and more"):
        to_pt2(net, ExportTarget())


@pytest.mark.filterwarnings("ignore")
def test_ultralytics_readers_find_their_words_in_config_txt(net: Network) -> None:
    extra = {"config.txt": ""}
    target = ExportTarget(form="ultralytics")
    program = torch.jit.load(io.BytesIO(to_torchscript(net, target, ["a"])), _extra_files=extra)
    words = json.loads(extra["config.txt"])
    assert words["names"].startswith("{0: 'a', 1: ") and words["imgsz"] == "[48, 64]"
    assert not any(key.startswith("darknet.") for key in words)
    x = torch.rand(1, *net.graph.net.input)
    torch.testing.assert_close(program(x), ExportModule(net, target)(x))
