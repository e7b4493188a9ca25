"""assisted_excitation: where labels are, convolutions get a share of their channels' mean."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from support.layer_check import Array, close, network, read
from support.small_step import HEAD, NET, data
from torch import Tensor

from darknet_py.layers.excitation import excitation_factor, excited, labelled_area
from darknet_py.layers.net import Net
from darknet_py.layers.run import Progress
from darknet_py.train import Trainer


def labels() -> Tensor:
    """Three images: two boxes, one over the edge; one behind a label of x = 0; none."""
    boxes = torch.zeros(3, 4, 4)
    boxes[0, 0] = torch.tensor([0.3, 0.5, 0.2, 0.4])
    boxes[0, 1] = torch.tensor([0.95, 0.1, 0.3, 0.3])
    boxes[1, 1] = torch.tensor([0.5, 0.5, 0.5, 0.5])
    return boxes


def area(boxes: Array, height: int, width: int) -> Array:
    """A cell from (i, j) to (i + 1, j + 1) is in it where a box overlaps it."""
    found = np.zeros((len(boxes), 1, height, width))
    for n, i, j in np.ndindex(len(boxes), height, width):
        for x, y, w, h in boxes[n]:
            if not x:
                break
            across = (x - w / 2) * width < j + 1 and j < (x + w / 2) * width
            down = (y - h / 2) * height < i + 1 and i < (y + h / 2) * height
            found[n, 0, i, j] += across and down
    return found > 0


def progress(boxes: Tensor, completed: float = 0.0) -> Progress:
    return Progress(torch.tensor(completed), torch.tensor(1.0), boxes, {})


def options(burn_in: int = 0, max_batches: int = 100) -> Net:
    return read(
        f"[net]\nwidth=8\nheight=8\nchannels=1\nburn_in={burn_in}\nmax_batches={max_batches}\n[conv]\n"
    ).net


@pytest.mark.parametrize("size", [(9, 11), (1, 1), (29, 4)])
def test_the_cells_that_boxes_reach(size: tuple[int, int]) -> None:
    found = labelled_area(labels(), *size).numpy()
    assert np.array_equal(found, area(labels().double().numpy(), *size))
    assert found[0].any() and not found[1:].any()


def test_a_box_that_ends_on_a_border_of_cells_ends_there() -> None:
    """The C program's loop goes a column further."""
    box = torch.tensor([[[0.5, 0.5, 0.5, 0.25]]])
    rows, columns = labelled_area(box, 8, 8)[0, 0].nonzero().unbind(1)
    assert rows.unique().tolist() == [3, 4]
    assert columns.unique().tolist() == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("option", "completed", "expected"),
    [
        (1, 0, 1.0),
        (1, 25, (1 + math.cos(math.pi / 4)) / 2),
        (1, 50, 0.5),
        (1, 51, 0.0),
        (30, 9, 0.0),
        (30, 10, (1 + math.cos(math.pi / 4)) / 2),
        (30, 30, (1 + math.cos(math.pi * 3 / 4)) / 2),
        (30, 31, 0.0),
        (-3, 0, 0.0),
    ],
)
def test_the_factor_falls(option: int, completed: int, expected: float) -> None:
    net = options(burn_in=10 if option != 1 else 20)
    factor = excitation_factor(option, net, torch.tensor(float(completed)))
    assert factor.item() == pytest.approx(expected, abs=1e-6)


def test_a_training_without_an_end() -> None:
    net = options(max_batches=0)
    assert [excitation_factor(1, net, torch.tensor(n)).item() for n in (0.0, 1.0)] == [1.0, 0.0]


def test_the_mean_over_channels_is_added() -> None:
    y = torch.randn(3, 5, 9, 11, generator=torch.Generator().manual_seed(3))
    got = excited(y, 1, options(), progress(labels(), 25.0)).numpy()
    expected, factor = y.double().numpy().copy(), (1 + math.cos(math.pi / 4)) / 2
    marked = area(labels().double().numpy(), 9, 11)
    for n, i, j in np.ndindex(3, 9, 11):
        if marked[n, 0, i, j]:
            expected[n, :, i, j] += factor * sum(y[n, :, i, j].tolist()) / 5
    close(got, expected, 1e-6)


def test_its_gradient() -> None:
    """That of the forward pass, by finite differences."""
    y = torch.randn(3, 2, 4, 3, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(lambda v: excited(v, 1, options(), progress(labels())), [y])


def outputs_of_training(option: str, fork: str = "alexeyab", steps: int = 1) -> list[Tensor]:
    """What the first layer gives in each sub-batch of the last step."""
    conv = f"[conv]\nfilters=4\nsize=1\nactivation=linear\n{option}\n"
    net = network(NET.replace("0.01", "0") + conv + HEAD, fork)
    truth = data()[1].reshape(4, 200, 6)[..., : net.graph.fork.samples.truth_size].flatten(1)
    trainer, kept = Trainer(net), list[Tensor]()
    net.layers[0].register_forward_hook(lambda module, inputs, y: kept.append(y.detach().clone()))
    for _ in range(steps):
        trainer.step(data()[0], truth)
    return kept[-2:]


@pytest.mark.parametrize(("option", "period", "steps"), [(1, 100, 1), (1, 100, 12), (40, 40, 12)])
def test_training_shows_its_labels(option: int, period: int, steps: int) -> None:
    plain = torch.cat(outputs_of_training("")).double().numpy()
    shown = torch.cat(outputs_of_training(f"assisted_excitation={option}", steps=steps))
    boxes = data()[1].reshape(4, 200, 6)[..., :4].double().numpy()
    factor = (1 + math.cos(math.pi * (steps - 1) / period)) / 2
    added = factor * area(boxes, 8, 8) * plain.mean(axis=1, keepdims=True)
    assert np.abs(added).max() > 0.1
    close(shown.numpy(), plain + added, 1e-6)


def test_whole_numbers_alone_count() -> None:
    """The C program reads a number and keeps an integer."""
    plain, half = outputs_of_training(""), outputs_of_training("assisted_excitation=.9")
    assert torch.equal(torch.cat(plain), torch.cat(half))


def test_pjreddies_program_does_not_read_it() -> None:
    plain = outputs_of_training("", "pjreddie")
    shown = outputs_of_training("assisted_excitation=1", "pjreddie")
    assert torch.equal(torch.cat(plain), torch.cat(shown))


def test_a_classifier_has_no_boxes_to_show() -> None:
    cfg = "[conv]\nfilters=4\nassisted_excitation=1\n[avgpool]\n[softmax]\n"
    plain, shown = (network(NET + c) for c in (cfg.replace("=1", "=0"), cfg))
    truth = torch.eye(4)
    losses = [Trainer(net).step(data()[0], truth) for net in (plain, shown)]
    assert losses[0] == losses[1]
