"""grad_centr, reverse and deformations of [convolutional]: a step against numpy, stage by stage."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from support.layer_check import network
from support.small_step import HEAD, NET, changed, data, weights

from darknet_py.errors import DarknetError
from darknet_py.network.network import Network
from darknet_py.train import Trainer
from darknet_py.train.optimizer import Optimizer, StepInfo

Array = NDArray[np.float32]
CONV = "[conv]\nbatch_normalize=1\nfilters=4\nsize=3\npad=1\nactivation=leaky\n"
WIDE = CONV.replace("filters=4", "filters=32") + CONV
"""The second one's filters have 32 * 9 weights, the first one's 2 * 9."""
ADAM = NET.replace("decay=0.1", "decay=0\nadam=1\neps=0")
RATE, DECAY, MOMENTUM, IMAGES = 0.5, 0.1, 0.9, 4


def kernels_of(net: Network, index: int = 0) -> Array:
    return net.state_dict()[f"layers.{index}.weights"].numpy().copy()


def moved(net: Network, updates: list[Array], index: int = 0, first: int = 1) -> list[Array]:
    """The kernels of a layer after each of some moves, whose gradients are -updates."""
    optimizer, seen = Optimizer(net), []
    state = next(s for s in optimizer.states if (s.index, s.name) == (index, "weights"))
    for batch, update in enumerate(updates, start=first):
        state.update += torch.from_numpy(update)
        optimizer.move(StepInfo(RATE, batch, IMAGES, freeze_before=0))
        seen.append(kernels_of(net, index))
    return seen


def some(net: Network, index: int = 0, count: int = 2) -> list[Array]:
    rng = np.random.default_rng(3)
    shape = kernels_of(net, index).shape
    return [rng.normal(0, 2, shape).astype(np.float32) for _ in range(count)]


@pytest.mark.parametrize(("index", "centred"), [(1, True), (0, False)])
def test_filters_of_a_multiple_of_32_weights_are_centred(index: int, centred: bool) -> None:
    net = network(NET + WIDE.replace("leaky", "leaky\ngrad_centr=1") + HEAD)
    updates, w, velocity = some(net, index), kernels_of(net, index), 0.0
    for update, result in zip(updates, moved(net, updates, index), strict=True):
        # What is left of the updates before, with their decay, is centred as well.
        velocity = velocity + update
        if centred:
            velocity = velocity - velocity.mean(axis=(1, 2, 3), keepdims=True)
        velocity = velocity - DECAY * IMAGES * w
        w = w + RATE / IMAGES * velocity
        velocity = MOMENTUM * velocity
        np.testing.assert_allclose(result, w, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "fork", "differs"),
    [
        ("", "alexeyab", True),
        ("", "pjreddie", False),
        ("\nbatch_normalize=0", "alexeyab", False),
    ],
)
def test_where_grad_centr_counts(options: str, fork: str, differs: bool) -> None:
    wide = WIDE.replace("batch_normalize=1\n", "" if options else "batch_normalize=1\n")
    nets = [
        network(NET + wide.replace("leaky", f"leaky{o}") + HEAD, fork)
        for o in ("", "\ngrad_centr=1")
    ]
    plain, centred = (moved(net, some(net, 1), 1) for net in nets)
    assert (np.abs(plain[0] - centred[0]).max() > 1e-3) == differs


def test_centring_comes_before_adam() -> None:
    net = network(ADAM + WIDE.replace("leaky", "leaky\ngrad_centr=1") + HEAD)
    (update,), w = some(net, 1, count=1), kernels_of(net, 1)
    (result,) = moved(net, [update], 1)
    centred = update - update.mean(axis=(1, 2, 3), keepdims=True)
    np.testing.assert_allclose(result - w, RATE * np.sign(centred), atol=1e-4)


def test_reverse_counts_an_update_as_a_power_of_its_size() -> None:
    net = network(NET + CONV + "reverse=-.5\n" + HEAD)
    updates, w, velocity = some(net), kernels_of(net), 0.0
    updates[0][0, 0, 0, 0] = 0.0  # counts as the largest positive one
    for update, result in zip(updates, moved(net, updates), strict=True):
        velocity = velocity + update
        signs = np.where(velocity < 0, -1, 1)
        w = w + RATE / IMAGES * (signs / np.sqrt(10 * np.abs(velocity) + 1) - DECAY * IMAGES * w)
        velocity = MOMENTUM * velocity  # its own, without powers and decay
        np.testing.assert_allclose(result, w, atol=1e-5)


def test_reverse_of_what_is_not_finite_is_nothing() -> None:
    net = network(NET.replace("decay=0.1", "decay=0") + CONV + "reverse=300\n" + HEAD)
    w, (update,) = kernels_of(net), some(net, count=1)
    (result,) = moved(net, [np.abs(update) + 1])
    np.testing.assert_array_equal(result, w)


@pytest.mark.parametrize(("net", "fork"), [("adam=1\n", "alexeyab"), ("", "pjreddie")])
def test_where_reverse_does_nothing(net: str, fork: str) -> None:
    nets = [network(NET + net + CONV + o + HEAD, fork) for o in ("", "reverse=-.5\n")]
    plain, reverse = (moved(n, some(n)) for n in nets)
    np.testing.assert_array_equal(plain, reverse)


def rotated(kernels: Array, back: bool) -> Array:
    """Eight kernels: two as they are, two each turned by a quarter, two quarters, three."""
    flat = kernels.reshape(8, 3, 3)
    turns = [(number // 2) * (1 if back else -1) for number in range(8)]
    return np.stack([np.rot90(k, t) for k, t in zip(flat, turns, strict=True)]).reshape(
        kernels.shape
    )


@pytest.mark.parametrize("adam", [False, True])
def test_a_step_of_rotated_kernels(adam: bool) -> None:
    """Turned back, averaged over the four stages, moved; then the first stage's, copied, turned.

    The updates stay averaged, and are turned back once more with the next step's, as on the GPU.
    """
    net = network((ADAM if adam else NET) + CONV + "rotate=1\n" + HEAD)
    updates, w, velocity = some(net, count=3), kernels_of(net), np.zeros((4, 2, 3, 3), np.float32)
    for number, result in enumerate(moved(net, updates if not adam else updates[:1])):
        velocity = rotated(velocity + updates[number], back=True)
        mean = velocity.reshape(4, 2, 3, 3).mean(axis=0)
        velocity = np.concatenate([mean] * 4).reshape(w.shape)
        if adam:
            w = w + RATE * np.sign(velocity)
        else:
            velocity = velocity - DECAY * IMAGES * w
            w = w + RATE / IMAGES * velocity
            velocity = MOMENTUM * velocity
        first = w.reshape(4, 2, 3, 3)[0]
        w = rotated(np.concatenate([first] * 4).reshape(w.shape), back=False)
        np.testing.assert_allclose(result, w, atol=1e-4 if adam else 2e-6)


@pytest.mark.parametrize("option", ["sway=1", "rotate=1", "stretch=1", "stretch_sway=1"])
def test_copies_part_in_the_second_half(option: str) -> None:
    """max_batches=100: until the 50th update kernels are deformed, then moved as they are."""
    for first, deformed in ((50, True), (51, False)):
        nets = [network(NET + CONV + o + HEAD) for o in (f"{option}\n", "")]
        own, plain = (moved(net, some(net, count=1), first=first)[0] for net in nets)
        assert (np.abs(own - plain).max() > 0.1) == deformed


def test_a_network_runs_by_its_weights_alone() -> None:
    """Deforming is between the steps: gradients, with native convolutions and with torch's, and the
    form for inference are those of a network without the word."""
    wide = CONV.replace("filters=4", "filters=16")
    nets = [network(NET + wide + wide + option + HEAD) for option in ("", "sway=1\n")]
    for exact in (False, True):
        one, other = (gradients(Trainer(net, exact=exact)) for net in nets)
        assert all(map(torch.equal, one, other))
    one, other = (net.eval().for_inference()(data()[0])[0] for net in nets)
    assert torch.equal(one, other)


def gradients(trainer: Trainer) -> list[torch.Tensor]:
    trainer.optimizer.move = lambda *_: None  # type: ignore[method-assign]
    trainer.step(*data())
    return [state.update.clone() for state in trainer.optimizer.states]


def test_after_a_step_all_that_runs_and_is_saved_is_deformed() -> None:
    net = network(NET + CONV + "rotate=1\n" + HEAD)
    before = weights(net)
    Trainer(net).step(*data())
    assert "layers.0.weights" in changed(before, net)
    kernels = kernels_of(net).reshape(4, 2, 3, 3)
    for turns in (1, 2, 3):
        np.testing.assert_allclose(kernels[turns], np.rot90(kernels[0], -turns, (1, 2)), atol=1e-6)


def test_kernels_that_make_no_stages_are_not_trained() -> None:
    net = network(NET + CONV.replace("filters=4", "filters=3") + "sway=1\n" + HEAD)
    message = r"net.cfg:\d+: \[conv\] sway: trains kernels in 4 stages, these are 6, no multiple; "
    with pytest.raises(DarknetError, match=message):
        Trainer(net)
    with pytest.raises(DarknetError, match="in 8 stages, these are 12"):
        Trainer(network(NET + CONV.replace("filters=4", "filters=6") + "stretch_sway=1\n" + HEAD))
    Trainer(network(NET + CONV.replace("filters=4", "filters=3") + "sway=1\n" + HEAD, "pjreddie"))
