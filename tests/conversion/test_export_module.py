"""The module that tracers follow gives what the network gives."""

from __future__ import annotations

import pytest
import torch
from support.golden_check import GOLDEN, loaded

from darknet_py.conversion.export_boxes import suppressed
from darknet_py.conversion.export_module import ExportModule
from darknet_py.conversion.export_target import ExportTarget
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network


@pytest.fixture
def net() -> Network:
    return loaded(GOLDEN / "yolov3", "alexeyab")


def test_heads_are_the_networks(net: Network) -> None:
    x = torch.rand(2, *net.graph.net.input)
    outputs = ExportModule(net, ExportTarget())(x)
    assert isinstance(outputs, tuple)
    torch.testing.assert_close(list(outputs), [y.detach() for y in net(x)], atol=1e-5, rtol=1e-5)


def test_nms_is_boxes_suppressed(net: Network) -> None:
    x = torch.rand(2, *net.graph.net.input)
    boxes, scores = ExportModule(net, ExportTarget(form="boxes"))(x)
    count = sum(
        len(head.masks) * y[0, 0].numel()
        for head, y in zip(net.graph.detection_heads, net(x), strict=True)
    )
    assert boxes.shape == (2, count, 4) and scores.shape == (2, count, net.graph.head_classes)
    (rows,) = ExportModule(net, ExportTarget(form="nms", thresh=0.4, nms=0.3))(x)
    assert len(rows) and torch.equal(rows, suppressed(boxes, scores, 0.4, 0.3))
    assert float(rows[:, 2].min()) > 0.4


def test_nothing_is_kept_from_call_to_call() -> None:
    net = loaded(GOLDEN / "crnn", "alexeyab")
    module = ExportModule(net, ExportTarget(batch=net.graph.net.time_steps))
    x = module.example()
    first, again = module(x), module(x)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(parameter.requires_grad for parameter in module.parameters())


def test_the_example_is_the_same_each_time(net: Network) -> None:
    module = ExportModule(net, ExportTarget(batch=3))
    assert torch.equal(module.example(), module.example())
    assert module.example().shape == (3, *net.graph.net.input)
    assert len(module.example(least=5)) == 5


def test_an_unknown_form_is_refused(net: Network) -> None:
    with pytest.raises(DarknetError, match="unknown form 'corners', known are heads, boxes, nms, "):
        ExportModule(net, ExportTarget(form="corners"))


def test_raw_is_the_trace_of_the_last_convolutions(net: Network) -> None:
    x = torch.rand(2, *net.graph.net.input)
    outputs = ExportModule(net, ExportTarget(form="raw"))(x)
    trace = net.trace(x)
    before = [trace[index - 1] for index in net.graph.heads]
    assert [net.graph.nodes[index - 1].layer.kind for index in net.graph.heads] == [
        "convolutional"
    ] * len(before)
    torch.testing.assert_close(list(outputs), before, atol=1e-4, rtol=1e-4)
