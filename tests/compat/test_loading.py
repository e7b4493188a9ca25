"""Networks, .data files and sizes, with what is printed while they are read."""

from __future__ import annotations

import os
from ctypes import byref, c_int, pointer
from pathlib import Path
from typing import Any

import pytest
from support.shapes_network import CFG, DATA, NAMES, WEIGHTS

from darknet_py.compat.colors import class_colors
from darknet_py.compat.dialects import HANK, ORIGINAL, TODAY, present_dialect, use_dialect
from darknet_py.compat.library import set_verbose
from darknet_py.compat.loading import (
    load_meta,
    load_net,
    load_net_custom,
    load_network,
    network_dimensions,
    network_height,
    network_width,
    set_gpu,
)
from darknet_py.compat.open_network import MACHINE, opened
from darknet_py.errors import CfgError, DarknetError, DataError, WeightsError

SIZES = (256, 256, 3)


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the C libraries print is printed."""
    monkeypatch.delenv("DARKNET_PY_LOG_STYLE")


def test_alexeyabs_triple() -> None:
    network, names, colors = load_network(CFG, DATA, WEIGHTS, batch_size=2)
    assert isinstance(network, int) and names == NAMES and list(colors) == NAMES
    assert opened(network).batch == 2 and opened(network).dialect is TODAY
    assert (network_width(network), network_height(network)) == SIZES[:2]


def test_hank_ais_scripts_take_the_triple_for_the_network() -> None:
    network = load_network(CFG, DATA, WEIGHTS)
    assert (network_width(network), network_height(network)) == SIZES[:2]


def test_hank_ais_is_the_network_alone_where_that_can_be_told() -> None:
    assert isinstance(load_network(CFG, "none.data", WEIGHTS, dialect="hank-ai"), int)
    set_verbose(False)
    network = load_network(CFG, DATA, WEIGHTS)
    assert isinstance(network, int) and opened(network).dialect is HANK
    assert class_colors(["dog"]) == {"dog": (0x06, 0xD8, 0x0E)}


def test_hank_ais_sizes() -> None:
    network = load_network(CFG, DATA, WEIGHTS)
    assert network_dimensions(network) == SIZES
    w, h, c = c_int(0), c_int(0), c_int(0)
    assert network_dimensions(network, w, byref(h), pointer(c)) is None
    assert (w.value, h.value, c.value) == SIZES
    assert present_dialect() is HANK


def test_the_loader_tells_whose_numbers_are_wanted() -> None:
    net = opened(load_net(os.fsencode(CFG), os.fsencode(WEIGHTS), 0))
    assert (net.dialect, net.certain) == (ORIGINAL, False)
    net = opened(load_net(CFG, WEIGHTS, 0, dialect="alexeyab"))
    assert (net.dialect, net.certain, net.graph.fork.name) == (TODAY, True, "alexeyab")
    use_dialect("pjreddie")
    net = opened(load_net_custom(CFG, WEIGHTS, 0, 1))
    assert (net.dialect, net.certain) == (ORIGINAL, True)


def test_names_are_bytes_where_the_path_is() -> None:
    meta = load_meta(os.fsencode(DATA))
    assert meta.classes == 8 and meta.names == [name.encode() for name in NAMES]
    assert load_meta(DATA).names == NAMES


def test_missing_names_are_numbers(tmp_path: Path) -> None:
    (tmp_path / "n.names").write_text("dog\n")
    (tmp_path / "d.data").write_text("labels=n.names\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        assert load_meta(b"d.data").names == [b"dog", b"1"]  # classes=2 where it is not said
    (tmp_path / "d.data").write_text("classes=2\n")
    with pytest.raises(DataError, match="d.data: has no names= line"):
        load_meta(str(tmp_path / "d.data"))


@pytest.mark.usefixtures("printed")
def test_what_alexeyabs_library_prints(capfd: pytest.CaptureFixture[str]) -> None:
    load_network(CFG, DATA, WEIGHTS, batch_size=2)
    out, err = capfd.readouterr()
    first = f" Try to load cfg: {CFG}, weights: {WEIGHTS}, clear = 0 \n"
    assert out.startswith(f"{first}mini_batch = 2, batch = 2, time_steps = 1, train = 0 \n")
    end = "Loaded - names_list: data/shapes.names, classes = 8 \n"
    assert f" Try to load weights: {WEIGHTS} \n\n seen 64" in out and out.endswith(end)
    assert "conv     16" in err
    load_net(CFG, WEIGHTS, 1, dialect="alexeyab")
    assert capfd.readouterr().out.startswith(f" Try to load cfg: {CFG}, clear = 1 \n")


@pytest.mark.usefixtures("printed")
def test_what_pjreddies_library_prints(capfd: pytest.CaptureFixture[str]) -> None:
    load_net(CFG, WEIGHTS, 0)
    load_meta(os.fsencode(DATA))
    out, err = capfd.readouterr()
    assert out == "" and err.startswith("layer     filters    size")
    assert err.endswith(f"Loading weights from {WEIGHTS}...Done!\n")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((3, WEIGHTS, 0, 1), TypeError, "cfg: expected a path as bytes or str, got int"),
        ((CFG, None, 0, 1), TypeError, "weights: expected a path as bytes or str, got NoneType"),
        ((CFG, WEIGHTS, "0", 1), TypeError, "clear: expected a whole number, got str"),
        ((CFG, WEIGHTS, 0, 0), ValueError, "batch: expected 1 or more images, got 0"),
        ((CFG, WEIGHTS, 0, 10**9), CfgError, "one forward pass needs about"),
        (("none.cfg", WEIGHTS, 0, 1), CfgError, "none.cfg"),
        ((CFG, "none.weights", 0, 1), WeightsError, "none.weights"),
        ((DATA, WEIGHTS, 0, 1), DarknetError, "shapes.data"),
    ],
)
def test_wrong_arguments(arguments: tuple[Any, ...], error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        load_net_custom(*arguments)


def test_the_device() -> None:
    set_gpu(-1)
    assert MACHINE.device == "cpu"
    assert opened(load_net_custom(CFG, WEIGHTS, 0, 1)).timed.engine.device.type == "cpu"
    with pytest.raises(TypeError, match="n: expected a whole number, got str"):
        set_gpu("0")  # type: ignore[arg-type]
