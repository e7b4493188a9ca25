"""cbn=1: each sub-batch is normalised by the mean statistics of those until it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from support.layer_check import Array, close, network
from support.small_step import HEAD, NET, data
from torch import Tensor

from darknet_py.errors import DarknetError
from darknet_py.layers import cross_batchnorm as module
from darknet_py.layers.base import Run
from darknet_py.layers.cross_batchnorm import cross_batchnorm
from darknet_py.layers.run import Progress
from darknet_py.network.network import Network
from darknet_py.train import Trainer

CHANNELS, LAYER = 3, 7


def tensors(seed: int = 1) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    names = ("scales", "biases", "rolling_mean", "rolling_variance")
    return {name: torch.rand(CHANNELS, generator=generator) + 0.5 for name in names}


def sub_batches(count: int = 3) -> Tensor:
    """(count, N, C, H, W), each with a mean of its own."""
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(count, 2, CHANNELS, 4, 3, generator=generator)
    return x + torch.arange(count).reshape(-1, 1, 1, 1, 1)


def progress(part: int, averages: Tensor) -> Progress:
    number = torch.tensor(float(part))
    return Progress(torch.tensor(0.0), number, torch.zeros(2, 0, 4), {LAYER: averages})


def in_order(x: Tensor, weights: dict[str, Tensor], **options: bool) -> list[Tensor]:
    averages = torch.full((2, CHANNELS), 1e6)  # left by an earlier update
    runs = [Run(training=True, progress=progress(i + 1, averages), **options) for i in range(3)]
    return [cross_batchnorm(x[i], weights, run, LAYER) for i, run in enumerate(runs)]


class Plain:
    """The same in double, channel by channel, as the GPU code's kernels go about it."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        self.weights = {name: tensor.double().numpy().copy() for name, tensor in weights.items()}
        self.averages: list[list[float]] = [[0.0, 0.0] for _ in range(CHANNELS)]

    def shares(self, x: Array, part: int) -> tuple[Array, list[float]]:
        """What is scaled and shifted, and 1 / the deviation of each channel."""
        shares, inverse = np.empty(x.shape), []
        for c, kept in enumerate(self.averages):
            values = x[:, c].ravel()
            mean, square = sum(values) / len(values), sum(values**2) / (len(values) - 1)
            kept[0] += (mean - kept[0]) / part
            kept[1] += (square - kept[1]) / part
            variance = kept[1] - kept[0] ** 2
            for name, value in (("rolling_mean", kept[0]), ("rolling_variance", variance)):
                self.weights[name][c] = 0.01 * value + 0.99 * self.weights[name][c]
            inverse.append((variance + 1e-5) ** -0.5)
            shares[:, c] = (x[:, c] - kept[0]) * inverse[c]
        return shares, inverse

    def output(self, shares: Array) -> Array:
        scales, biases = self.weights["scales"], self.weights["biases"]
        return shares * scales[:, None, None] + biases[:, None, None]


def test_forward_and_rolling_statistics() -> None:
    weights, x = tensors(), sub_batches()
    plain = Plain(weights)
    for part, y in enumerate(in_order(x, weights), start=1):
        shares, _ = plain.shares(x[part - 1].double().numpy(), part)
        close(y.numpy(), plain.output(shares), 1e-5)
    for name in ("rolling_mean", "rolling_variance"):
        close(weights[name].numpy(), plain.weights[name], 1e-6)


def test_backward_is_that_of_cudnn_for_the_averages() -> None:
    """cudnnBatchNormalizationBackward, told the averaged mean and deviation, value by value."""
    weights, x = tensors(), sub_batches().requires_grad_()
    weights["scales"].requires_grad_(), weights["biases"].requires_grad_()
    plain, steps = Plain({n: t.detach() for n, t in weights.items()}), in_order(x, weights)
    for part, y in enumerate(steps, start=1):
        shares, inverse = plain.shares(x[part - 1].detach().double().numpy(), part)
        arrived = torch.rand(y.shape, generator=torch.Generator().manual_seed(part))
        leaves = [x, weights["scales"], weights["biases"]]
        into, scales, biases = torch.autograd.grad(y, leaves, arrived)
        expected, dy = np.empty(shares.shape), arrived.double().numpy()
        for c in range(CHANNELS):
            g, s = dy[:, c], shares[:, c]
            assert biases[c].item() == pytest.approx(g.sum(), rel=1e-5)
            assert scales[c].item() == pytest.approx((g * s).sum(), rel=1e-4)
            factor = plain.weights["scales"][c] * inverse[c] / g.size
            expected[:, c] = factor * (g.size * g - g.sum() - s * (g * s).sum())
        close(into[part - 1].numpy(), expected, 1e-5)


def test_a_pass_by_itself_is_a_first_part() -> None:
    x = sub_batches()[0]
    alone = cross_batchnorm(x, tensors(), Run(training=True), LAYER)
    assert torch.equal(alone, in_order(sub_batches(), tensors())[0])


def test_a_variance_that_rounding_takes_below_0_is_0() -> None:
    averages, weights = torch.tensor([[1000.0] * CHANNELS, [999999.0] * CHANNELS]), tensors()
    before = weights["rolling_variance"].clone()
    run = Run(training=True, progress=progress(10**9, averages))
    assert cross_batchnorm(sub_batches()[0], weights, run, LAYER).isfinite().all()
    torch.testing.assert_close(weights["rolling_variance"], 0.99 * before)


def test_a_single_value_has_no_variance() -> None:
    with pytest.raises(DarknetError, match="a single value for each, of which nothing is left"):
        cross_batchnorm(torch.ones(1, CHANNELS, 1, 1), tensors(), Run(training=True), LAYER)


def test_processes_share_statistics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two processes with the same values: as of one with all of them."""
    monkeypatch.setattr(module, "summed", lambda values: 2 * values)
    x = sub_batches().requires_grad_()
    shared = in_order(x, tensors(), sync_batchnorm=True)
    both = in_order(torch.cat([x, x], dim=1), tensors())
    weight = torch.rand(shared[0].shape, generator=torch.Generator().manual_seed(4))
    for part, whole in zip(shared, both, strict=True):
        torch.testing.assert_close(part, whole[:2])
        # x stands in the whole twice, and in each process once.
        (mine,) = torch.autograd.grad((part * weight).sum(), x)
        (ours,) = torch.autograd.grad((whole * torch.cat([weight, weight])).sum(), x)
        torch.testing.assert_close(2 * mine, ours)


def test_a_value_in_each_process_is_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "summed", lambda values: 2 * values)
    weights, run = tensors(), Run(training=True, sync_batchnorm=True)
    before = weights["rolling_mean"].clone()
    cross_batchnorm(torch.full((1, CHANNELS, 1, 1), 3.0), weights, run, LAYER)
    torch.testing.assert_close(weights["rolling_mean"], 0.99 * before + 0.03)


def trained(option: str, fork: str = "alexeyab", steps: int = 2) -> Network:
    """The first layer reads images alone, so that what it normalises is known."""
    conv = f"[conv]\n{option}\nfilters=4\nsize=1\nactivation=linear\n"
    net = network(NET.replace("0.01", "0") + conv + HEAD, fork)
    trainer = Trainer(net)
    truth = data()[1] if fork == "alexeyab" else data()[1].reshape(4, 200, 6)[..., :5].flatten(1)
    for step in range(steps):
        trainer.step(data(seed=step)[0], truth)
    return net


@pytest.mark.parametrize("option", ["cbn=1", "batch_normalize=2", "batch_normalize=1\ncbn=1"])
def test_an_update_averages_over_its_sub_batches_alone(option: str) -> None:
    net, start = trained(option), trained(option, steps=0).own(0)
    expected = start["rolling_mean"].double().numpy().copy()
    kernel = start["weights"].detach().double().numpy()[:, :, 0, 0]
    for step in range(2):
        images = data(seed=step)[0].double().numpy()
        first, second = ((part.mean((0, 2, 3)) @ kernel.T) for part in np.split(images, 2))
        for mean in (first, (first + second) / 2):
            expected = 0.99 * expected + 0.01 * mean
    close(net.own(0)["rolling_mean"].numpy(), expected, 1e-6)


def test_a_pass_by_rolling_statistics_leaves_them() -> None:
    """As the one that moves images in self-adversarial training."""
    net = network(NET + "[conv]\nfilters=4\ncbn=1\n")
    before, x = net.own(0)["rolling_mean"].clone(), data()[0]
    ((_, y),) = net.outputs(x, Run(training=True, rolling_statistics=True))
    assert torch.equal(net.own(0)["rolling_mean"], before)
    assert torch.equal(y, net(x)[0])


def test_pjreddies_program_does_not_read_it() -> None:
    crossed, usual = (trained(o, "pjreddie") for o in ("batch_normalize=2", "batch_normalize=1"))
    assert torch.equal(crossed.own(0)["rolling_variance"], usual.own(0)["rolling_variance"])
    alexeyab = trained("batch_normalize=2").own(0)["rolling_variance"]
    assert not torch.equal(crossed.own(0)["rolling_variance"], alexeyab)
