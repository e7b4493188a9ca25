"""What onnxruntime is asked before it runs; its numbers are in test_fixed_batch.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import tiny_detector

from darknet_py.engines import cache
from darknet_py.engines.engine import open_engine
from darknet_py.engines.table import EngineConfig
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
