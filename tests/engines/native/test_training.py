"""Convolutions of a training by Winograd: outputs and gradients, and which go that way."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from support.golden_check import relative
from support.layer_check import network
from support.phone_network import need_compiler
from support.small_step import HEAD, NET, data
from torch import Tensor

from darknet_py.engines.compiler import CannotBuild
from darknet_py.engines.devices import using_threads
from darknet_py.engines.native import training
from darknet_py.engines.native.training import TrainingConvolutions
from darknet_py.layers.torch_kernels import convolve
from darknet_py.train import Trainer
from darknet_py.train.head_pass import HeadPass

PLAIN: tuple[Any, ...] = (None, (1, 1), 1, 1, 1)
WINOGRAD = 1e-5
SHAPES = {
    "whole tiles": (2, 16, 32, 8, 8),
    "edges": (3, 64, 48, 7, 13),
    "channels that fill no vector": (2, 19, 37, 9, 6),
    "wide blocks": (1, 70, 130, 5, 4),
    "many tiles, in groups": (5, 24, 16, 57, 50),
    "many channels": (2, 300, 260, 13, 13),
}


def tensors(n: int, c: int, f: int, h: int, w: int) -> tuple[Tensor, Tensor, Tensor]:
    """Inputs, a kernel, and a gradient of the outputs."""
    generator = torch.Generator().manual_seed(n + c + f + h + w)
    sizes = (n, c, h, w), (f, c, 3, 3), (n, f, h, w)
    x, kernel, gradient = (torch.randn(size, generator=generator) for size in sizes)
    return x + 0.5, kernel, gradient - 0.3


def results(convolution: Any, x: Tensor, kernel: Tensor, gradient: Tensor) -> list[Tensor]:
    """The outputs, and the gradients of x and the kernel."""
    x, kernel = (t.detach().requires_grad_() for t in (x, kernel))
    y = convolution(x, kernel, *PLAIN)
    y.backward(gradient)
    assert x.grad is not None and kernel.grad is not None
    return [y.detach(), x.grad, kernel.grad]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shapes of kernels that went by Winograd."""
    need_compiler()
    shapes: list[tuple[int, ...]] = []
    convolved = TrainingConvolutions.convolved

    def spied(self: Any, x: Tensor, kernel: Tensor, flipped: bool) -> Tensor:
        shapes.append(tuple(kernel.shape))
        return convolved(self, x, kernel, flipped)

    monkeypatch.setattr(TrainingConvolutions, "convolved", spied)
    return shapes


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_outputs_and_gradients_are_those_of_double_precision(
    counted: list[tuple[int, ...]], shape: tuple[int, int, int, int, int]
) -> None:
    given = tensors(*shape)
    expected = results(convolve, *(t.double() for t in given))
    same = []
    convolutions = TrainingConvolutions()
    for count in (1, 2, 12):
        with using_threads(count):
            same.append(results(convolutions, *given))
    assert len(counted) == 6
    for ours, theirs in zip(same[0], expected, strict=True):
        assert ours.shape == theirs.shape
        assert relative(ours.double().numpy(), theirs.numpy()) <= WINOGRAD
    assert all(a.equal(b) for other in same[1:] for a, b in zip(same[0], other, strict=True))


def test_inputs_that_are_some_channels_of_others(counted: list[tuple[int, ...]]) -> None:
    """As grouped routes make them, in any order of memory, beside what is no number."""
    x, kernel, gradient = tensors(2, 20, 16, 9, 9)
    wide = torch.full((2, 52, 9, 9), torch.nan).contiguous(memory_format=torch.channels_last)
    wide[:, 13:33] = x
    gradient = gradient[..., :1].expand_as(gradient)
    expected = results(convolve, *(t.double() for t in (x, kernel, gradient)))
    for seen in (wide[:, 13:33], x, x.transpose(2, 3).contiguous().transpose(2, 3)):
        ours = results(TrainingConvolutions(), seen, kernel, gradient)
        for one, other in zip(ours, expected, strict=True):
            assert relative(one.double().numpy(), other.numpy()) <= WINOGRAD
    assert len(counted) == 6


def test_images_alone_are_those_of_a_batch(counted: list[tuple[int, ...]]) -> None:
    x, kernel, gradient = tensors(3, 16, 24, 10, 7)
    convolutions = TrainingConvolutions()
    together = results(convolutions, x, kernel, gradient)
    alone = [
        results(convolutions, x[n : n + 1], kernel, gradient[n : n + 1]) for n in range(len(x))
    ]
    for which in (0, 1):
        assert torch.cat([one[which] for one in alone]).equal(together[which])
    summed = sum(one[2] for one in alone)
    assert isinstance(summed, Tensor)
    torch.testing.assert_close(summed, together[2], rtol=0, atol=1e-4)
    assert len(counted) == 8


def test_what_is_not_asked_for_is_not_computed(counted: list[tuple[int, ...]]) -> None:
    x, kernel, gradient = tensors(1, 16, 16, 8, 8)
    whole = results(TrainingConvolutions(), x, kernel, gradient)
    counted.clear()
    TrainingConvolutions()(x, kernel.requires_grad_(), *PLAIN).backward(gradient)
    assert len(counted) == 1
    assert kernel.grad is not None and kernel.grad.equal(whole[2])
    TrainingConvolutions()(x.requires_grad_(), kernel.detach(), *PLAIN).backward(gradient)
    assert len(counted) == 3
    assert x.grad is not None and x.grad.equal(whole[1])


@pytest.mark.parametrize(
    ("shape", "arguments"),
    [
        ((1, 15, 16, 8, 8), PLAIN),
        ((1, 16, 15, 8, 8), PLAIN),
        ((1, 16, 16, 3, 8), PLAIN),
        ((0, 16, 16, 8, 8), PLAIN),
        ((1, 16, 16, 8, 8), (None, (2, 2), 1, 1, 1)),
        ((1, 16, 16, 8, 8), (None, (1, 1), 0, 1, 1)),
        ((1, 16, 16, 8, 8), (None, (1, 1), 1, 2, 1)),
        ((1, 16, 16, 8, 8), (torch.ones(16), (1, 1), 1, 1, 1)),
    ],
)
def test_others_are_torchs(
    counted: list[tuple[int, ...]],
    shape: tuple[int, int, int, int, int],
    arguments: tuple[Any, ...],
) -> None:
    x, kernel, _ = tensors(*shape)
    y = TrainingConvolutions()(x, kernel, *arguments)
    assert y.equal(F.conv2d(x, kernel, *arguments))
    assert not counted


def test_without_a_compiler_they_are_torchs(monkeypatch: pytest.MonkeyPatch) -> None:
    def library() -> None:
        raise CannotBuild("none")

    monkeypatch.setattr(training.native, "library", library)
    given = tensors(2, 16, 16, 8, 8)
    ours, theirs = results(TrainingConvolutions(), *given), results(convolve, *given)
    assert all(a.equal(b) for a, b in zip(ours, theirs, strict=True))


CONV = "[conv]\nbatch_normalize=1\nfilters=16\nsize=3\npad=1\nactivation=leaky\n"


@pytest.mark.parametrize(
    ("options", "count"),
    [({}, 2), ({"precision": "tf32"}, 2), ({"exact": True}, 0), ({"precision": "bf16"}, 0)],
)
def test_a_trainer_convolves_by_them_unless_told_otherwise(
    counted: list[tuple[int, ...]], options: dict[str, Any], count: int
) -> None:
    """Of two convolutions in two parts of a batch the second one, forward and backward."""
    net, exact = (network(NET + CONV + CONV + HEAD) for _ in range(2))
    loss = Trainer(net, **options).step(*data())
    assert counted == [(16, 16, 3, 3)] * 2 * count
    assert loss == pytest.approx(Trainer(exact, exact=True).step(*data()), rel=1e-2)
    assert len(counted) == 2 * count


def test_a_compiled_network_has_torchs_convolutions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HeadPass, "compile", lambda head_pass, **options: None)
    assert Trainer(network(NET + CONV + HEAD), compiled=True)._pass.head.convolve is convolve


def test_what_memory_held_before_does_not_matter(counted: list[tuple[int, ...]]) -> None:
    """Same seed, same weights, bit for bit: a fresh training, and one after other work."""
    nets = [network(NET + CONV + CONV + HEAD) for _ in range(2)]
    for net, before in zip(nets, (0.0, torch.nan), strict=True):
        trainer = Trainer(net)
        convolutions = trainer._pass.head.convolve
        assert isinstance(convolutions, TrainingConvolutions)
        convolutions._memory = torch.full((1_000_000,), before)
        trainer.step(*data())
        trainer.step(*data(seed=1))
    first, second = (net.state_dict() for net in nets)
    assert len(counted) == 16 and all(first[name].equal(second[name]) for name in first)
