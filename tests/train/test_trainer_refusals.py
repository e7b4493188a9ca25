"""A step that does not happen, or happens a second time, leaves no trace of the first try."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from support.layer_check import network
from support.small_step import CONV, HEAD, NET, changed, data, weights
from torch import Tensor

from darknet_py.errors import DarknetError
from darknet_py.train import Trainer
from darknet_py.train.loss_error import LossError

DROPOUT = "[dropout]\nprobability=.5\n"


def out_of_memory(trainer: Trainer, calls: set[int]) -> None:
    """These sub-batches, counted from 1, run out of memory when their forward pass is done."""
    learn, count = trainer._learn, iter(range(1, 100))

    def learnt(*arguments: Any) -> float:
        cost = learn(*arguments)
        if next(count) in calls:
            raise torch.OutOfMemoryError
        return cost

    trainer._learn = learnt  # type: ignore[method-assign]


@pytest.mark.parametrize("bad", [0, 3])
def test_a_refused_step_leaves_batch_statistics(bad: int) -> None:
    """bad: the image that is not finite, of the first or of the second sub-batch."""
    net = network(NET + CONV + HEAD)
    trainer = Trainer(net)
    trainer.step(*data())
    before, seen = weights(net), net.header.seen
    images, truth = data(seed=1)
    images[bad] = torch.nan
    with pytest.raises(LossError, match="iteration 2: the loss is nan"):
        trainer.step(images, truth)
    assert not changed(before, net)
    assert (trainer.batch, net.header.seen) == (1, seen)
    assert all(tensor.grad is None for tensor in net.parameters())


def test_a_repeated_step_is_as_if_it_had_been_the_first() -> None:
    nets = [network(NET + CONV + DROPOUT + HEAD) for _ in range(2)]
    repeated, plain = (Trainer(net, seed=3) for net in nets)
    out_of_memory(repeated, {2})
    plain.subdivisions = 4
    assert repeated.step(*data()) == plain.step(*data())
    assert repeated.subdivisions == 4
    assert not changed(weights(nets[0]), nets[1])


def test_a_step_that_cannot_be_halved_leaves_nothing() -> None:
    net = network(NET.replace("subdivisions=2", "subdivisions=4") + CONV + HEAD)
    before, trainer = weights(net), Trainer(net)
    out_of_memory(trainer, {3})
    with pytest.raises(DarknetError, match="out of memory with 1 inputs at once"):
        trainer.step(*data())
    assert not changed(before, net) and trainer.batch == 0


CLASSES = NET + CONV + "[avgpool]\n[softmax]\n"
WIDTHS = [
    (NET + CONV + HEAD, "alexeyab", 200 * 5 + 1, "a multiple of 6: x y w h class track of each"),
    (NET + CONV + HEAD, "alexeyab", 0, "a multiple of 6: x y w h class track of each box"),
    (NET + CONV + HEAD, "pjreddie", 200 * 6 + 1, "a multiple of 5: x y w h class of each box"),
    (CLASSES, "alexeyab", 3, "4, one for each output"),
    (CLASSES + "[cost]\n", "alexeyab", 8, "4, one for each output"),
    (
        NET + "[connected]\noutput=24\nactivation=linear\n[detection]\nclasses=2\ncoords=4\n"
        "num=1\nside=2\nsqrt=1\n",
        "alexeyab",
        29,
        "4 cells of 7 values",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("cfg", "fork", "width", "words"), WIDTHS)
def test_a_truth_of_the_wrong_width(cfg: str, fork: str, width: int, words: str) -> None:
    net = network(cfg.replace("output=24", "output=28"), fork)
    with pytest.raises(DarknetError, match=f"a truth of {width} values an image, expected {words}"):
        Trainer(net).step(data()[0], torch.zeros(4, width))


def test_fewer_boxes_than_the_most_are_a_truth_too() -> None:
    images, truth = data()
    nets = [network(NET + CONV + HEAD) for _ in range(2)]
    short: Tensor = truth.reshape(4, 200, 6)[:, :7].flatten(1)
    losses = [Trainer(net).step(images, t) for net, t in zip(nets, (truth, short), strict=True)]
    assert losses[0] == losses[1]
