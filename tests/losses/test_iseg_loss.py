"""[iseg]: against the same sums pixel by pixel, and what it does with odd truths."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from support.layer_check import read

from darknet_py.errors import ShapeError
from darknet_py.layers.scores import Iseg
from darknet_py.losses.iseg_loss import iseg_loss, read_instances

W, H = 3, 2
ROW = 1 + W * H


def layer(classes: int = 2, ids: int = 3) -> Iseg:
    cfg = f"[net]\nchannels={classes + ids}\nheight={H}\nwidth={W}\n"
    iseg = read(f"{cfg}[iseg]\nclasses={classes}\nids={ids}\n").nodes[0].layer
    assert isinstance(iseg, Iseg)
    return iseg


def truth_of(*images: list[tuple[float, list[float]]]) -> torch.Tensor:
    truth = torch.zeros(len(images), 90, ROW)
    for image, rows in zip(truth, images, strict=True):
        for row, (number, mask) in zip(image, rows, strict=False):
            row[:] = torch.tensor([number, *mask])
        image[len(rows) :, 0] = -1
    return truth.flatten(1)


def pixel_by_pixel(
    out: np.ndarray, classes: int, objects: list[tuple[int, list[float]]]
) -> np.ndarray:
    """The delta of one image (C, W*H), in the order in which the text describes it."""
    delta = np.vstack([-out[:classes], -0.1 * out[classes:]])
    means = []
    for number, mask in objects:
        inside = np.flatnonzero(mask)
        delta[number, inside] = np.array(mask)[inside] - out[number, inside]
        means.append(out[classes:, inside].mean(axis=1) if len(inside) else None)
    for one, (_, mask) in enumerate(objects):
        for pixel in np.flatnonzero(mask):
            for other, mean in enumerate(means):
                if mean is not None:
                    towards = np.where(mean - out[classes:, pixel] < 0, -0.1, 0.1)
                    delta[classes:, pixel] += towards if other == one else -towards
    delta[classes:] *= 0.01
    return delta


OBJECTS = [
    [(0, [0, 1, 0.5, 0, 0, 0]), (1, [0, 0, 0, 1, 1, 0]), (1, [0.25, 0, 0, 0, 0.5, 1])],
    [(1, [0, 0, 0, 0, 0, 0]), (0, [1, 1, 1, 0, 0, 0])],
]


@pytest.mark.parametrize("ids", [0, 1, 3])
def test_the_same_sums_pixel_by_pixel(ids: int) -> None:
    out = torch.rand(2, 2 + ids, H, W, generator=torch.Generator().manual_seed(7))
    loss = iseg_loss(layer(ids=ids), out, truth_of(*OBJECTS)).read()
    expected = np.stack(
        [
            pixel_by_pixel(one.flatten(1).double().numpy(), 2, objects)
            for one, objects in zip(out, OBJECTS, strict=True)
        ]
    )
    np.testing.assert_allclose(loss.delta.flatten(2), expected, atol=1e-6)
    assert loss.cost == pytest.approx((expected**2).sum(), rel=1e-5)


def test_without_objects_all_goes_to_0() -> None:
    out = torch.full((1, 5, H, W), 0.5)
    delta = iseg_loss(layer(), out, truth_of([])).delta
    assert torch.equal(delta[:, :2], torch.full((1, 2, H, W), -0.5))
    torch.testing.assert_close(delta[:, 2:], torch.full((1, 3, H, W), -0.0005))


def test_rows_end_at_the_first_class_below_0() -> None:
    truth = truth_of([(1, [1.0] * 6), (-1, [1.0] * 6), (0, [1.0] * 6)])
    assert read_instances(truth).classes.tolist() == [[1]]
    many = truth_of([(n % 2, [1.0] * 6) for n in range(90)])
    assert read_instances(many).classes.shape == (1, 90)


def test_a_class_is_cut_to_a_whole_number() -> None:
    truth = truth_of([(1.9, [1.0] * 6), (-0.5, [1.0] * 6)])
    assert read_instances(truth).classes.tolist() == [[1, 0]]


def test_a_class_that_is_not_there() -> None:
    with pytest.raises(ShapeError, match=r"\[iseg\] classes: a truth of class 2, there are 2"):
        iseg_loss(layer(), torch.zeros(1, 5, H, W), truth_of([(2, [1.0] * 6)]))
