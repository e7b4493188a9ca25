"""Which ranges an engine gets: those of its config, those that are kept, or none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.golden_check import GOLDEN, loaded

from darknet_py.engines import cache
from darknet_py.engines.cache import NetworkFiles
from darknet_py.engines.calibration import Calibration
from darknet_py.engines.int8 import keep_calibration, kept_calibration, with_calibration
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network

KNOWN = Calibration("a.data", "0f", (("images", 0.0, 1.0),), 7, 0.5, 0.47)
CONFIG = EngineConfig("openvino", "int8")


@pytest.fixture(autouse=True)
def _cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path / "kept"))


@pytest.fixture
def net() -> Network:
    return loaded(GOLDEN / "yolov3", "alexeyab").for_inference()


def test_one_is_kept_for_each_engine(net: Network) -> None:
    files = NetworkFiles(net)
    keep_calibration(files, "openvino", KNOWN)
    assert kept_calibration(files, "openvino") == KNOWN
    assert kept_calibration(files, "onnxruntime") is None
    other = replace(KNOWN, data="b.data")
    keep_calibration(files, "openvino", other)
    assert kept_calibration(NetworkFiles(net), "openvino") == other
    assert len(list(cache.folder().iterdir())) == 1


def test_what_the_config_becomes(net: Network) -> None:
    for config in (EngineConfig("openvino", "bf16"), replace(CONFIG, calibration=KNOWN)):
        assert with_calibration(net, config) is config
    with pytest.raises(DarknetError, match="nothing has calibrated it for int8 on openvino yet"):
        with_calibration(net, CONFIG)
    keep_calibration(NetworkFiles(net), "openvino", KNOWN)
    made = with_calibration(net, replace(CONFIG, max_map_loss=0.05, threads=3))
    assert made == replace(CONFIG, calibration=KNOWN, threads=3)


def test_the_bound_counts_for_what_is_kept(net: Network) -> None:
    keep_calibration(NetworkFiles(net), "openvino", KNOWN)
    with pytest.raises(DarknetError, match=r"3\.00 points lost, 2 allowed"):
        with_calibration(net, CONFIG)
    with pytest.raises(DarknetError, match=r"3\.00 points lost, 1 allowed"):
        with_calibration(net, replace(CONFIG, max_map_loss=0.01))


def test_another_network_has_none(net: Network) -> None:
    keep_calibration(NetworkFiles(net), "openvino", KNOWN)
    net.own(0)["weights"].mul_(1.001)
    assert kept_calibration(NetworkFiles(net), "openvino") is None
