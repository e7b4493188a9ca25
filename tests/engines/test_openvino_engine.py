"""What OpenVINO is asked before it runs; its numbers are in test_fixed_batch.py."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from support.golden_check import GOLDEN, loaded

from darknet_py.conversion.openvino_file import openvino_core
from darknet_py.engines import cache
from darknet_py.engines.engine import Engine, open_engine
from darknet_py.engines.table import ENGINES, EngineConfig
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network


@pytest.fixture(autouse=True)
def _cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path / "kept"))


def open_or_skip(engine: str, net: Network, **changes: object) -> Engine:
    for module in ENGINES[engine].modules:
        pytest.importorskip(module, reason=f"needs pip install {module}")
    return open_engine(net, EngineConfig(engine=engine, threads=1, **changes))  # type: ignore[arg-type]


def test_openvino_says_what_this_processor_lacks() -> None:
    pytest.importorskip("openvino")
    able = openvino_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if "FP16" in able:
        pytest.skip("this processor has half precision")
    with pytest.raises(DarknetError, match="precision fp16 of engine openvino: this processor has"):
        open_or_skip("openvino", loaded(GOLDEN / "yolov3", "alexeyab"), precision="fp16")


def test_openvino_engines_share_one_core() -> None:
    """Its plugin changes the thread's stack for signals: several ended in turn crashed later."""
    pytest.importorskip("openvino")
    pytest.importorskip("onnx")
    net = loaded(GOLDEN / "yolov3", "alexeyab")
    first, second = open_or_skip("openvino", net), open_or_skip("openvino", net)
    assert first.core is second.core is openvino_core()  # type: ignore[attr-defined]


def test_what_it_offers(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openvino")
    from darknet_py.engines import openvino_engine

    core = SimpleNamespace(get_property=lambda device, name: [device, name, "FP32", "BF16"])
    monkeypatch.setattr(openvino_engine, "openvino_core", lambda: core)
    assert openvino_engine.OpenVino.offers() == {"cpu": ("fp32", "bf16")}
