"""Net: OpenCV's methods of a network."""

from __future__ import annotations

import logging
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from support import opencv_nets

from darknet_py.dnn import Net, OpenCvError, darknet_net, readNetFromDarknet
from darknet_py.dnn.darknet_net import DarknetNet
from darknet_py.dnn.sized_network import SizedNetwork
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import DarknetError

TWO_HEADS = """[net]
width=32
height=32
channels=1
[convolutional]
filters=16
size=3
stride=8
pad=1
batch_normalize=1
activation=leaky
[yolo]
classes=3
num=2
mask=0,1
anchors=20,25, 40,22
[route]
layers=0
[convolutional]
filters=8
size=1
activation=mish
[yolo]
classes=3
num=2
mask=1
anchors=20,25, 40,22
"""


@pytest.fixture
def two(tmp_path: Path) -> DarknetNet:
    """A grey network with two heads, the second of which does not need the first."""
    cfg, weights = opencv_nets.files(tmp_path, "yolo")
    cfg.write_text(TWO_HEADS)
    values = opencv_nets.wave(16 * 4 + 16 * 9 + 8 + 8 * 16)
    values[48:64] = np.abs(values[48:64]) + 0.1  # the variances
    weights.write_bytes(weights.read_bytes()[:20] + values.tobytes())
    made = readNetFromDarknet(str(cfg), str(weights))
    made.setInput(opencv_nets.blob()[:, :1])
    return made


def test_what_it_says_of_its_layers(two: DarknetNet) -> None:
    names = ("conv_0", "bn_0", "leaky_1", "permute_1", "yolo_1", "identity_2", "conv_3", "mish_4")
    assert two.getLayerNames() == (*names, "permute_4", "yolo_4")
    assert two.getUnconnectedOutLayersNames() == ("yolo_1", "yolo_4")
    numbers = two.getUnconnectedOutLayers()
    assert numbers.dtype == np.int32 and numbers.tolist() == [5, 10]
    assert [two.getLayerNames()[i - 1] for i in numbers] == ["yolo_1", "yolo_4"]
    assert [two.getLayerNames()[i[0] - 1] for i in numbers] == ["yolo_1", "yolo_4"]
    assert (two.getLayerId("bn_0"), two.getLayerId("_input"), two.getLayerId("x")) == (2, 0, -1)
    assert two.getLayersCount("Convolution") == 2 and two.getLayersCount("Pooling") == 0
    assert two.getLayerTypes()[0] == "BatchNorm" and "__NetInputLayer__" in two.getLayerTypes()
    assert not two.empty() and two.dump().startswith("digraph G {")
    assert '"leaky_1" -> "permute_1"' in two.dump()


def test_forms_of_forward(two: DarknetNet) -> None:
    first, last = two.forward(["yolo_1", "yolo_4"])
    assert first.shape == (32, 8) and last.shape == (16, 8)
    assert same(two.forward(), last) and same(two.forward(""), last)
    assert same(two.forward("yolo_1"), first) and same(two.forward(outputName="yolo_1"), first)
    (only,) = two.forward(outBlobNames=("yolo_1",))
    assert same(only, first)
    ((nested,),) = two.forwardAndRetrieve(["yolo_1"])
    assert same(nested, first)
    assert len(two.forward([])) == 1 and same(two.forward([])[0], last)
    assert same(two.forward(np.array(["yolo_4"]))[0], last)


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two ways of computing lead to it: one head alone runs on no engine."""
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=1e-5, atol=1e-6))


def test_arrays_are_filled_where_they_fit(two: DarknetNet) -> None:
    names = two.getUnconnectedOutLayersNames()
    mine, small = np.zeros((32, 8), np.float32), np.zeros((2, 2), np.float32)
    first, last = two.forward(names, [mine, small])
    assert first is mine and mine.any() and last.shape == (16, 8) and not small.any()
    again = np.zeros((16, 8), np.float32)
    assert two.forward([again])[0] is again and same(again, last)


def test_outputs_are_of_their_own(two: DarknetNet) -> None:
    for name in two.getLayerNames():
        before = two.forward(name)
        kept = before.copy()
        two.setInput(opencv_nets.blob()[:, 1:2])
        two.forward(name)
        assert np.array_equal(before, kept), name
        before[...] = 0
        two.setInput(opencv_nets.blob()[:, :1])
        assert np.array_equal(two.forward(name), kept), name


def test_inner_layers(two: DarknetNet) -> None:
    x = torch.from_numpy(opencv_nets.blob()[:, :1])
    conv, bn, leaky, moved = two.forward(["conv_0", "bn_0", "leaky_1", "permute_1"])
    expected = torch.conv2d(x, torch.from_numpy(two.getParam("conv_0")), None, 8, 1)
    assert conv == pytest.approx(expected.numpy(), abs=1e-5)
    mean, variance, scale, bias = (two.getParam("bn_0", n).reshape(1, -1, 1, 1) for n in range(4))
    normalized = (conv - mean) / np.sqrt(variance + 1e-6) * scale + bias
    assert bn == pytest.approx(normalized, abs=1e-4)
    assert leaky == pytest.approx(np.where(bn > 0, bn, 0.1 * bn), abs=1e-5)
    assert np.array_equal(moved, leaky.transpose(0, 2, 3, 1))
    kernel = torch.from_numpy(two.getParam("conv_3"))
    bias3 = torch.from_numpy(two.getParam("conv_3", 1)).reshape(-1)
    expected = torch.conv2d(torch.from_numpy(leaky), kernel, bias3)
    assert two.forward("conv_3") == pytest.approx(expected.numpy(), abs=1e-5)
    assert two.forward("mish_4") == pytest.approx(
        torch.nn.functional.mish(expected).numpy(), abs=1e-5
    )


def test_only_what_is_asked_for_is_computed(
    two: DarknetNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.forward()
    ran = list[int]()
    for sized in two._sizes.values():
        for step in sized.engine.network.graph.steps:
            real = type(step.layer).forward

            def spy(self: object, ctx: object, *rest: object, real: object = real) -> object:
                ran.append(ctx.index)  # type: ignore[attr-defined]
                return real(self, ctx, *rest)  # type: ignore[operator]

            if not hasattr(real, "spied"):
                spy.spied = True  # type: ignore[attr-defined]
                monkeypatch.setattr(type(step.layer), "forward", spy)
    two.forward("yolo_4")
    assert ran == [0, 2, 3, 4]
    ran.clear()
    two.forward("conv_0")
    assert ran == [0]


def test_the_usual_outputs_come_from_the_engine(
    two: DarknetNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: object, targets: object) -> None:
        raise AssertionError("not by the engine")

    monkeypatch.setattr(SizedNetwork, "_program", refuse)
    assert len(two.forward(("yolo_4", "yolo_1"))) == 2
    with pytest.raises(AssertionError):
        two.forward("yolo_1")


def test_blobs_of_other_sizes(two: DarknetNet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(darknet_net, "MOST_SIZES", 2)
    usual = two.forward()
    for width, height, rows in ((64, 32, 32), (32, 96, 48), (64, 64, 64)):
        two.setInput(opencv_nets.blob(width, height)[:, :1])
        assert two.forward().shape == (rows, 8)
    assert list(two._sizes) == [(32, 96), (64, 64)], "the engines of the last two are kept"
    two.setInput(np.repeat(opencv_nets.blob()[:, :1], 3, axis=0))
    assert two.forward().shape == (3, 16, 8)
    assert two.forward()[2] == pytest.approx(usual, abs=1e-5)
    assert two.forward("leaky_1").shape == (3, 16, 4, 4)


def test_a_blob_is_copied(two: DarknetNet) -> None:
    blob = opencv_nets.blob()[:, :1].copy()
    two.setInput(blob)
    before = two.forward()
    blob[...] = 0
    assert np.array_equal(two.forward(), before)


def test_scale_and_mean(two: DarknetNet) -> None:
    before = two.forward()
    two.setInput(opencv_nets.blob()[:, :1] * 255 + 10, "data", 1 / 255, (10, 0, 0, 0))
    assert two.forward() == pytest.approx(before, abs=1e-4, rel=1e-4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda one: one.forward("yolo_2"), 'no layer "yolo_2"; did you mean \'yolo_'),
        (lambda one: one.forward(["nothing"]), "getLayerNames"),
        (lambda one: one.setInput(opencv_nets.blob()[:, :1], "image"), 'no input "image"'),
        (lambda one: one.setInput(None), "expected a blob"),
        (lambda one: one.setInput(np.zeros((32, 32, 1))), r"shape \(32, 32, 1\)"),
        (lambda one: one.getLayer(99), "no layer 99, expected 0 to 10"),
        (lambda one: one.getLayer("x"), "no layer 'x'"),
        (lambda one: one.getParam("yolo_1", 1), "has 1 tensors, asked for 1"),
        (lambda one: one.getFLOPS((1, 32, 32)), "expected \\(N, C, H, W\\)"),
    ],
)
def test_mistakes_are_opencv_errors(two: DarknetNet, call: object, message: str) -> None:
    with pytest.raises(cv2.error, match=message) as caught:
        call(two)  # type: ignore[operator]
    assert isinstance(caught.value, DarknetError) and "\n" not in str(caught.value)


def test_a_blob_that_does_not_fit(two: DarknetNet) -> None:
    two.setInput(opencv_nets.blob())
    with pytest.raises(OpenCvError, match=r"input of shape \(1, 3, 32, 32\), expected \(N, 1"):
        two.forward()


def test_before_there_is_an_input(tmp_path: Path) -> None:
    made = readNetFromDarknet(*map(str, opencv_nets.files(tmp_path, "yolo")))
    with pytest.raises(OpenCvError, match="call setInput first"):
        made.forward()


def test_an_empty_net() -> None:
    empty = Net()
    assert empty.empty() and empty.getLayerNames() == () and "empty" in repr(empty)
    assert empty.getUnconnectedOutLayers().shape == (0,) and empty.getLayerTypes() == ()
    empty.setInput(opencv_nets.blob())
    for call in (empty.forward, lambda: empty.forward("x"), lambda: empty.getFLOPS((1, 3, 8, 8))):
        with pytest.raises(OpenCvError, match="the net is empty"):
            call()


def test_without_weights_layers_have_names_and_nothing_runs(tmp_path: Path) -> None:
    made = readNetFromDarknet(str(opencv_nets.files(tmp_path, "yolo")[0]))
    assert made.getUnconnectedOutLayersNames() == ("yolo_2",)
    made.setInput(opencv_nets.blob())
    with pytest.raises(OpenCvError, match="was read without weights; give both files"):
        made.forward()


def test_times_of_the_last_pass(two: DarknetNet) -> None:
    assert two.getPerfProfile()[0] == 0
    two.forward("conv_3")
    total, layers = two.getPerfProfile()
    assert isinstance(total, int) and 0 < total < 100 * cv2.getTickFrequency()
    assert layers.shape == (10,) and layers.dtype == np.float64
    assert np.flatnonzero(layers).tolist() == [6] and layers.sum() == total


def test_layers_and_their_tensors(two: DarknetNet) -> None:
    shapes = {n: [b.shape for b in two.getLayer(n).blobs] for n in ("conv_0", "bn_0", "leaky_1")}
    assert shapes == {"conv_0": [(16, 1, 3, 3)], "bn_0": [(1, 16)] * 4, "leaky_1": []}
    conv = two.getLayer("conv_3")
    assert [blob.shape for blob in conv.blobs] == [(8, 16, 1, 1), (1, 8)]
    assert two.getLayer(np.int32(5)).blobs[0].tolist() == [[20, 25, 40, 22]]
    assert (two.getLayer(0).name, two.getLayer("yolo_4").type) == ("_input", "Region")
    assert conv.outputNameToIndex("conv_3") == 0 and conv.outputNameToIndex("im_info") == -1
    values = opencv_nets.wave(16 * 4)
    assert two.getParam("bn_0", 1)[0] == pytest.approx(np.abs(values[48:]) + 0.1, abs=1e-6)
    conv.blobs[0][...] = 0
    assert two.getParam("conv_3").any(), "a copy"


def test_costs(two: DarknetNet) -> None:
    operations = 2 * 16 * (16 * 9) + 2 * 16 * (8 * 16)
    assert two.getFLOPS((1, 1, 32, 32)) == operations
    assert two.getFLOPS((2, 1, 64, 32)) == 4 * operations
    weights, values = two.getMemoryConsumption((1, 1, 32, 32))
    assert weights == 4 * (16 * 4 + 16 * 9 + 8 + 8 * 16)
    assert values == 4 * (32 * 32 + 16 * (16 * 3 + 8 * 2))


def test_a_backend_that_is_not_there_is_said_once(
    two: DarknetNet, caplog: pytest.LogCaptureFixture
) -> None:
    before = two.forward()
    two.setPreferableBackend(4)
    two.setPreferableTarget(4)
    two.enableFusion(False)
    two.enableWinograd(False)
    with caplog.at_level(logging.WARNING):
        assert np.array_equal(two.forward(), before)
        two.forward("yolo_1")
        two.setInput(opencv_nets.blob(64, 64)[:, :1])
        two.forward()
    assert [record.message for record in caplog.records] == [
        "DNN_BACKEND_VKCOM, DNN_TARGET_VULKAN is not there; running on the processor"
    ]


def test_an_engine_that_cannot_run_it_is_said_once(
    two: DarknetNet, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = two.forward()
    monkeypatch.setattr(darknet_net, "engine_config", lambda choice: EngineConfig("no such engine"))
    two.setPreferableBackend(2)
    with caplog.at_level(logging.WARNING):
        assert np.array_equal(two.forward(), before)
        two.forward()
    (record,) = caplog.records
    assert record.message.startswith("unknown engine 'no such engine'")
    assert record.message.endswith("; running on torch, on the processor")


@pytest.mark.slow
def test_ten_thousand_calls_take_no_memory(two: DarknetNet) -> None:
    statm = Path("/proc/self/statm")
    if not statm.exists():
        pytest.skip("needs /proc")

    def pages(calls: int) -> int:
        for number in range(calls):
            two.setInput(opencv_nets.blob()[:, :1])
            two.forward(two.getUnconnectedOutLayersNames())
            if number % 10 == 0:
                two.forward("conv_0")
        return int(statm.read_text().split()[1])

    early, late = pages(1000), pages(9000)
    assert late - early < 512, "2 MiB"
