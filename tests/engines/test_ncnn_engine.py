"""ncnn gives what torch gives, image by image, and names what it does not have."""

from __future__ import annotations

import pickle
import threading

import pytest
import torch
from support.golden_check import GOLDEN, loaded

from darknet_py.engines.engine import Engine, open_engine
from darknet_py.engines.table import EngineConfig
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network

pytest.importorskip("ncnn", reason="needs pip install ncnn")

NETS = ["yolov3", "yolov4_csp_newcoords", "region", "detection", "classifier", "conv_geometry"]


def opened(net: Network, threads: int | None = 1) -> Engine:
    return open_engine(net, EngineConfig("ncnn", threads=threads))


@pytest.mark.parametrize("name", NETS)
def test_as_torch(name: str) -> None:
    net = loaded(GOLDEN / name, "alexeyab")
    x, engine = torch.rand(3, *net.graph.net.input), opened(net)
    for values in (x, x.contiguous(memory_format=torch.channels_last), x[:1]):
        for head, expected in zip(engine(values), net(values), strict=True):
            assert head.dtype == torch.float32
            torch.testing.assert_close(head, expected, rtol=1e-4, atol=3e-5)
    with pytest.raises(DarknetError, match=r"expected \(N, "):
        engine(torch.rand(1, 3, 8, 8))


def test_results_stay_when_it_runs_again_and_threads_share_it() -> None:
    net = loaded(GOLDEN / "yolov3", "alexeyab")
    engine = opened(net)
    inputs = [torch.rand(1, *net.graph.net.input) for _ in range(3)]
    expected = [net(x)[0].detach() for x in inputs]
    found: list[torch.Tensor] = [torch.empty(0)] * 3

    def work(number: int) -> None:
        for _ in range(10):
            found[number] = engine(inputs[number])[0]

    workers = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for head, one in zip(found, expected, strict=True):
        torch.testing.assert_close(head, one, rtol=1e-4, atol=3e-5)


def test_threads() -> None:
    net = loaded(GOLDEN / "yolov3", "alexeyab")
    assert opened(net, 3)._net.opt.num_threads == 3  # type: ignore[attr-defined]
    assert opened(net, None)._net.opt.num_threads == torch.get_num_threads()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gaussian_yolo", r"net.cfg:65: \[Gaussian_yolo\]: the output of this kind is not written"),
        (
            "local_alexey",
            r"net.cfg:22: \[local\]: this kind .*onnx, --engine torch have",
        ),
        ("crnn", "net.cfg: ncnn runs single images; use time_steps=1"),
    ],
)
def test_what_it_does_not_have(name: str, message: str) -> None:
    with pytest.raises(DarknetError, match=message):
        opened(loaded(GOLDEN / name, "alexeyab"))


def test_devices() -> None:
    net = loaded(GOLDEN / "yolov3", "alexeyab")
    with pytest.raises(DarknetError, match="engine ncnn cannot run on 'mps', only on cpu"):
        open_engine(net, EngineConfig("ncnn", device="mps"))
    with pytest.raises(DarknetError, match="'bf16' for engine ncnn, known are fp32"):
        open_engine(net, EngineConfig("ncnn", "bf16"))
    assert type(opened(net)).offers() == {"cpu": ("fp32",)}


def test_a_copy_is_opened_anew() -> None:
    net = loaded(GOLDEN / "yolov3", "alexeyab")
    engine = opened(net)
    other = pickle.loads(pickle.dumps(engine))
    x = torch.rand(2, *net.graph.net.input)
    assert other._net is not engine._net and torch.equal(other(x)[0], engine(x)[0])  # type: ignore[attr-defined]
