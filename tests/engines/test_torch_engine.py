"""The torch engine's prepared calls compute what the network computes, on every recorded net."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from support.golden_check import GOLDEN, cases, loaded, relative

from darknet_py.engines import devices, eager_winograd, torch_engine
from darknet_py.engines.engine import open_engine
from darknet_py.engines.table import EngineConfig
from darknet_py.engines.torch_engine import MOST_PROGRAMS, Pytorch, layout_for
from darknet_py.errors import DarknetError
from darknet_py.network.network import Network

TOLERANCE = 1e-4
HEAD = """[net]
width=16
height=16
channels=3
"""
CONVOLUTION = """[convolutional]
batch_normalize=1
filters={filters}
size={size}
stride={stride}
pad=1
groups={groups}
activation={activation}
{more}
"""


def network(tmp_path: Path, *sections: str) -> Network:
    path = tmp_path / "net.cfg"
    path.write_text(HEAD + "".join(sections))
    net = Network.from_cfg(path, seed=0)
    generator = torch.Generator().manual_seed(0)
    for name, tensor in net.state_dict().items():
        if name.endswith(("scales", "variance", "biases", "mean")):
            tensor.uniform_(0.5, 1.5, generator=generator)
    return net


def convolution(
    filters: int = 8,
    size: int = 3,
    stride: int = 1,
    groups: int = 1,
    activation: str = "leaky",
    more: str = "",
) -> str:
    return CONVOLUTION.format(**locals())


def check(net: Network, x: torch.Tensor, config: EngineConfig | None = None) -> None:
    with torch.no_grad():
        expected = net(x)
    found = open_engine(net, config or EngineConfig())(x)
    assert len(found) == len(expected)
    for fast, plain in zip(found, expected, strict=True):
        assert fast.dtype == torch.float32
        assert fast.shape == plain.shape
        assert relative(fast.numpy(), plain.numpy()) <= TOLERANCE


FORMS = {
    "as usual": EngineConfig(),
    "exact": EngineConfig(exact=True),
    "not compiled": EngineConfig(compiled=False),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", cases(GOLDEN))
def test_recorded_networks(case: str, form: str) -> None:
    name, fork = case.split("/")
    net = loaded(GOLDEN / name, fork)
    if net.graph.net.time_steps > 1:
        pytest.skip("engines see single images")
    x = torch.from_numpy(np.load(GOLDEN / name / f"forward-{fork}.npz")["input"])
    check(net, x, FORMS[form])


@pytest.mark.parametrize("case", cases(GOLDEN))
def test_recorded_networks_by_winograd(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In torch's own calls, even where that is slower."""
    monkeypatch.setattr(eager_winograd, "LEAST_CHANNELS", 1)
    monkeypatch.setattr(eager_winograd, "LEAST_TILES", 1)
    test_recorded_networks(case, "not compiled")


VARIANTS = {
    "grouped": convolution(groups=1) + convolution(16, groups=4),
    "depthwise": convolution(8) + convolution(8, groups=8, stride=2),
    "antialiased": convolution(8, stride=2, more="antialiasing=1"),
    "antialiased by two": convolution(8, stride=2, more="antialiasing=2"),
    "shared": convolution(3) + convolution(3) + convolution(3, more="share_index=1"),
    "dilated": convolution(8, more="dilation=2"),
    "dilated even": convolution(8, size=2, more="dilation=2"),
    "binary": convolution(8, more="binary=1"),
    "xnor": convolution(8, more="xnor=1"),
    "1x1": convolution(32) + convolution(32, size=1),
    "1x1 stride": convolution(32) + convolution(32, size=1, stride=2),
    "1x1 after reorg": convolution(32) + "[reorg3d]\nstride=2\n" + convolution(64, size=1),
    "deconvolution": "[deconvolutional]\nbatch_normalize=1\nfilters=5\nsize=3\nstride=2\n"
    "activation=relu\n",
    "residual": convolution(8) + convolution(8, activation="linear") + "[shortcut]\nfrom=-2\n",
}


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("batch", [1, 3])
def test_variants_of_convolution(tmp_path: Path, name: str, batch: int) -> None:
    net = network(tmp_path, VARIANTS[name])
    check(net, torch.rand(batch, 3, 16, 16, generator=torch.Generator().manual_seed(1)))


@pytest.mark.parametrize(
    "activation", ["linear", "relu", "relu6", "leaky", "swish", "logistic", "tanh", "mish", "elu"]
)
@pytest.mark.parametrize("size", [1, 3])
def test_activations(tmp_path: Path, activation: str, size: int) -> None:
    net = network(tmp_path, convolution(32), convolution(32, size=size, activation=activation))
    check(net, torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(1)))


YOLO = """[convolutional]
filters=14
size=1
activation=linear
[yolo]
mask=0,1
anchors=2,3, 4,5
num=2
classes=2
"""


@pytest.mark.parametrize("more", ["", "scale_x_y=1.2\n", "scale_x_y=2\nnew_coords=1\n"])
def test_yolo_heads_are_the_same_to_the_bit(tmp_path: Path, more: str) -> None:
    net = network(tmp_path, YOLO + more).for_inference()
    x = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    (found,) = open_engine(net, EngineConfig())(x)
    above = list(net.outputs(x, _run()))[0][1]
    context = net.graph.context(1)
    expected = context.nodes[1].layer.forward(context, net.own(1), [above], _run())
    assert relative(found.numpy(), expected.numpy()) <= 1e-6


def _run():  # type: ignore[no-untyped-def]
    from darknet_py.layers.base import Run

    return Run()


def test_threads_of_different_width_share_an_engine(tmp_path: Path) -> None:
    net = network(tmp_path, convolution(16), convolution(32, size=1), convolution(32))
    engine = open_engine(net, EngineConfig())
    xs = torch.rand(8, 1, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = [net(x)[0] for x in xs]
    found: dict[int, torch.Tensor] = {}

    def work(first: int) -> None:
        torch.set_num_threads(1)
        for number in range(first, 8, 2):
            found[number] = engine(xs[number])[0]

    workers = [threading.Thread(target=work, args=(first,)) for first in (0, 1)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for number, y in enumerate(expected):
        assert relative(found[number].numpy(), y.numpy()) <= 1e-5


def test_programs_are_kept_in_number(tmp_path: Path) -> None:
    engine = open_engine(network(tmp_path, convolution()), EngineConfig())
    assert isinstance(engine, Pytorch)
    for batch in range(1, MOST_PROGRAMS + 3):
        assert engine(torch.rand(batch, 3, 16, 16))[0].shape[0] == batch
    assert len(engine._programs) == MOST_PROGRAMS


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_is_near(
    tmp_path: Path, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the processor is slow at it: what it gives is the same."""
    monkeypatch.setattr(devices, "computes", lambda dtype: True)
    net = network(tmp_path, convolution(8), YOLO.replace("filters=14", "filters=14\npad=1"))
    x = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = net(x)[0].numpy()
    (found,) = open_engine(net, EngineConfig(precision=precision))(x)
    assert found.dtype == torch.float32
    error = relative(found.numpy(), expected)
    assert 0 < error < 0.05


@pytest.mark.usefixtures("as_command_line")
def test_a_processor_without_half_precision_computes_in_full_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "computes", lambda dtype: dtype == torch.float32)
    net = network(tmp_path, convolution(8))
    engine = open_engine(net, EngineConfig(precision="bf16"))
    line = "--precision bf16: this processor has no instructions for it; computing in fp32"
    assert capsys.readouterr().err == f"darknet-py: warning: {line}\n"
    assert engine.config.precision == "fp32"
    x = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        assert relative(engine(x)[0].numpy(), net(x)[0].numpy()) <= TOLERANCE


def test_what_it_offers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_engine, "device_types", lambda: ("cpu", "cuda", "mps"))
    monkeypatch.setattr(torch_engine, "computes", lambda dtype: dtype != torch.float16)
    expected = {
        "cpu": ("fp32", "bf16"),
        "cuda": ("fp32", "tf32", "bf16", "fp16"),
        "mps": ("fp32", "bf16", "fp16"),
    }
    assert Pytorch.offers() == expected


def test_an_image_of_another_size_is_refused(tmp_path: Path) -> None:
    engine = open_engine(network(tmp_path, convolution()), EngineConfig())
    with pytest.raises(DarknetError, match=r"expected \(N, 3, 16, 16\)"):
        engine(torch.rand(1, 3, 16, 8))


@pytest.mark.parametrize(
    ("precision", "device", "layout"),
    [
        ("fp32", "cpu", torch.channels_last),
        ("fp32", "cuda:1", torch.contiguous_format),
        ("tf32", "cuda:1", torch.channels_last),
        ("fp16", "cuda:1", torch.channels_last),
        ("bf16", "cuda:1", torch.channels_last),
    ],
)
def test_how_inputs_and_weights_lie(
    precision: str, device: str, layout: torch.memory_format
) -> None:
    assert layout_for(precision, torch.device(device)) == layout
