"""Which embeddings [contrastive] compares: the samples of a batch, and the pairs of them.

All of it hangs on the labels alone and is worked out on the host.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from darknet_py.layers.yolo import Yolo
from darknet_py.losses.assignment import label_assignments, mapped_labels
from darknet_py.losses.head_loss import Targets, read_targets

Ints = NDArray[np.int64]
PAIR_IMAGES = 2
"""Images of one label where nothing else says which are alike: Darknet loads each image twice."""
TRACKED = 6
"""Values of a label with a track."""


@dataclass(frozen=True)
class Samples:
    """M embeddings in the order of their rows.

    rows: (M,) number among the N*A*H*W of the layer. labels: (M,) equal where embeddings shall be
    alike. classes: (M,) only those of one class are compared. images: (M,) the image of each.
    """

    rows: Ints
    labels: Ints
    classes: Ints
    images: Ints


@dataclass(frozen=True)
class Pairs:
    """(M, M): which samples are compared, which of these are alike, and how often each one of the
    others counts as unlike."""

    compared: NDArray[np.bool_]
    alike: NDArray[np.bool_]
    unlike: NDArray[np.float32]

    @property
    def same(self) -> NDArray[np.bool_]:
        return self.alike & self.compared


def object_samples(
    head: Yolo, truth: Tensor, out: torch.Size, net_size: tuple[int, int]
) -> Samples:
    """The boxes that answer for a label by its best anchor; their labels are the track numbers.

    truth: (N, truths) on the host, rows of x y w h class track. out: (N, A, H, W, E) of the layer.
    Of several labels of one box the last one counts.
    """
    targets = mapped_labels(head, read_targets(truth, TRACKED))
    most = targets.boxes.shape[1]
    tracks = truth.reshape(len(truth), -1, TRACKED)[:, :most, -1].long()
    number = torch.arange(tracks.numel(), device="cpu").view_as(tracks)
    numbered = Targets(targets.boxes, number, targets.valid & (tracks >= 0))
    found = label_assignments(replace(head, iou_thresh=1.0), numbered, out, net_size)
    rows, order = found.row[found.last].sort()
    which = found.classes[found.last][order]
    classes, labels = targets.classes.flatten()[which], tracks.flatten()[which]
    return Samples(rows.numpy(), labels.numpy(), classes.numpy(), (which // most).numpy())


def image_samples(
    truth: Tensor, out: torch.Size, threshold: float, alternating: bool = False
) -> Samples:
    """Every location of every image; its label is the image's last class above a threshold.

    truth: (N, classes) on the host. out: (N, A, H, W, E) of the layer. Images without such a class
    are alike by twos; alternating: every other one.
    """
    images, locations = len(truth), out[1] * out[2] * out[3]
    above = truth.flatten(1).numpy() > threshold
    last = above.shape[1] - 1 - above[:, ::-1].argmax(axis=1)
    number = np.arange(images)
    others = number % PAIR_IMAGES if alternating else number // PAIR_IMAGES
    labels = np.where(above.any(axis=1), last, others)
    image = np.arange(images).repeat(locations)
    return Samples(np.arange(len(image)), labels[image], np.zeros_like(image), image)


def object_pairs(samples: Samples, step_images: int, most_unlike: int) -> Pairs:
    """Of boxes; only the first `most_unlike` of the unlike ones that are met count.

    step_images: images of one time step; those of different steps are not compared.
    """
    compared, alike = _compared(samples, step_images), _alike(samples)
    unlike = np.zeros(alike.shape, np.float32)
    for sample in range(len(alike)):
        _count_unlike(samples, sample, compared[sample], most_unlike, unlike[sample])
    return Pairs(compared, alike, unlike)


def _count_unlike(
    samples: Samples,
    sample: int,
    compared: NDArray[np.bool_],
    most: int,
    counts: NDArray[np.float32],
) -> None:
    """As the C loops meet them: beside each sample that is alike all the unlike ones of its class.

    They also count those that cannot be compared, but only stop at one that can.
    """
    met, other = 0, samples.labels != samples.labels[sample]
    for like in np.flatnonzero(~other):
        if like == sample:
            continue
        beside = np.flatnonzero(other & (samples.classes == samples.classes[like]))
        usable = compared[beside]
        last = usable & (met + 1 + np.arange(len(beside)) >= most)
        if last.any():
            end = int(last.argmax()) + 1
            counts[beside[:end][usable[:end]]] += 1
            return
        counts[beside[usable]] += 1
        met += len(beside)


def image_pairs(samples: Samples, step_images: int) -> Pairs:
    """Of images; beside each one that is alike all others count as unlike, as in the C code.

    step_images: as in `object_pairs`.
    """
    compared, alike = _compared(samples, step_images), _alike(samples)
    unlike = np.where(compared, alike.sum(axis=1, keepdims=True) - alike, 0)
    return Pairs(compared, alike, unlike.astype(np.float32))


def _compared(samples: Samples, step_images: int) -> NDArray[np.bool_]:
    steps = samples.images // step_images
    pairs = (samples.classes[:, None] == samples.classes) & (steps[:, None] == steps)
    np.fill_diagonal(pairs, False)
    return pairs


def _alike(samples: Samples) -> NDArray[np.bool_]:
    pairs = samples.labels[:, None] == samples.labels
    np.fill_diagonal(pairs, False)
    return pairs
