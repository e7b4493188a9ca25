"""The table of engines: what is refused, and what to install."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.golden_check import GOLDEN, loaded

from darknet_py.engines import cache
from darknet_py.engines.engine import open_engine
from darknet_py.engines.table import ENGINES, EngineConfig, EngineRow, checked, engine_names
from darknet_py.errors import DarknetError


@pytest.fixture(autouse=True)
def _cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path / "kept"))


def test_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    net = loaded(GOLDEN / "yolov3", "alexeyab")
    with pytest.raises(DarknetError, match="'fp16' for engine onnxruntime, known are fp32"):
        open_engine(net, EngineConfig(engine="onnxruntime", precision="fp16"))
    with pytest.raises(DarknetError, match="'int8' for engine torch, .*; int8 have onnxruntime, "):
        open_engine(net, EngineConfig(precision="int8"))
    for word, value in (("calibrate", "a.data"), ("calibrate_images", 3), ("max_map_loss", 0.1)):
        flag = word.replace("_", "-")
        with pytest.raises(DarknetError, match=f"^--{flag} is for precision int8, not for bf16$"):
            checked(EngineConfig(precision="bf16", **{word: value}))  # type: ignore[arg-type]
    row = EngineRow("nowhere:None", ("no_such_module",))
    monkeypatch.setitem(ENGINES, "openvino", row)
    with pytest.raises(DarknetError, match=r"needs no_such_module; pip install no_such_module"):
        open_engine(net, EngineConfig(engine="openvino"))


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_a_missing_engine_says_what_to_install(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages by their own names: there is another darknet-py on the public index."""
    monkeypatch.setattr("importlib.util.find_spec", lambda module: None)
    expected = {
        "onnxruntime": "pip install onnxruntime onnx",
        "openvino": "pip install openvino onnx",
        "tensorrt": "pip install onnxruntime-gpu tensorrt onnx",
        "ncnn": "pip install ncnn",
        "mnn": "pip install MNN onnx",
    }
    if name not in expected:
        assert checked(EngineConfig(engine=name)).modules == ()
        return
    with pytest.raises(DarknetError, match=f"engine {name} needs .*; {expected[name]}$"):
        checked(EngineConfig(engine=name))


def test_auto_is_a_name_among_them_and_no_row() -> None:
    """It runs on the others; `all` of them are measured beside each other without it."""
    assert engine_names() == [*ENGINES, "auto"]
    assert checked(EngineConfig("auto", "bf16", compiled=True)).home.endswith(":AutoEngine")
    with pytest.raises(DarknetError, match=r", auto; did you mean 'auto'\?"):
        checked(EngineConfig("aut"))
