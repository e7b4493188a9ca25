"""What onnxruntime is asked before it runs; its numbers are in test_fixed_batch.py."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from support import tiny_detector

from darknet_py.engines import cache
from darknet_py.engines.engine import open_engine
from darknet_py.engines.table import ENGINES, EngineConfig
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network, load_network

onnxruntime = pytest.importorskip("onnxruntime", reason="needs pip install onnxruntime")
pytest.importorskip("onnx", reason="needs pip install onnx")


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Network:
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path / "kept"))
    return load_network(*tiny_detector.files(tmp_path))[0]


def test_devices_without_kernels_are_refused(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DarknetError, match="cannot run on 'mps', only on cpu, cuda"):
        open_engine(network, EngineConfig("onnxruntime", device="mps"))
    monkeypatch.setattr(onnxruntime, "get_available_providers", list)
    with pytest.raises(DarknetError, match="no CPUExecutionProvider; pip install onnxruntime$"):
        open_engine(network, EngineConfig("onnxruntime"))


def test_the_file_of_a_batch_is_kept(network: Network) -> None:
    engine = open_engine(network, EngineConfig("onnxruntime", threads=1))
    path = engine.onnx(2)  # type: ignore[attr-defined]
    assert path.suffix == ".onnx" and path.parent == cache.folder() and path == engine.onnx(2)  # type: ignore[attr-defined]
    assert engine.options() == {}  # type: ignore[attr-defined]


class Bound:
    """The bindings of a run: what is bound stays in memory, outputs are twice the input."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def bind_input(self, *what: Any) -> None:
        self.calls.append(("in", *what))

    def bind_output(self, *what: Any) -> None:
        self.calls.append(("out", *what))

    def synchronize_outputs(self) -> None:
        self.calls.append(("synchronized",))


def test_on_a_device_tensors_stay_where_they_are(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that stands in for one on CUDA is told the addresses of the tensors."""
    engine = open_engine(network, EngineConfig("onnxruntime"))
    bound = Bound()
    session = SimpleNamespace(
        get_inputs=lambda: [SimpleNamespace(name="images")],
        get_outputs=lambda: [
            SimpleNamespace(name="a", shape=(1, 2)),
            SimpleNamespace(name="b", shape=(3,)),
        ],
        io_binding=lambda: bound,
        run_with_iobinding=lambda binding: bound.calls.append(("run", binding)),
    )
    waited: list[object] = []
    monkeypatch.setattr(torch.cuda, "synchronize", waited.append)
    x = torch.zeros(1, 3, 2, 2)
    first, second = engine._on_device(session)(x)  # type: ignore[attr-defined]
    assert (first.shape, second.shape, waited) == ((1, 2), (3,), [engine.device])
    assert bound.calls == [
        ("in", "images", "cpu", 0, "float32", (1, 3, 2, 2), x.data_ptr()),
        ("out", "a", "cpu", 0, "float32", (1, 2), first.data_ptr()),
        ("out", "b", "cpu", 0, "float32", (3,), second.data_ptr()),
        ("run", bound),
        ("synchronized",),
    ]


def test_which_cuda_device_is_told(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = open_engine(network, EngineConfig("onnxruntime"))
    monkeypatch.setattr(engine, "device", torch.device("cuda:2"))
    assert engine.options() == {"device_id": 2}  # type: ignore[attr-defined]
    monkeypatch.setattr(engine, "device", torch.device("cuda"))
    assert engine.options() == {"device_id": 0}  # type: ignore[attr-defined]


def test_what_it_offers(monkeypatch: pytest.MonkeyPatch) -> None:
    from darknet_py.engines import onnxruntime_engine

    able = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: able)
    monkeypatch.setattr(onnxruntime_engine, "device_types", lambda: ("cpu", "cuda", "mps"))
    kind = onnxruntime_engine.OnnxRuntime
    assert kind.offers() == {"cpu": ("fp32", "int8"), "cuda": ("fp32",)}
    assert ENGINES["onnxruntime"].precisions == (*kind.PRECISIONS, *kind.ON_CPU)
    monkeypatch.setattr(onnxruntime_engine, "device_types", lambda: ("cpu",))
    assert kind.offers() == {"cpu": ("fp32", "int8")}
