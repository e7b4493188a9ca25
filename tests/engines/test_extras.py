"""The engines that are extras: onnxruntime and OpenVINO give what torch gives."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import torch
from support.golden_check import GOLDEN, loaded

from darknet_py.conversion.openvino_file import openvino_core
from darknet_py.engines import cache
from darknet_py.engines.engine import Engine, open_engine
from darknet_py.engines.fixed_batch import fitting
from darknet_py.engines.table import ENGINES, EngineConfig, EngineRow, checked
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network

NAMES = ["onnxruntime", "openvino"]
NETS = ["yolov3", "gaussian_yolo", "region", "detection", "classifier"]


@pytest.fixture(autouse=True)
def _cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path / "kept"))


def open_or_skip(engine: str, net: Network, **changes: object) -> Engine:
    for module in ENGINES[engine].modules:
        pytest.importorskip(module, reason=f"needs pip install {module}")
    return open_engine(net, EngineConfig(engine=engine, threads=1, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("engine", NAMES)
@pytest.mark.parametrize("name", NETS)
def test_as_torch(name: str, engine: str) -> None:
    net = loaded(GOLDEN / name, "alexeyab")
    x = torch.rand(2, *net.graph.net.input)
    for made in (open_or_skip(engine, net), open_or_skip(engine, net)):  # the second from the cache
        for head, expected in zip(made(x), net(x), strict=True):
            torch.testing.assert_close(head, expected, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("engine", NAMES)
def test_batches(engine: str) -> None:
    """A batch of 3 runs as 4 where 4 is there, a single image gets a program of its own."""
    net = loaded(GOLDEN / "yolov3", "alexeyab")
    made, x = open_or_skip(engine, net), torch.rand(4, *net.graph.net.input)
    expected = net(x)
    for count in (4, 3, 1, 2):
        for head, whole in zip(made(x[:count]), expected, strict=True):
            torch.testing.assert_close(head, whole[:count], rtol=1e-4, atol=2e-5)
    assert sorted(made._programs) == [1, 4]  # type: ignore[attr-defined]
    layout = x.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(made(layout)[0], expected[0], rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("engine", NAMES)
def test_results_stay_when_it_runs_again(engine: str) -> None:
    net = loaded(GOLDEN / "yolov3", "alexeyab")
    made, shape = open_or_skip(engine, net), (1, *net.graph.net.input)
    first = made(torch.rand(shape))
    copies = [head.clone() for head in first]
    made(torch.zeros(shape))
    for head, copy in zip(first, copies, strict=True):
        assert torch.equal(head, copy)


@pytest.mark.parametrize("engine", NAMES)
def test_threads_share_it(engine: str) -> None:
    net = loaded(GOLDEN / "yolov3", "alexeyab")
    made = open_or_skip(engine, net)
    inputs = [torch.rand(1, *net.graph.net.input) for _ in range(4)]
    expected = [net(x)[0].detach() for x in inputs]
    errors: list[float] = []

    def work(number: int) -> None:
        for _ in range(20):
            errors.append(float((made(inputs[number])[0] - expected[number]).abs().max()))

    workers = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(errors) == 80 and max(errors) < 1e-4


@pytest.mark.parametrize("engine", NAMES)
def test_wrong_input(engine: str) -> None:
    net = loaded(GOLDEN / "yolov3", "alexeyab")
    with pytest.raises(DarknetError, match=r"expected \(N, 3, 48, 64\)"):
        open_or_skip(engine, net)(torch.rand(1, 3, 64, 64))


def test_fitting() -> None:
    assert fitting([8, 4], 3, 6) == 4
    assert fitting([8], 3, 6) is None
    assert fitting([], 1, 2) is None


def test_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    net = loaded(GOLDEN / "yolov3", "alexeyab")
    with pytest.raises(DarknetError, match="'fp16' for engine onnxruntime, known are fp32"):
        open_engine(net, EngineConfig(engine="onnxruntime", precision="fp16"))
    row = EngineRow("nowhere:None", ("no_such_module",))
    monkeypatch.setitem(ENGINES, "openvino", row)
    with pytest.raises(DarknetError, match=r"needs no_such_module; pip install no_such_module"):
        open_engine(net, EngineConfig(engine="openvino"))


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


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_a_missing_engine_says_what_to_install(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages by their own names: there is another darknet-py on the public index."""
    monkeypatch.setattr("importlib.util.find_spec", lambda module: None)
    expected = {
        "onnxruntime": "pip install onnxruntime onnx",
        "openvino": "pip install openvino onnx",
        "tensorrt": "pip install onnxruntime-gpu tensorrt onnx",
    }
    if name not in expected:
        assert checked(EngineConfig(engine=name)).modules == ()
        return
    with pytest.raises(DarknetError, match=f"engine {name} needs .*; {expected[name]}$"):
        checked(EngineConfig(engine=name))
