"""Winograd's convolutions in torch's own calls give what the direct ones give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from darknet_py.engines import eager_winograd
from darknet_py.engines.eager import EXACT_RULES, EagerProgram
from darknet_py.engines.eager_winograd import WinogradConvolution, at_points, pays
from darknet_py.engines.engine import open_engine
from darknet_py.engines.table import EngineConfig
from darknet_py.network.network import Network


def normal(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


def error(x: Tensor, kernel: Tensor, biases: Tensor) -> float:
    """The largest, as a share of the largest value of the exact sums."""
    exact = F.conv2d(x.double(), kernel.double(), biases.double(), padding=1)
    found = WinogradConvolution(at_points(kernel), biases)(x)
    assert found.shape == exact.shape and found.dtype == torch.float32
    return float((found - exact).abs().max() / exact.abs().max())


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last], ids=str)
@pytest.mark.parametrize(
    "shape", [(1, 3, 8, 12), (2, 5, 7, 10), (1, 2, 1, 1), (3, 4, 5, 2), (1, 64, 13, 13)], ids=str
)
def test_the_sums_are_those_of_a_convolution(
    shape: tuple[int, ...], layout: torch.memory_format
) -> None:
    x = normal(*shape).contiguous(memory_format=layout)
    assert error(x, normal(6, shape[1], 3, 3), normal(6)) < 5e-6


def test_strips_join(monkeypatch: pytest.MonkeyPatch) -> None:
    x, kernel = normal(2, 3, 30, 9), normal(2, 3, 3, 3)
    whole = WinogradConvolution(at_points(kernel), normal(2))
    expected = whole(x)
    monkeypatch.setattr(eager_winograd, "STRIP_BYTES", 1)
    strips = list(whole._strips(2, 8, 3, 3))
    assert len(strips) > 4 and {image for image, *_ in strips} == {0, 1}
    torch.testing.assert_close(whole(x), expected, rtol=0, atol=3e-5)


def test_an_input_that_is_not_finite_stays_near() -> None:
    """A tile's own values alone are lost, not the picture's."""
    x = torch.zeros(1, 1, 16, 16)
    x[0, 0, 0, 0] = float("inf")
    found = WinogradConvolution(at_points(normal(1, 1, 3, 3)), torch.zeros(1))(x)
    assert found[..., 4:, 4:].isfinite().all() and not found[..., :2, :2].isfinite().any()


def test_where_it_pays() -> None:
    assert pays(64, 64, 49) and pays(512, 64, 40)
    assert not pays(32, 64, 2704) and not pays(64, 32, 2704) and not pays(512, 1024, 16)


CFG = """[net]
width=32
height=32
channels=64
[convolutional]
filters=64
size=3
{more}
activation=mish
"""


def made(folder: Path, more: str) -> Network:
    (folder / "net.cfg").write_text(CFG.format(more=more))
    return Network.from_cfg(folder / "net.cfg", seed=1).for_inference()


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The shapes of what went by Winograd."""
    shapes: list[Any] = []
    call = WinogradConvolution.__call__

    def spy(self: WinogradConvolution, x: Tensor) -> Tensor:
        shapes.append(tuple(x.shape))
        return call(self, x)

    monkeypatch.setattr(WinogradConvolution, "__call__", spy)
    return shapes


@pytest.mark.parametrize(
    ("more", "goes"),
    [
        ("pad=1", True),
        ("pad=1\nantialiasing=1\nstride=2", True),
        ("pad=0", False),
        ("pad=1\nstride=2", False),
        ("pad=1\ngroups=2", False),
        ("pad=1\ndilation=2", False),
        ("pad=1\nbinary=1", False),
    ],
)
def test_which_convolutions_go_by_winograd(
    tmp_path: Path, taken: list[Any], more: str, goes: bool
) -> None:
    net, x = made(tmp_path, more), normal(1, 64, 32, 32)
    with torch.inference_mode():
        (found,) = EagerProgram(net, 1)(x)
        (direct,) = EagerProgram(net, 1, EXACT_RULES)(x)
    assert taken == [(1, 64, 32, 32)] * goes
    torch.testing.assert_close(found, direct, rtol=1e-4, atol=1e-5)
    assert torch.equal(found, direct) == (not goes)


def test_small_ones_and_exact_ones_do_not(tmp_path: Path, taken: list[Any]) -> None:
    net, x = made(tmp_path, "pad=1"), normal(1, 64, 32, 32)
    open_engine(net, EngineConfig(compiled=False, exact=True))(x)
    assert taken == []
    open_engine(net, EngineConfig(compiled=False))(x)
    assert taken == [(1, 64, 32, 32)]
    small = net.resized(16, 16)
    open_engine(small, EngineConfig(compiled=False))(normal(1, 64, 16, 16))
    assert len(taken) == 1
