"""Darknet's rows of labels, and the table of losses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from support.layer_check import net_section, read
from support.stand_in_device import stand_in_device, to_device
from torch import Tensor

from darknet_py.layers.dense import Connected
from darknet_py.layers.yolo import Yolo
from darknet_py.losses import LOSSES
from darknet_py.losses.classifier_loss import cost_loss, logistic_loss, softmax_loss
from darknet_py.losses.detection_loss import detection_loss
from darknet_py.losses.gaussian_yolo_loss import gaussian_yolo_loss
from darknet_py.losses.head_loss import LossInput, PendingLoss, loss_of, read_losses, read_targets
from darknet_py.losses.region_loss import region_loss
from darknet_py.losses.yolo_loss import yolo_loss
from darknet_py.network.graph import Graph


def rows(*images: list[tuple[float, ...]], size: int) -> Tensor:
    """(N, 4 * size): rows of x y w h class, padded with zeros."""
    array = torch.zeros(len(images), 4, size)
    for image, labels in enumerate(images):
        for number, label in enumerate(labels):
            array[image, number, : len(label)] = torch.tensor(label)
    return array.flatten(1)


@pytest.mark.parametrize("size", [5, 6])
def test_labels_end_at_the_first_x_of_0(size: int) -> None:
    one, two, lost = (0.5, 0.4, 0.3, 0.2, 7), (0.1, 0.2, 0.3, 0.4, 1), (0, 0.5, 0.1, 0.1, 2)
    targets = read_targets(rows([one, two], [one, lost, two], [], size=size), size)
    assert targets.boxes.shape == (3, 2, 4)
    assert targets.valid.tolist() == [[True, True], [True, False], [False, False]]
    assert targets.classes[targets.valid].tolist() == [7, 1, 7]
    torch.testing.assert_close(targets.boxes[0, 1], torch.tensor(two[:4]))


def test_a_batch_without_labels_keeps_one_row() -> None:
    targets = read_targets(rows([], [], size=5), 5)
    assert targets.boxes.shape == (2, 1, 4) and not targets.valid.any()


def test_each_kind_has_at_most_one_loss() -> None:
    kinds = "yolo Gaussian_yolo region detection softmax logistic cost"
    assert set(kinds.split()) <= {kind.KIND for kind in LOSSES}
    with pytest.raises(ValueError, match=r"\[yolo\] has two losses"):
        loss_of(Yolo)(LOSSES[Yolo])
    assert Connected not in LOSSES


ANCHORS = "classes=2\nnum=2\nanchors=1,1, 2,2\n"
CALLS: dict[str, Callable[[LossInput], PendingLoss]] = {
    f"[yolo]\n{ANCHORS}mask=0,1\n": lambda p: yolo_loss(
        p.layer, p.output, p.labels, p.net_size, p.fork
    ),
    f"[Gaussian_yolo]\n{ANCHORS}mask=0,1\n": lambda p: gaussian_yolo_loss(
        p.layer, p.output, p.labels, p.net_size, p.fork
    ),
    f"[region]\n{ANCHORS}softmax=1\n": lambda p: region_loss(
        p.layer, p.output, p.labels, p.net_size, p.fork, p.seen
    ),
    "[detection]\nclasses=2\ncoords=4\nnum=1\nside=2\nrescore=1\n": lambda p: detection_loss(
        p.layer, p.output, p.truth, p.fork, p.seen, torch.Generator().manual_seed(4)
    ),
    "[softmax]\n": lambda p: softmax_loss(p.layer, p.output, p.truth),
    "[logistic]\n": lambda p: logistic_loss(p.output, p.truth),
    "[cost]\n": lambda p: cost_loss(p.layer, p.input, p.truth, p.fork),
}
CHANNELS = {"[yolo]": 14, "[Gaussian_yolo]": 22, "[region]": 14, "[detection]": 7}


@pytest.mark.parametrize("section", CALLS, ids=lambda text: text.splitlines()[0])
@pytest.mark.parametrize("seen", [100, 100_000])
def test_what_a_kinds_loss_is_given(section: str, seen: int) -> None:
    """The layer's output or its input, its labels or the plain truth: as its formulas take them."""
    channels = CHANNELS.get(section.splitlines()[0], 5)
    graph = read(net_section(channels, 2, 2, "") + section)
    layer, fork = graph.nodes[-1].layer, graph.fork
    generator = torch.Generator().manual_seed(3)
    shape = (2, channels, 2, 2)
    source, output = (torch.rand(shape, generator=generator) for _ in range(2))
    if section.startswith("[detection]"):
        truth = torch.zeros(2, 4, 7)
        truth[:, 1] = torch.tensor([1, 0, 1, 0.7, 0.2, 0.3, 0.4])
    elif "classes" in section:
        label = (0.3, 0.4, 0.3, 0.2, 1)
        truth = rows([label], [label], size=fork.samples.truth_size)
    else:
        truth = torch.rand(shape, generator=generator)
    given = torch.Generator().manual_seed(4)
    p = LossInput(
        layer, source, output, truth.flatten(1), (64, 64), fork, seen, given, graph.context(0)
    )
    actual, expected = LOSSES[type(layer)](p).read(), CALLS[section](p).read()
    assert torch.equal(actual.delta, expected.delta) and actual.delta.any()
    assert (actual.cost, actual.metrics) == (expected.cost, expected.metrics)


def delta_of(graph: Graph, output: Tensor, truth: Tensor) -> Tensor:
    """What the last layer's loss gives for this output."""
    layer, context = graph.nodes[-1].layer, graph.context(len(graph.nodes) - 1)
    generator = torch.Generator()
    p = LossInput(layer, output, output, truth, (64, 64), graph.fork, 1, generator, context)
    return LOSSES[type(layer)](p).delta


@pytest.mark.parametrize(
    ("kind", "values", "raw"),
    [("yolo", (0.5, 0.5, 0, 0), 6), ("Gaussian_yolo", (0.5, 0.5, 0.5, 0.5, 0, 0.5, 0, 0.5), 10)],
)
@pytest.mark.parametrize(("thresh", "learns"), [(1.0, False), (0.99, True)])
def test_a_perfect_box_of_another_anchor_is_not_above_1(
    kind: str, values: tuple[float, ...], raw: int, thresh: float, learns: bool
) -> None:
    """truth_thresh=1, the default, is for no box at all: it has to be surpassed."""
    section = f"[{kind}]\nclasses=1\nnum=2\nmask=1\nanchors=16,16, 16,16\ntruth_thresh={thresh}\n"
    graph = read(net_section(raw, 2, 2) + section)
    output = torch.zeros(1, raw, 2, 2)
    output[0, : len(values), 0, 0] = torch.tensor(values)
    truth = rows([(0.25, 0.25, 0.25, 0.25, 0)], size=graph.fork.samples.truth_size)
    assert bool(delta_of(graph, output, truth)[0, :, 0, 0].any()) == learns


@pytest.mark.parametrize(
    ("kind", "values", "raw"),
    [("yolo", (0.5, 0.5, 0, 0), 6), ("Gaussian_yolo", (0.5, 0.5, 0.5, 0.5, 0, 0.5, 0, 0.5), 10)],
)
@pytest.mark.parametrize(("thresh", "ignored"), [(0.5, False), (0.49, True)])
def test_a_box_at_ignore_thresh_is_not_ignored(
    kind: str, values: tuple[float, ...], raw: int, thresh: float, ignored: bool
) -> None:
    """Half of the label is the box, which another anchor fits: its objectness has to fall."""
    section = f"[{kind}]\nclasses=1\nnum=2\nmask=1\nanchors=16,32, 16,16\nignore_thresh={thresh}\n"
    graph = read(net_section(raw, 2, 2) + section)
    output = torch.zeros(1, raw, 2, 2)
    score = len(values)
    output[0, :, 0, 0] = torch.tensor((*values, 0.75, 0.9))  # of a class as likely as it must be
    truth = rows([(0.25, 0.25, 0.25, 0.5, 0)], size=graph.fork.samples.truth_size)
    assert float(delta_of(graph, output, truth)[0, score, 0, 0]) == (0 if ignored else -0.75)


def test_the_numbers_of_all_losses_are_read_at_once() -> None:
    losses = [
        PendingLoss(
            torch.zeros(1),
            {name: torch.tensor(value) for name, value in sums.items()},
            lambda sums: (sum(sums.values()), dict(sums)),
        )
        for sums in ({"a": 1.5, "b": 2.0}, {}, {"b": 4.0})
    ]
    with stand_in_device() as log:
        there = [
            replace(loss, sums={name: to_device(one) for name, one in loss.sums.items()})
            for loss in losses
        ]
        counted = read_losses(there)
        assert log.waits.total() == 1
    assert [loss.cost for loss in counted] == [3.5, 0, 4]
    assert [loss.metrics for loss in counted] == [{"a": 1.5, "b": 2.0}, {}, {"b": 4.0}]
    assert counted == read_losses(losses)
    assert losses[0].read() == counted[0]
