"""Networks from files, buffers, either order; other formats are left to OpenCV."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from support import opencv_nets

from darknet_py.dnn import OpenCvError, originals, readNet, readNetFromDarknet
from darknet_py.dnn.net_reading import darknet_files
from darknet_py.errors import DarknetError
from darknet_py.network import load


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return opencv_nets.files(tmp_path, "yolo")


def rows(net: Any) -> np.ndarray:
    net.setInput(opencv_nets.blob())
    return net.forward()


def test_paths_of_all_types(files: tuple[Path, Path]) -> None:
    cfg, weights = files
    expected = rows(readNetFromDarknet(str(cfg), str(weights)))
    assert expected.any()
    for net in (
        readNetFromDarknet(cfg, weights),
        readNetFromDarknet(bytes(cfg), bytes(weights)),
        readNetFromDarknet(cfgFile=str(cfg), darknetModel=str(weights)),
    ):
        assert np.array_equal(rows(net), expected)


@pytest.mark.parametrize(
    "kind", [bytes, bytearray, memoryview, list, lambda raw: np.frombuffer(raw, np.uint8)]
)
def test_buffers(kind: Any, files: tuple[Path, Path]) -> None:
    cfg, weights = files
    expected = rows(readNetFromDarknet(cfg, weights))
    a, b = kind(cfg.read_bytes()), kind(weights.read_bytes())
    assert np.array_equal(rows(readNetFromDarknet(a, b)), expected)
    assert np.array_equal(rows(readNetFromDarknet(bufferCfg=a, bufferModel=b)), expected)
    assert np.array_equal(rows(readNetFromDarknet(cfg, b)), expected), "one of each"


def test_the_framework_before_buffers(files: tuple[Path, Path]) -> None:
    cfg, weights = files
    a, b = (np.frombuffer(path.read_bytes(), np.uint8) for path in files)
    expected = rows(readNetFromDarknet(cfg, weights))
    assert np.array_equal(rows(readNet("darknet", b, a)), expected)
    named = readNet(framework="Darknet", bufferModel=b, bufferConfig=a)
    assert np.array_equal(rows(named), expected)


def test_either_order(files: tuple[Path, Path], tmp_path: Path) -> None:
    cfg, weights = files
    expected = rows(readNetFromDarknet(cfg, weights))
    backup = weights.rename(tmp_path / "net_last.backup")
    for arguments in ((cfg, backup), (backup, cfg), (backup, cfg, "darknet")):
        assert np.array_equal(rows(readNet(*map(str, arguments))), expected)
    named = {"model": str(backup), "config": str(cfg)}
    assert np.array_equal(rows(readNet(**named)), expected)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("a.weights", "b.cfg"), ("b.cfg", "a.weights")),
        (("b.CFG", "a.weights"), ("b.CFG", "a.weights")),
        (("b.cfg",), ("b.cfg", "")),
        (("a.bin", "b.txt", "darknet"), ("b.txt", "a.bin")),
        (("a.onnx",), None),
        (("a.pb", "b.pbtxt"), None),
        (("onnx", b"\0\n"), None),
        ((), None),
    ],
)
def test_which_files_are_darknets(arguments: tuple[Any, ...], expected: object) -> None:
    assert darknet_files(*arguments) == expected


def test_other_formats_go_to_opencv_as_they_came(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[object]()
    monkeypatch.setitem(originals.REPLACED, "readNet", lambda *a, **b: asked.append((a, b)))
    readNet("a.onnx")
    readNet("a.pb", config="b.pbtxt", engine=1)
    assert asked == [(("a.onnx",), {}), (("a.pb",), {"config": "b.pbtxt", "engine": 1})]


def test_opencv_refuses_what_nobody_knows() -> None:
    with pytest.raises(cv2.error):
        readNet("a.xyz")


def test_what_cannot_be_read(files: tuple[Path, Path]) -> None:
    cfg, weights = files
    raw = weights.read_bytes()
    for arguments, message in (
        (("no.cfg", weights), "no.cfg: no such file; check the path"),
        ((cfg, "no.weights"), "no.weights: no such file; check the path"),
        ((weights, cfg), "is a binary file, expected a cfg file; are cfg and weights swapped"),
        ((raw, cfg.read_bytes()), "cfg .buffer.: .* are cfg and weights swapped"),
        ((cfg.read_bytes(), raw[:-4]), "weights .buffer.: the cfg needs 368 floats, the file has"),
        ((cfg.read_bytes(), b"\0"), "has 1 bytes, less than the 16 of its header"),
        ((None, weights), "no cfg given"),
    ):
        with pytest.raises(OpenCvError, match=message) as caught:
            readNetFromDarknet(*arguments)
        assert isinstance(caught.value, DarknetError) and isinstance(caught.value, cv2.error)
        assert "\n" not in str(caught.value)


def test_what_no_memory_can_hold(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "total_memory", lambda: 1000)
    with pytest.raises(OpenCvError, match="one forward pass needs about"):
        readNetFromDarknet(*files)


def test_a_buffer_is_read_as_its_file_is(files: tuple[Path, Path]) -> None:
    cfg, weights = files
    net = readNetFromDarknet(cfg.read_bytes(), weights.read_bytes())
    values = opencv_nets.wave(opencv_nets.FLOATS)
    assert net.getParam("conv_0", 1).tolist() == [values[:8].tolist()]
    assert net.network.header.revision == 5


def test_recurrent_networks_see_single_rows(tmp_path: Path) -> None:
    cfg = tmp_path / "rnn.cfg"
    cfg.write_text("[net]\ninputs=4\ntime_steps=3\n[rnn]\noutput=3\nhidden=5\nactivation=relu\n")
    count = 5 + 20 + 5 + 25 + 3 + 15
    weights = opencv_nets.files(tmp_path, "yolo")[1]
    weights.write_bytes(weights.read_bytes()[:20] + opencv_nets.wave(count).tobytes())
    net = readNet(cfg, weights)
    assert net.getLayerNames() == ("rnn_0",)
    net.setInput(opencv_nets.wave(8).reshape(2, 4))
    assert net.forward().shape == (2, 3)
