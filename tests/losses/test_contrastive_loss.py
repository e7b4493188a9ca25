"""[contrastive] against loops over pairs, written out as the C program's functions go."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from support.layer_check import read

from darknet_py.errors import ShapeError
from darknet_py.losses import LOSSES, LossInput
from darknet_py.losses.contrastive_loss import probabilities
from darknet_py.losses.head_loss import WIDTHS, HeadLoss
from darknet_py.network.graph import Graph

Array = np.ndarray
HEAD = (
    "[conv]\nfilters=18\nactivation=linear\n"
    "[yolo]\nclasses=4\nnum=3\nmask=0,2\nanchors=6,8, 14,10, 20,24\n[route]\nlayers=-3\n"
)


def object_graph(options: str = "", net: str = "", fork: str = "alexeyab", head: str = "") -> Graph:
    """9 channels of 3 x 2 cells for embeddings of 4 and one channel left over."""
    cfg = f"[net]\nchannels=3\nheight=32\nwidth=48\n{net}\n[conv]\nfilters=9\nsize=16\nstride=16\n"
    yolo = HEAD.replace("[route]", f"{head}\n[route]")
    return read(f"{cfg}{yolo}[contrastive]\nyolo_layer=-2\n{options}\n", fork)


def image_graph(options: str = "", net: str = "", side: int = 1) -> Graph:
    cfg = f"[net]\nchannels=5\nheight={side}\nwidth={side}\n{net}\n"
    return read(f"{cfg}[contrastive]\nclasses=3\n{options}\n")


def loss(graph: Graph, x: torch.Tensor, truth: torch.Tensor, adversarial: bool = False) -> HeadLoss:
    index = len(graph.nodes) - 1
    layer, net = graph.nodes[index].layer, graph.net
    generator, ctx = torch.Generator(), graph.context(index)
    p = LossInput(layer, x, x, truth, (net.width, net.height), graph.fork, 1, generator, ctx)
    return LOSSES[type(layer)](replace(p, adversarial=adversarial)).read()


class Pair:
    """What a C program keeps of two samples."""

    def __init__(self, similarity: float, temperature: float) -> None:
        self.similarity = similarity
        self.exponential = math.exp(similarity / temperature)
        self.share = 0.0


def cosine(a: Array, b: Array) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def pairs_of(
    z: Array, classes: list[int], steps: list[int], temperature: float
) -> dict[tuple[int, int], Pair]:
    count = range(len(z))
    pairs = {
        (i, j): Pair(cosine(z[i], z[j]), temperature)
        for i in count
        for j in count
        if i != j and classes[i] == classes[j] and steps[i] == steps[j]
    }
    for (i, j), pair in pairs.items():
        rest = sum(p.exponential for (k, l), p in pairs.items() if k != i and l == j)  # noqa: E741
        pair.share = pair.exponential / rest if rest and pair.exponential <= rest else 0.9999
    return pairs


@dataclass(frozen=True)
class Loops:
    """most: of unlike boxes; None: the rule of images."""

    z: Array
    labels: list[int]
    classes: list[int]
    steps: list[int]
    temperature: float
    most: int | None = None

    def asked(self) -> Array:
        """(M, E) of each embedding."""
        z, asked = self.z, np.zeros_like(self.z)
        pairs = pairs_of(z, self.classes, self.steps, self.temperature)
        for i in range(len(z)):
            alike = [j for j in range(len(z)) if j != i and self.labels[j] == self.labels[i]]
            if not alike:
                continue
            scale = 1 / (len(alike) * self.temperature * np.linalg.norm(z[i]))
            for j in alike:
                if (i, j) in pairs:
                    pair = pairs[i, j]
                    asked[i] -= scale * (pair.similarity * z[i] - z[j]) * (1 - pair.share)
            for k in self.unlike_images(i, alike) if self.most is None else self.unlike(i, alike):
                if (i, k) in pairs:
                    pair = pairs[i, k]
                    asked[i] -= scale * (z[k] - pair.similarity * z[i]) * pair.share
        return asked

    def unlike(self, i: int, alike: list[int]) -> Iterator[int]:
        assert self.most is not None
        met = 0
        for j in alike:
            for k in range(len(self.labels)):
                if self.labels[k] != self.labels[i] and self.classes[k] == self.classes[j]:
                    met += 1
                    yield k
                    compared = self.classes[k] == self.classes[i] and self.steps[k] == self.steps[i]
                    if compared and met >= self.most:
                        return

    def unlike_images(self, i: int, alike: list[int]) -> Iterator[int]:
        for j in alike:
            yield from (k for k in range(len(self.labels)) if k not in (i, j))


# columns, rows, anchors: 6,8 is anchor 0, 20,24 anchor 1 of the head
SMALL, LARGE, OTHER = (6 / 48, 8 / 32), (20 / 48, 24 / 32), (14 / 48, 10 / 32)
LABELS = [
    # x, y, (w, h), class, track
    [(0.2, 0.3, SMALL, 1, 7), (0.2, 0.7, LARGE, 1, 8), (0.5, 0.3, LARGE, 2, 7)],
    [(0.9, 0.9, LARGE, 1, 7), (0.2, 0.3, SMALL, 1, 8), (0.5, 0.3, OTHER, 1, 7)],
    [(0.9, 0.2, SMALL, 1, 9), (0.9, 0.3, SMALL, 1, 8), (0.5, 0.9, LARGE, 2, 8)],
    [(0.1, 0.2, SMALL, 2, 7), (0.6, 0.3, SMALL, 9, 8), (0.5, 0.9, LARGE, 1, 7)],
]
"""OTHER is an anchor of another head; the second label of image 2 takes the place of its first; 9
is no class."""
ROWS = [(0, 0, 0, 0), (0, 1, 0, 1), (0, 1, 1, 0), (1, 0, 0, 0), (1, 1, 1, 2), (2, 0, 0, 2)]
ROWS += [(2, 1, 1, 1), (3, 0, 0, 0), (3, 1, 1, 1)]
"""Image, anchor, row and column of each sample, in the order of the layer's values."""
TRACKS = [7, 7, 8, 8, 7, 8, 8, 7, 7]
CLASSES = [1, 2, 1, 1, 1, 1, 2, 2, 1]


def object_truth() -> torch.Tensor:
    rows = torch.zeros(len(LABELS), 5, 6)
    for image, labels in zip(rows, LABELS, strict=True):
        for row, (x, y, size, number, track) in zip(image, labels, strict=False):
            row[:] = torch.tensor([x, y, *size, number, track])
    return rows.flatten(1)


def embeddings(shape: tuple[int, ...] = (4, 9, 2, 3), seed: int = 5) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def of_samples(x: torch.Tensor) -> Array:
    """(M, 4) of the samples of ROWS."""
    split = x[:, :8].unflatten(1, (2, 4)).double().numpy()
    return np.stack([split[n, a, :, row, column] for n, a, row, column in ROWS])


@pytest.mark.parametrize("most", [1, 3, 100])
@pytest.mark.parametrize(("net", "steps"), [("batch=4", 1), ("batch=2\ntime_steps=2", 2)])
def test_the_same_sums_box_by_box(most: int, net: str, steps: int) -> None:
    x = embeddings()
    options = f"contrastive_neg_max={most}\ntemperature=0.3\ncls_normalizer=0.5"
    found = loss(object_graph(options, net), x, object_truth())
    step = [image * steps // 4 for image, *_ in ROWS]
    expected = 0.5 * Loops(of_samples(x), TRACKS, CLASSES, step, 0.3, most).asked()
    np.testing.assert_allclose(of_samples(found.delta), expected, rtol=1e-4, atol=1e-5)
    assert found.cost == pytest.approx((expected**2).sum(), rel=1e-4)
    assert np.abs(expected).max() > 0.1 and expected.any(axis=1).sum() >= 7


def test_anchors_that_answer_by_iou_thresh_are_no_samples() -> None:
    graph = object_graph(head="iou_thresh=.01")
    assert graph.nodes[2].layer.iou_thresh == 0.01
    found, plain = (loss(g, embeddings(), object_truth()) for g in (graph, object_graph()))
    assert torch.equal(found.delta, plain.delta)


def test_nothing_is_asked_of_other_cells_and_channels() -> None:
    delta = loss(object_graph(), embeddings(), object_truth()).delta.clone()
    for image, anchor, row, column in ROWS:
        delta[image, 4 * anchor : 4 * anchor + 4, row, column] = 0
    assert not delta.any()


def test_the_delta_is_limited_after_it_is_weighed() -> None:
    free = loss(object_graph("cls_normalizer=3"), embeddings(), object_truth()).delta
    kept = loss(object_graph("cls_normalizer=3\nmax_delta=0.2"), embeddings(), object_truth()).delta
    assert float(free.abs().max()) > 0.3
    assert torch.equal(kept, free.clamp(-0.2, 0.2))


@pytest.mark.parametrize(("net", "steps"), [("batch=6", 1), ("batch=3\ntime_steps=2", 2)])
@pytest.mark.parametrize("side", [1, 2])
def test_the_same_sums_image_by_image(net: str, steps: int, side: int) -> None:
    x = embeddings((6, 5, side, side))
    truth = torch.tensor([[1, 0, 0], [1, 0, 0], [0, 0, 1], [0, 1, 1], [0, 1, 0], [0, 0, 0.1]])
    found = loss(image_graph("temperature=0.5", f"{net}\nlabel_smooth_eps=.1", side), x, truth)
    # The last image has no class above label_smooth_eps and is of the third pair.
    labels = np.array([0, 0, 2, 2, 1, 2]).repeat(side * side).tolist()
    image = np.arange(6).repeat(side * side)
    z = x.flatten(2).permute(0, 2, 1).flatten(0, 1).double().numpy()
    expected = Loops(z, labels, [0] * len(z), (image * steps // 6).tolist(), 0.5).asked()
    delta = found.delta.flatten(2).permute(0, 2, 1).flatten(0, 1)
    np.testing.assert_allclose(delta, expected, rtol=1e-4, atol=1e-5)
    assert np.abs(expected).max() > 0.1


def test_images_without_a_class_are_alike_by_twos() -> None:
    x = embeddings((4, 5, 1, 1))
    found = loss(image_graph(), x, torch.zeros(4, 3)).delta
    named = torch.tensor([[1.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0]])
    assert torch.equal(found, loss(image_graph(), x, named).delta) and found.any()


def test_images_that_are_moved_are_taken_for_anything_but_their_twins() -> None:
    x = embeddings((4, 5, 1, 1))
    found = loss(image_graph(), x, torch.zeros(4, 3), adversarial=True).delta
    named = torch.tensor([[1.0, 0, 0], [0, 1, 0], [1, 0, 0], [0, 1, 0]])
    assert torch.equal(found, loss(image_graph(), x, named).delta) and found.any()


def test_two_alike_embeddings_alone_have_come_together() -> None:
    """Nothing is compared with them, so that their probability is .9999."""
    truth = torch.tensor([[1.0, 0, 0], [1, 0, 0]])
    x = torch.tensor([[1.0, 0, 0, 0, 0], [0, 2, 0, 0, 0]])[:, :, None, None]
    delta = loss(image_graph(), x, truth).delta[:, :, 0, 0]
    expected = [[0, 2e-4, 0, 0, 0], [0.5e-4, 0, 0, 0, 0]]
    np.testing.assert_allclose(delta, expected, rtol=1e-3)


def test_an_embedding_of_length_0_learns_nothing() -> None:
    x = embeddings((4, 5, 1, 1))
    x[1] = 0
    found = loss(image_graph(), x, torch.tensor([[1.0, 0, 0]] * 2 + [[0, 1, 0]] * 2))
    assert torch.isfinite(found.delta).all() and not found.delta[1].any() and found.delta[0].any()


def test_without_samples_there_is_nothing_to_learn() -> None:
    found = loss(object_graph(), embeddings(), torch.zeros(4, 30))
    assert not found.delta.any() and found.cost == 0
    assert found.metrics == {"accuracy": -1, "all": 0, "good": 0}


def test_how_many_are_most_similar_to_one_that_is_alike() -> None:
    directions = torch.tensor([0.0, 0.3, 0.5, 2.0, 4.5])
    x = torch.stack([directions.cos(), directions.sin()], 1)[:, :, None, None]
    x = torch.cat([x, torch.zeros(5, 3, 1, 1)], dim=1)
    truth = torch.tensor([[1.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]])
    found = loss(image_graph(), x, truth)
    # Nearer to 0 than 2 is 1; to 1 nearer than 0 is 2; to 2 nearer than 3 is 1; to 3 nearer than 4
    # is 2; 4 has nothing alike.
    assert found.metrics == {"accuracy": 50, "all": 4, "good": 2}


def test_low_temperatures_do_not_overflow() -> None:
    similarity = torch.tensor([[1.0, 0.9, 0.89], [0.9, 1.0, 0.5], [0.89, 0.5, 1.0]])
    compared = ~torch.eye(3, dtype=torch.bool)
    share = probabilities(similarity, compared, 0.01)
    # e^((.89 - .9) / .01) of the only other pair of the second sample; where that is less, .9999.
    assert float(share[2, 0]) == pytest.approx(math.exp(-1), rel=1e-4)
    assert float(share[0, 1]) == pytest.approx(0.9999)


def test_labels_without_tracks_are_refused() -> None:
    with pytest.raises(ShapeError, match="have no track, by which boxes are told apart"):
        loss(object_graph(fork="pjreddie"), embeddings(), torch.zeros(4, 30))


def test_widths_of_the_truth() -> None:
    for graph, values in ((object_graph(), 6), (image_graph(), 3)):
        node = graph.nodes[-1]
        assert WIDTHS[type(node.layer)](node, graph.fork).values == values
