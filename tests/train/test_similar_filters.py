"""Which filters start again, and what of a layer is left as it is."""

from __future__ import annotations

import math

import pytest
import torch
from support.layer_check import network, read
from support.small_step import CONV, HEAD, NET, changed, data, weights

from darknet_py.network.network import Network
from darknet_py.train import Trainer
from darknet_py.train.similar_filters import is_due, layers_concerned, restart_similar_filters

BACKBONE = CONV * 5
OFTEN = NET.replace("max_batches=100", "max_batches=8\nweights_reject_freq=2")


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def along(net: Network, layer: int, directions: list[list[float]]) -> None:
    """Filters as rows of values, the rest of each 0."""
    kernels = net.own(layer)["weights"]
    rows = torch.zeros(len(kernels), kernels[0].numel())
    for row, values in zip(rows, directions, strict=True):
        row[: len(values)] = torch.tensor(values)
    kernels.data.copy_(rows.reshape(kernels.shape))


def orthogonal(net: Network, cosine: float = 0.9) -> None:
    """Filters of which no two are alike, but the second and the fourth of layer 1."""
    for layer in range(5):
        along(net, layer, [[2], [0, 2], [0, 0, 2], [0, 0, 0, 2]])
    across = math.sqrt(1 - cosine**2)
    along(net, 1, [[2], [0, 2], [0, 0, 2], [0, 3 * cosine, 0, 3 * across]])


def test_the_first_of_the_likest_two_starts_again() -> None:
    net = network(NET + BACKBONE + HEAD)
    orthogonal(net)
    before = weights(net)
    restart_similar_filters(net, generator())
    assert changed(before, net) == {f"layers.1.{name}" for name in ("weights", "biases", "scales")}
    own, kernels = net.layers[1].state_dict(), before["layers.1.weights"]
    assert torch.equal(own["weights"][[0, 2, 3]], kernels[[0, 2, 3]])
    # He's width for 3x3 filters over 4 channels, uniform around 0.
    drawn, width = own["weights"][1], math.sqrt(2 / 36)
    assert drawn.abs().max() <= width and drawn.std() == pytest.approx(width / 3**0.5, rel=0.15)
    assert (own["biases"][1], own["scales"][1]) == (0, 1)
    assert torch.equal(own["scales"][[0, 2, 3]], before["layers.1.scales"][[0, 2, 3]])


@pytest.mark.parametrize(("cosine", "starts"), [(0.41, True), (0.39, False), (-0.9, False)])
def test_how_like_is_too_like(cosine: float, starts: bool) -> None:
    net = network(NET + BACKBONE + HEAD)
    orthogonal(net, cosine)
    before = weights(net)
    restart_similar_filters(net, generator())
    assert bool(changed(before, net)) == starts


def test_a_filter_of_zeros_and_one_filter_alone_are_like_none() -> None:
    net = network(NET + CONV * 2 + CONV.replace("filters=4", "filters=1") + CONV * 2)
    for layer in (0, 1, 3, 4):
        along(net, layer, [[], [], [0, 0, 2], [0, 0, 0, 2]])
    before = weights(net)
    restart_similar_filters(net, generator())
    assert not changed(before, net)


@pytest.mark.parametrize(
    ("cfg", "expected"),
    [
        (CONV * 6 + HEAD, [1, 2, 3]),
        (CONV * 3 + "[maxpool]\nsize=2\n" + CONV, [1, 2, 4]),
        (CONV * 2 + CONV.replace("leaky", "linear") + CONV, [1, 3]),
        (
            CONV * 2
            + "[upsample]\n"
            + CONV * 4
            + HEAD.replace("14", "22").replace("[yolo]", "[Gaussian_yolo]"),
            [1, 3, 4, 5, 6],
        ),
    ],
)
def test_the_layers_concerned(cfg: str, expected: list[int]) -> None:
    assert list(layers_concerned(read(NET + cfg))) == expected


def test_what_is_held_stays() -> None:
    for held in ("before", "requires_grad"):
        net = network(NET + BACKBONE + HEAD)
        orthogonal(net)
        net.own(1)["weights"].requires_grad_(held != "requires_grad")
        before = weights(net)
        restart_similar_filters(net, generator(), 2 if held == "before" else 0)
        assert not changed(before, net), held


def test_when_it_happens() -> None:
    graph = read(OFTEN + CONV)
    assert [update for update in range(1, 9) if is_due(graph, update)] == [2, 4]
    assert not is_due(read(OFTEN + CONV, "pjreddie"), 2)
    assert not is_due(read(NET + CONV), 2)


def test_a_training_starts_them_again_after_its_update() -> None:
    """The same ones whenever it is done: what is random depends on the seed and the update."""
    nets = [network(OFTEN.replace("decay=0.1", "decay=0") + BACKBONE + HEAD) for _ in range(2)]
    for net in nets:
        trainer = Trainer(net)
        trainer.step(*data())
        orthogonal(net)
        net.own(1)["biases"].data.fill_(5)
        trainer.step(*data())
        assert (net.own(1)["biases"] == 0).tolist() == [False, True, False, False]
    assert not changed(weights(nets[0]), nets[1])
