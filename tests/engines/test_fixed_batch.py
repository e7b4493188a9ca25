"""Engines with a program for each batch size: onnxruntime and OpenVINO give what torch gives."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import torch
from support.golden_check import GOLDEN, loaded

from darknet_py.engines import cache
from darknet_py.engines.engine import Engine, open_engine
from darknet_py.engines.fixed_batch import BatchEngine, BatchProgram, fitting
from darknet_py.engines.table import ENGINES, EngineConfig
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network

NAMES = ["onnxruntime", "openvino", "mnn"]
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


class Stand(BatchEngine):
    """Programs that double what they get."""

    def make(self, batch: int) -> BatchProgram:
        made.append(batch)
        return lambda x: [2 * x]


made: list[int] = []


def test_prepare_makes_the_program_that_a_call_then_takes() -> None:
    engine = Stand(loaded(GOLDEN / "yolov3", "alexeyab"), EngineConfig(), torch.device("cpu"))
    made.clear()
    engine.prepare(2)
    assert made == [2]
    x = torch.rand(2, *engine.graph.net.input)
    assert torch.equal(engine(x)[0], 2 * x) and made == [2]
    engine.prepare(1)
    assert made == [2], "one image is padded to two"
