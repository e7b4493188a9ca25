"""What MNN's converter makes is compared before it is kept; its numbers: test_fixed_batch.py."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from support.golden_check import GOLDEN, loaded

from darknet_py.engines import cache
from darknet_py.engines.engine import open_engine
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import DarknetError

pytest.importorskip("onnx", reason="needs pip install onnx")
pytest.importorskip("_mnncengine", reason="needs pip install MNN")

from darknet_py.engines import mnn_engine  # noqa: E402 - it imports MNN


@pytest.fixture(autouse=True)
def _cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path / "kept"))


def test_recurrent_layers_are_refused_and_not_kept(tmp_path: Path) -> None:
    """Converted they compute something else."""
    net = loaded(GOLDEN / "crnn", "alexeyab")
    x = torch.rand(net.graph.net.time_steps, *net.graph.net.input)
    with pytest.raises(DarknetError, match=r"\[crnn\]: MNN's output is .* off; use --engine torch"):
        open_engine(net, EngineConfig("mnn"))(x)
    assert not list(cache.folder().glob("*.mnn"))


def test_the_reason_why_there_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    net = loaded(GOLDEN / "yolov3", "alexeyab")
    monkeypatch.setattr(mnn_engine, "converted", lambda source, path: "no such operation")
    with pytest.raises(DarknetError, match=r"net.cfg: no such operation; use --engine torch"):
        open_engine(net, EngineConfig("mnn")).prepare(1)


def test_threads_and_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(mnn_engine, "MnnSession", lambda path, threads: asked.append(threads))
    monkeypatch.setattr(mnn_engine.Mnn, "_file", lambda self, batch: Path("a.mnn"))
    net = loaded(GOLDEN / "yolov3", "alexeyab")
    open_engine(net, EngineConfig("mnn", threads=3)).prepare(1)
    open_engine(net, EngineConfig("mnn")).prepare(1)
    assert asked == [3, torch.get_num_threads()]
    with pytest.raises(DarknetError, match="engine mnn cannot run on 'mps', only on cpu"):
        open_engine(net, EngineConfig("mnn", device="mps"))
    assert mnn_engine.Mnn.offers() == {"cpu": ("fp32",)}
