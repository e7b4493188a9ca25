"""Files that a detector writes: those of the command, byte for byte."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from support.export_run import NET, run

import darknet_py
from darknet_py.conversion.safetensors_file import read_safetensors
from darknet_py.errors import ArgumentError, DarknetError, DataError, OutputError
from darknet_py.export import export_plan
from darknet_py.export.verify import RuntimeCheck

pytest.importorskip("onnx", reason="needs pip install onnx")


@pytest.fixture
def detector() -> darknet_py.Detector:
    return darknet_py.load(*NET)


def written(path: Path, *words: str) -> bytes:
    assert run("export", *NET, "-o", path, *words).exit_code == 0
    return path.read_bytes()


def test_the_file_is_that_of_the_command(detector: darknet_py.Detector, tmp_path: Path) -> None:
    expected = written(tmp_path / "b.onnx", "--form", "nms", "--dynamic", "batch", "--thresh", ".1")
    path = detector.export(tmp_path / "a.onnx", form="nms", dynamic="batch", thresh=0.1)
    assert path == tmp_path / "a.onnx" and path.read_bytes() == expected
    own = darknet_py.Network.from_cfg(NET[0])
    own.load_weights(NET[1])
    other = darknet_py.Detector(own, detector.names)
    again = other.export(tmp_path / "c.onnx", form="nms", dynamic="batch", thresh=0.1)
    assert again.read_bytes() == expected


def test_the_end_of_the_name_is_the_format(detector: darknet_py.Detector, tmp_path: Path) -> None:
    expected = written(tmp_path / "b.param", "--format", "ncnn"), tmp_path / "b.bin"
    path = detector.export(str(tmp_path / "a.param"))
    assert path.read_bytes() == expected[0]
    assert (tmp_path / "a.bin").read_bytes() == expected[1].read_bytes()
    named = detector.export(tmp_path / "net.model", format="onnx")
    assert named == tmp_path / "net.model" and b"darknet-py" in named.read_bytes()


def test_without_a_path_it_is_the_cfgs_name(
    detector: darknet_py.Detector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert detector.export() == Path("net.onnx") and Path("net.onnx").stat().st_size > 1000


def test_what_an_engine_has_no_more_is_read_again(tmp_path: Path) -> None:
    """Rounded weights, and batch normalisation of its own."""
    half = darknet_py.load(*NET, precision="bf16")
    expected = written(tmp_path / "b.onnx")
    assert half.export(tmp_path / "a.onnx").read_bytes() == expected
    network = darknet_py.Network.from_cfg(NET[0])
    network.load_weights(NET[1])
    lone = darknet_py.Detector(network, half.names, precision="bf16")
    if lone.engine.config.precision == "bf16":
        with pytest.raises(DarknetError, match="its weights are rounded; make the detector with"):
            lone.export(tmp_path / "c.onnx")
    pytest.importorskip("safetensors")
    filled = darknet_py.Network.from_cfg(NET[0])
    read_safetensors(filled, half.export(tmp_path / "a.safetensors"))
    theirs = network.state_dict()
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in filled.state_dict().items())
    with pytest.raises(DarknetError, match="as safetensors: batch normalisation is folded in; mak"):
        lone.export(tmp_path / "c.safetensors")
    assert not list(tmp_path.glob("c.*"))


@pytest.mark.parametrize(
    ("path", "options", "kind", "message"),
    [
        (3, {}, ArgumentError, "path 3: expected the name of a file, such as 'net.onnx', as"),
        ("a.foo", {}, DataError, r"export to a.foo: expected a name that ends in .onnx \(onnx\), "),
        (
            "a.onnx",
            {"frm": "nms"},
            ArgumentError,
            r"export\(\) has no argument 'frm'; did you mean 'form",
        ),
        ("a.onnx", {"form": "rows"}, DataError, "form 'rows': expected one of heads, boxes, nms, "),
        ("a.onnx", {"form": 3}, ArgumentError, "form 3: expected one of heads"),
        ("a.onnx", {"format": "tflite"}, DataError, "format 'tflite': expected one of onnx, "),
        ("a.onnx", {"batch": 0}, DataError, "batch 0: expected a whole number of 1 or more"),
        ("a.onnx", {"thresh": "x"}, ArgumentError, "thresh 'x': expected a number from 0 to 1"),
        ("a.onnx", {"verify": 1}, ArgumentError, "verify 1: expected True or False"),
        ("a.onnx", {"dynamic": True}, ArgumentError, "dynamic True: expected text such as 'batch"),
        ("a.onnx", {"dynamic": "depth"}, DarknetError, "read 'depth', known are batch and size"),
        ("a.onnx", {"images": 3}, ArgumentError, "images 3: expected a list of paths"),
        ("no/a.onnx", {}, OutputError, "the folder no does not exist"),
        ("a.pt2", {"form": "nms"}, DarknetError, "use --form boxes"),
    ],
)
def test_refusals(
    detector: darknet_py.Detector,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: Any,
    options: dict[str, Any],
    kind: type[Exception],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(kind, match=message) as caught:
        detector.export(path, **options)
    assert "\n" not in str(caught.value) and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("agrees", [True, False])
def test_a_file_that_does_not_agree_is_an_error(
    detector: darknet_py.Detector,
    tmp_path: Path,
    image: Path,
    agrees: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked: list[int] = []

    def verify(network: object, target: object, path: Path, names: object, images: Any) -> Any:
        asked.append(len(images))
        assert path.stat().st_size > 1000
        return iter([RuntimeCheck("onnxruntime: 3 boxes, 1 without a partner", agrees)])

    monkeypatch.setattr(export_plan, "verify", verify)
    caplog.set_level(logging.INFO)
    if agrees:
        detector.export(tmp_path / "a.onnx", images=image)
        assert "1 without a partner" in caplog.text
    else:
        with pytest.raises(
            DarknetError, match="is written, and does not agree: onnxruntime: 3 box"
        ):
            detector.export(tmp_path / "a.onnx", images=[image])
    assert asked == [1]
