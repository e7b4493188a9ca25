"""ema_alpha against a plain transcription of AlexeyAB's rule."""

from __future__ import annotations

import torch
from support.layer_check import network

from darknet_py.network.network import Network
from darknet_py.train.ema import WeightAverage

NET = """[net]
height=4
width=4
channels=1
max_batches={updates}
ema_alpha={alpha}
[convolutional]
batch_normalize=1
filters=2
size=1
activation=linear
[connected]
output=2
activation=linear
"""


def net_of(updates: int = 2010, alpha: float = 0.9) -> Network:
    return network(NET.format(updates=updates, alpha=alpha))


def shift(net: Network, amount: float) -> None:
    with torch.no_grad():
        for tensor in net.state_dict().values():
            tensor += amount


def test_averages_start_at_half_and_become_the_weights_1000_before_the_end() -> None:
    net = net_of()
    average, kernel = WeightAverage(net), net.own(0)["weights"]
    dense, mean = net.own(1)["weights"], net.own(0)["rolling_mean"]
    expected, first = None, float(mean[0])
    for update in range(1003, 1012):
        shift(net, 1.0)
        before = kernel.detach().clone()
        average.update(update - 1, update)
        if update < 1005:
            assert not average.averages
        elif update < 1010:
            expected = before if expected is None else 0.9 * expected + 0.1 * before
            torch.testing.assert_close(average.averages["0.weights"], expected)
            assert torch.equal(kernel, before)
        elif update == 1010:
            torch.testing.assert_close(kernel.detach(), expected)
        else:
            torch.testing.assert_close(kernel.detach(), before)
    assert set(average.averages) == {"0.biases", "0.scales", "0.weights"}
    torch.testing.assert_close(float(mean[0]), first + 9)
    assert not torch.equal(dense, kernel)


def test_without_ema_alpha_nothing_is_averaged() -> None:
    net = net_of(alpha=0)
    average = WeightAverage(net)
    average.update(1500, 1501)
    assert not average.averages


def test_steps_that_count_for_several_updates_do_not_miss_the_moment() -> None:
    net = net_of()
    average = WeightAverage(net)
    average.update(1004, 1008)
    shift(net, 5.0)
    average.update(1008, 1012)
    torch.testing.assert_close(net.own(0)["weights"].detach(), average.averages["0.weights"])


def test_in_place_gives_the_weights_back() -> None:
    net = net_of()
    average = WeightAverage(net)
    average.start()
    shift(net, 1.0)
    now = net.own(0)["weights"].detach().clone()
    with average.in_place():
        torch.testing.assert_close(net.own(0)["weights"].detach(), now - 1)
    assert torch.equal(net.own(0)["weights"], now)
