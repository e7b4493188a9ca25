"""A training step on a device: how often the host waits and copies, and that the numbers stay."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from support.device_under_test import NAMES, DeviceUnderTest, device_under_test
from support.layer_check import network
from torch import Tensor

from darknet_py.layers.scores import ISEG_INSTANCES
from darknet_py.network.network import Network
from darknet_py.train import Trainer

pytestmark = pytest.mark.gpu

SIDE, IMAGES, SUBDIVISIONS = 8, 4, 2
NET = f"""[net]
batch={IMAGES}
subdivisions={SUBDIVISIONS}
width={SIDE}
height={SIDE}
channels=3
learning_rate=0.01
momentum=0.9
decay=0.1
max_batches=100
"""
TREE = [-1, -1, 0, 0, 1, 1]


@dataclass(frozen=True)
class Kind:
    """How a head is trained. head: its section, and what else the cfg ends with. conv: options of
    the first layer, and what follows it. channels: what the head reads. truth: the function that
    makes its truth. waits, uploads: the most of a sub-batch after the first step; images, and truth
    or what is made of it, are an upload each. seed: of the training."""

    head: str
    channels: int
    truth: str = "boxes"
    fork: str = "alexeyab"
    waits: int = 1
    uploads: int = 2
    net: str = ""
    conv: str = ""
    seed: int = 0


YOLO = "[yolo]\nclasses=3\nnum=2\nmask=0,1\nanchors=2,2, 4,4\n"
GAUSSIAN = YOLO.replace("yolo", "Gaussian_yolo")
REGION = "[region]\nclasses=6\nnum=2\nanchors=1,1, 3,3\n"
DETECTION = "[detection]\nclasses=2\ncoords=4\nnum=2\nside=2\nrescore=1\nsqrt=1\n"
SPREAD = "[connected]\noutput=48\nactivation=linear\n"
ADVERSARIAL = "adversarial_lr=50\nattention=1\n"
BOTH_MOVED = 9
"""The seed of a training in whose third step the images of both sub-batches are moved."""
SECOND = "[route]\nlayers=0\n[conv]\nfilters=16\nsize=1\nactivation=linear\n"

KINDS: dict[str, Kind] = {
    "yolo": Kind(YOLO, 16),
    "yolo of pjreddie": Kind(YOLO, 16, fork="pjreddie"),
    "yolo, ciou": Kind(YOLO + "iou_loss=ciou\niou_thresh=.2\nmax_delta=5\n", 16),
    "yolo, giou": Kind(YOLO + "iou_loss=giou\nfocal_loss=1\n", 16),
    "yolo, smooth": Kind(YOLO + "objectness_smooth=1\nlabel_smooth_eps=.1\n", 16),
    "yolo, rare classes": Kind(YOLO + "counters_per_class=10,20,1\ncls_normalizer=2\n", 16),
    "yolo, new_coords": Kind(YOLO + "new_coords=1\nscale_x_y=2\n", 16),
    # How many boxes surpass it nobody knows before.
    "yolo, truth_thresh": Kind(YOLO + "truth_thresh=.1\n", 16, waits=2),
    "two yolo": Kind(YOLO + SECOND + YOLO, 16, uploads=3),
    "yolo, adversarial": Kind(YOLO, 16, uploads=3, net=ADVERSARIAL, seed=BOTH_MOVED),
    "softmax, adversarial": Kind(
        "[avgpool]\n[softmax]\n", 5, "classes", uploads=3, net=ADVERSARIAL, seed=BOTH_MOVED
    ),
    "yolo, small deltas": Kind(YOLO, 16, net="equidistant_point=1\n"),
    "yolo, repaired": Kind(YOLO, 16, net="try_fix_nan=1\n"),
    "softmax, cropped": Kind(
        "[avgpool]\n[softmax]\n",
        5,
        "classes",
        uploads=3,
        conv="[conv]\nfilters=3\n[crop]\ncrop_height=6\ncrop_width=6\nangle=9\nsaturation=2\nshift=1\n",
    ),
    "yolo, adam": Kind(YOLO, 16, net="adam=1\n"),
    # The labels that layers see are an upload of their own; a generator of its own draws blocks.
    "yolo, shown labels": Kind(YOLO, 16, uploads=3, conv="cbn=1\nassisted_excitation=1\n"),
    "yolo, moved kernels": Kind(YOLO, 16, conv="sway=1\ngrad_centr=1\nreverse=.5\n"),
    "yolo, blocks": Kind(YOLO, 16, conv="cbn=1\n[dropout]\nprobability=0\ndropblock=1\n"),
    "Gaussian_yolo": Kind(GAUSSIAN, 24),
    "Gaussian_yolo, giou": Kind(GAUSSIAN + "iou_loss=giou\nyolo_point=left_top\n", 24),
    # Nor how many boxes learn a class because they are near a label.
    "Gaussian_yolo, smooth": Kind(GAUSSIAN + "objectness_smooth=1\n", 24, waits=2),
    "region": Kind(REGION + "softmax=1\nbias_match=1\n", 22),
    "region of pjreddie": Kind(REGION + "softmax=1\n", 22, fork="pjreddie"),
    "region, many classes": Kind(REGION + "rescore=1\n", 22),
    "region, classfix": Kind(REGION + "classfix=2\nthresh=.1\n", 22, waits=2),
    "region, tree": Kind(REGION + "tree=tree.txt\nclassfix=1\nthresh=.1\n", 22, "tree", waits=2),
    "region, tree of pjreddie": Kind(REGION + "tree=tree.txt\n", 22, "tree", fork="pjreddie"),
    "detection": Kind(SPREAD + DETECTION, 4, "cells"),
    "detection, drawn": Kind(SPREAD + DETECTION + "random=1\n", 4, "cells"),
    "detection, forced": Kind(SPREAD + DETECTION + "forced=1\n", 4, "cells"),
    "iseg": Kind("[iseg]\nclasses=3\nids=2\n", 5, "instances"),
    "contrastive": Kind(
        f"{YOLO}embedding_layer=-2\n[route]\nlayers=-3\n[contrastive]\nyolo_layer=-2\n",
        16,
        uploads=3,
    ),
    "contrastive, images": Kind("[avgpool]\n[contrastive]\nclasses=5\n", 5, "classes"),
    "softmax": Kind("[avgpool]\n[softmax]\n", 5, "classes"),
    "softmax, cost": Kind("[avgpool]\n[softmax]\nnoloss=1\n[cost]\n", 5, "classes"),
    "logistic": Kind("[avgpool]\n[logistic]\n", 5, "classes"),
    "cost": Kind("[avgpool]\n[cost]\ntype=sse\n", 5, "classes"),
    "cost, masked": Kind("[avgpool]\n[cost]\ntype=masked\nsmooth=.1\n", 5, "classes"),
    "cost, smooth": Kind("[avgpool]\n[cost]\ntype=smooth\nthresh=.1\n", 5, "classes"),
    "cost, seg": Kind("[avgpool]\n[cost]\ntype=seg\nnoobj=.5\n", 5, "classes"),
}


def boxes() -> Tensor:
    """Three labels an image, two of them in the same cell."""
    truth = torch.zeros(IMAGES, 200, 6)
    truth[:, :3, :4] = torch.rand(IMAGES, 3, 4) * 0.5 + 0.2
    truth[:, 1, :4] = truth[:, 0, :4]
    truth[:, :3, 4] = torch.randint(3, (IMAGES, 3)).float()
    return truth


def tree_boxes() -> Tensor:
    """The last image has a label that only tells a class."""
    truth = boxes()
    truth[-1, 2, :4] = 999999.0
    return truth


def cells() -> Tensor:
    truth = torch.zeros(IMAGES, 4, 7)
    truth[:, 1] = torch.tensor([1, 0, 1, 0.7, 0.2, 0.3, 0.4])
    truth[0, 2] = torch.tensor([1, 1, 0, 0.1, 0.9, 0.8, 0.1])
    return truth


def instances() -> Tensor:
    truth = torch.zeros(IMAGES, ISEG_INSTANCES, 1 + SIDE * SIDE)
    truth[:, 0, 0], truth[:, 1, 0], truth[:, 2:, 0] = 1, 2, -1
    truth[:, :2, 1:] = torch.rand(IMAGES, 2, SIDE * SIDE).round()
    return truth


def classes() -> Tensor:
    return torch.nn.functional.one_hot(torch.arange(IMAGES) % 5, 5).float()


TRUTHS = {
    "boxes": boxes,
    "tree": tree_boxes,
    "cells": cells,
    "instances": instances,
    "classes": classes,
}


def trained_network(kind: Kind, folder: Path) -> Network:
    """The same tensors each time."""
    (folder / "tree.txt").write_text("".join(f"n{i} {up}\n" for i, up in enumerate(TREE)))
    conv = "[conv]\nbatch_normalize=1\nfilters=4\nsize=3\npad=1\nactivation=leaky\n"
    last = f"[conv]\nfilters={kind.channels}\nsize=1\nactivation=linear\n"
    head = kind.head.replace("tree.txt", str(folder / "tree.txt"))
    return network(NET + kind.net + conv + kind.conv + last + head, kind.fork)


def trained(net: Network, kind: Kind) -> tuple[Trainer, Tensor, Tensor]:
    """After two steps, and what the third one is to learn."""
    torch.manual_seed(3)
    truth, trainer = TRUTHS[kind.truth]().flatten(1), Trainer(net, seed=kind.seed)
    images = torch.rand(3, IMAGES, 3, SIDE, SIDE)
    for some in images[:2]:
        trainer.step(some, truth)
    return trainer, images[2], truth


def require_same(net: Network, device: DeviceUnderTest, expected: Network) -> None:
    for name, tensor in net.state_dict().items():
        torch.testing.assert_close(
            device.values(tensor), expected.state_dict()[name], rtol=1e-4, atol=1e-5, msg=name
        )


QUICK = ("yolo", "yolo, shown labels", "yolo, adversarial", "Gaussian_yolo", "region")
QUICK += ("detection", "iseg", "softmax")
"""One of each head; `make parity` runs all."""
EACH = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in KINDS]


@pytest.mark.parametrize("device_name", NAMES)
@pytest.mark.parametrize("name", EACH)
def test_a_training_step(name: str, device_name: str, tmp_path: Path) -> None:
    kind, host = KINDS[name], trained_network(KINDS[name], tmp_path)
    trainer, images, truth = trained(host, kind)
    expected = trainer.step(images, truth)
    with device_under_test(device_name) as device:
        net = trained_network(kind, tmp_path).to(device.device)
        trainer, images, truth = trained(net, kind)
        with device.counted() as counted:
            loss = trainer.step(images, truth)
        require_same(net, device, host)
        assert (trainer.adversarial_view is not None) == bool(kind.seed)
    assert loss == pytest.approx(expected, rel=1e-4)
    assert counted.mixing == 0, counted.lines
    assert counted.waits <= SUBDIVISIONS * kind.waits, counted.lines
    assert counted.uploads <= SUBDIVISIONS * kind.uploads, counted.lines
    assert "(blocking)" not in counted.lines
