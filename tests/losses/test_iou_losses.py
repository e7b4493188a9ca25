"""IoU measures and Darknet's gradients of them against literal ones for single boxes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from support.loss_check import MEASURES as LITERAL
from support.loss_check import dx_iou

from darknet_py.boxes import MEASURES
from darknet_py.layers.yolo import Yolo
from darknet_py.losses.iou_losses import IOU_LOSSES, iou_gradient

KINDS = ["iou", "giou", "diou", "ciou"]


def boxes(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Pairs that meet, hold each other, lie apart, touch, or are the same."""
    generator = torch.Generator().manual_seed(seed)
    sides = 0.05 + torch.rand(60, 4, generator=generator) / 2
    pred, truth = torch.rand(60, 4, generator=generator), torch.rand(60, 4, generator=generator)
    pred[:, 2:], truth[:, 2:] = sides[:, :2], sides[:, 2:]
    pred[:10, :2] = truth[:10, :2]
    pred[10] = truth[10]
    pred[11], truth[11] = torch.tensor([0.25, 0.5, 0.5, 0.5]), torch.tensor([0.75, 0.5, 0.5, 0.5])
    return pred, truth


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [1, 2])
def test_measures(kind: str, seed: int) -> None:
    pred, truth = boxes(seed)
    both = zip(pred.tolist(), truth.tolist(), strict=True)
    expected = [LITERAL[kind](tuple(p), tuple(t)) for p, t in both]
    np.testing.assert_allclose(
        IOU_LOSSES[kind].measure(pred, truth), expected, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [1, 2])
def test_gradients(kind: str, seed: int) -> None:
    pred, truth = boxes(seed)
    gradient = IOU_LOSSES[kind].gradient(pred.double(), truth.double())
    both = zip(pred.tolist(), truth.tolist(), strict=True)
    expected = [dx_iou(tuple(p), tuple(t), kind) for p, t in both]
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-9)
    assert gradient.isfinite().all()


def test_gradient_of_size_is_twice_the_true_one() -> None:
    pred, truth = (part.double() for part in boxes(3))
    pred, truth = pred[:9], truth[:9]
    pred.requires_grad_()
    total = MEASURES["iou"](pred, truth).sum()
    (true,) = torch.autograd.grad(total, pred)
    gradient = iou_gradient(pred.detach(), truth)
    torch.testing.assert_close(gradient[:, 2:], 2 * true[:, 2:])
    torch.testing.assert_close(gradient[:, :2], true[:, :2])


def test_every_word_of_the_cfg_has_its_record() -> None:
    words = {field.name: field.metadata.get("words") for field in dataclasses.fields(Yolo)}
    assert words["iou_thresh_kind"] == tuple(MEASURES)
    assert words["iou_loss"] == ("mse", *IOU_LOSSES)
    assert {word: loss.measure for word, loss in IOU_LOSSES.items()} == MEASURES


def test_only_giou_shows_its_own_cost() -> None:
    shown = {word: loss.cost for word, loss in IOU_LOSSES.items()}
    others = dict.fromkeys(("iou", "diou", "ciou"), "mean_iou_loss")
    assert shown == {"giou": "giou_loss", **others}
