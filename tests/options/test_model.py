"""Which network, as which Darknet and on what."""

from __future__ import annotations

import pytest

from darknet_py.engines.table import EngineConfig
from darknet_py.errors import DarknetError
from darknet_py.options.evaluation import EvalOptions, MapOptions
from darknet_py.options.flag import flags_of
from darknet_py.options.model import CfgOptions, DeviceOptions, EngineOptions, RunOptions


def test_the_parts_of_a_record_keep_their_order() -> None:
    device, engine = ["gpu", "nogpu", "device"], ["precision", "engine", "compiled", "exact"]
    engine += ["calibrate", "calibrate_images", "max_map_loss"]
    assert list(flags_of(CfgOptions)) == ["fork", "width", "height"]
    assert list(flags_of(RunOptions)) == [*device, *engine]
    assert list(flags_of(EvalOptions)) == [
        *("batch", "exif", "fork", "width", "height"),
        *device,
        *engine,
        "log_style",
    ]
    assert list(flags_of(MapOptions))[-2:] == ["iou_thresh", "points"]


def test_what_a_network_runs_on() -> None:
    assert DeviceOptions(nogpu=True, gpu=3).chosen_device == "cpu"
    assert DeviceOptions(device="mps", gpu=3).chosen_device == "mps"
    config = RunOptions(device="cuda:7", precision="bf16", compiled=True).engine_config(threads=2)
    assert config == EngineConfig("torch", "bf16", True, "cuda:7", 2)
    int8 = {"calibrate": "a.data", "calibrate_images": 9, "max_map_loss": 0.1}
    made = RunOptions(nogpu=True, engine="openvino", precision="int8", exact=True, **int8)  # type: ignore[arg-type]
    assert made.engine_config() == EngineConfig("openvino", "int8", exact=True, **int8)  # type: ignore[arg-type]
    EngineOptions().require_engine()
    with pytest.raises(DarknetError, match="unknown engine 'torhc'.*did you mean 'torch'"):
        EngineOptions(engine="torhc").require_engine()
