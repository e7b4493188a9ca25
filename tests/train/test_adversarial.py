"""Self-adversarial training: when images move, where to, and what the pass before leaves."""

from __future__ import annotations

import copy
import random
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from support.layer_check import network
from support.small_step import CONV, HEAD, NET, changed, data, weights
from torch import Tensor, nn

from darknet_py.errors import DarknetError
from darknet_py.losses.head_loss import HeadLoss
from darknet_py.losses.iseg_loss import ISEG_INSTANCES
from darknet_py.network.network import Network
from darknet_py.train import Trainer
from darknet_py.train.adversarial import (
    AdversarialStep,
    AdversarialView,
    Ends,
    adversarial_step,
    moved_images,
)
from darknet_py.train.amp import Precision
from darknet_py.train.head_pass import HeadPass

DUE_SEED = 10
"""With it both sub-batches of the second update are due, and none of the first, where no image
moves yet."""
DROPOUT = "[dropout]\n"
SEEN = "attention=1\n"


def adversarial(rate: float, more: str = "") -> str:
    return f"{NET}adversarial_lr={rate}\n{more}"


def rates_of(trainer: Trainer, steps: int) -> list[list[float]]:
    """By what images are moved, step by step, in a training that is none."""
    rates: list[list[float]] = []
    trainer._pass.run = lambda *_: {0: HeadLoss(torch.zeros(1), 1.0, {})}  # type: ignore[method-assign]
    trainer.watch_adversarial = lambda rate: rates[-1].append(rate)
    for number in range(steps):
        rates.append([])
        trainer.step(*data(seed=number))
    return rates


def net_of(text: str, fork: str = "alexeyab") -> Network:
    return network(text + CONV + DROPOUT + HEAD, fork)


def test_half_of_all_sub_batches_are_due_and_the_rate_grows() -> None:
    net = net_of(adversarial(0.5, "burn_in=10\n")).graph
    rng = random.Random(1)
    assert [adversarial_step(net.net, net.fork, made, rng) for made in range(11)] == [None] * 11
    due = [adversarial_step(net.net, net.fork, 40, rng) for _ in range(400)]
    steps = [step for step in due if step]
    assert 160 < len(steps) < 240
    assert {step.rate for step in steps} == {0.5 * 40 / 100}
    assert len({step.seed for step in steps}) == len(steps)
    plain = net_of(NET).graph
    assert not any(adversarial_step(plain.net, plain.fork, 40, rng) for _ in range(20))


def test_pjreddies_program_does_not_read_it() -> None:
    net = net_of(adversarial(0.5), "pjreddie").graph
    assert not any(adversarial_step(net.net, net.fork, 40, random.Random(n)) for n in range(20))


def test_the_end_must_be_known() -> None:
    endless = adversarial(1).replace("max_batches=100", "max_batches=0")
    with pytest.raises(DarknetError, match=r"adversarial_lr: grows up to the end, and max_batches"):
        Trainer(net_of(endless))
    Trainer(net_of(endless, "pjreddie"))


def test_updates_of_several_devices_count() -> None:
    trainer = Trainer(net_of(adversarial(1)), updates_per_step=4)
    rates = rates_of(trainer, 6)
    made = [n * 4 / 100 for n, found in enumerate(rates) for _ in found]
    assert sum(rates, []) == pytest.approx(made) and len(made) > 2


def test_a_step_without_it_is_bit_for_bit_the_same() -> None:
    plain, ours = net_of(NET), net_of(adversarial(30))
    trainers = Trainer(plain), Trainer(ours)
    rates = rates_of(Trainer(net_of(adversarial(30))), 6)
    first = next(number for number, found in enumerate(rates) if found)
    assert first > 1
    for number in range(first):
        assert trainers[0].step(*data(seed=number)) == trainers[1].step(*data(seed=number))
        assert not changed(weights(plain), ours)
    for trainer in trainers:
        trainer.step(*data(seed=first))
    assert len(changed(weights(plain), ours)) > 5


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_the_first_pass_leaves_no_trace(precision: str) -> None:
    """Images that move by less than a float's last digit: all is as without, dropout included."""
    rolling = "equidistant_point=1\n"
    plain, ours = net_of(NET + rolling), net_of(adversarial(1e-30, SEEN + rolling))
    trainers = [Trainer(net, seed=DUE_SEED, precision=precision) for net in (plain, ours)]
    for number in range(4):
        losses = [trainer.step(*data(seed=number)) for trainer in trainers]
        assert losses[0] == losses[1]
    states = [trainer.rejection.state for trainer in trainers if trainer.rejection]
    assert states[0].any() and states[0].equal(states[1])
    view = trainers[1].adversarial_view
    assert view is not None and view.delta.any() and view.moved.equal(view.image)
    assert not changed(weights(plain), ours)
    assert all(tensor.requires_grad for tensor in ours.parameters())


def after_one(text: str, truth: Tensor, rate: float, **choices: Any) -> tuple[Trainer, Tensor]:
    """The trainer of a net of 8x8x2, in whose second step all images are due; and its images."""
    net = network(adversarial(rate, SEEN).replace("batch=4\nsubdivisions=2", "batch=4") + text)
    trainer = Trainer(net, seed=DUE_SEED, **choices)
    images = data(seed=5)[0]
    trainer.step(data()[0], truth)
    return trainer, images


def seen_by(trainer: Trainer, images: Tensor, truth: Tensor) -> AdversarialView:
    trainer.step(images, truth)
    view = trainer.adversarial_view
    assert view is not None and view.image.equal(images[0])
    return view


def delta_of_yolo(out: Tensor, anchors: list[float]) -> Tensor:
    """(14, 8, 8) of one image, whose 2 boxes a cell have 2 classes; box by box."""
    raw = out.unflatten(0, (2, 7)).double().numpy()
    delta = np.zeros_like(raw)
    for n, j, i in np.ndindex(2, 8, 8):
        box = raw[n, :, j, i].copy()
        box[[0, 1, 4, 5, 6]] = 1 / (1 + np.exp(-box[[0, 1, 4, 5, 6]]))
        w, h = np.exp(box[2]) * anchors[2 * n] / 8, np.exp(box[3]) * anchors[2 * n + 1] / 8
        d, scale = delta[n, :, j, i], np.sqrt(w * h)
        d[4] = -scale * box[4]
        found = box[5:] * box[4] > 0.25
        if found.any():
            d[:4] = -scale * box[:4]
            d[5:] = np.where(found, -scale * box[5:], scale * (1 - box[5:]))
    return torch.tensor(delta).flatten(0, 1)


def test_images_move_against_what_the_network_sees() -> None:
    """By hand: the rolling statistics fold into kernels, and deltas go back through these."""
    trainer, images = after_one(CONV + HEAD, data()[1], rate=20.0)
    net = copy.deepcopy(trainer.network).eval()
    view = seen_by(trainer, images, data()[1])
    first, last = net.own(0), net.own(1)
    factor = first["scales"] / torch.sqrt(first["rolling_variance"] + 1e-5)
    kernel = first["weights"] * factor[:, None, None, None]
    bias = first["biases"] - first["rolling_mean"] * factor
    with torch.no_grad():
        sums = F.conv2d(view.image[None], kernel, bias, padding=1)
        hidden = torch.where(sums > 0, sums, 0.1 * sums)
        out = F.conv2d(hidden, last["weights"], last["biases"])[0]
        delta = delta_of_yolo(out, [2, 2, 4, 4]).float()[None]
        back = F.conv_transpose2d(delta, last["weights"])
        back = back * torch.where(sums > 0, 1.0, 0.1)
        asked = F.conv_transpose2d(back, kernel, padding=1)[0]
    torch.testing.assert_close(view.delta, asked, rtol=1e-4, atol=1e-5)
    expected = (view.image + 20.0 * 1 / 100 * asked).clamp(0, 1)
    torch.testing.assert_close(view.moved, expected, rtol=1e-4, atol=1e-5)
    assert {0.0, 1.0} & set(view.moved.flatten().tolist())


CONVS = "[conv]\nbatch_normalize=1\nfilters=4\nsize=3\npad=1\nactivation=leaky\n"
CLASSIFIER = CONVS + "[conv]\nfilters=5\nsize=1\nactivation=linear\n[avgpool]\n"
ANSWERS = {
    "[softmax]\n": lambda out: -out.softmax(dim=1),
    "[cost]\ntype=sse\n": lambda out: -out,
    "[logistic]\n": lambda out: -out.sigmoid(),
}
"""What each asks of its input where the truth is 0."""


def classes() -> Tensor:
    return F.one_hot(torch.arange(4) % 5, 5).float()


@pytest.mark.parametrize("head", ANSWERS)
def test_classifiers_are_asked_for_no_class_at_all(head: str) -> None:
    trainer, images = after_one(CLASSIFIER + head, classes(), rate=1.0)
    net = copy.deepcopy(trainer.network).eval()
    view = seen_by(trainer, images, classes())
    x = view.image[None].clone().requires_grad_()
    out = F.adaptive_avg_pool2d(_before_pool(net, x), 1).flatten(1)
    (gradient,) = torch.autograd.grad(out, x, ANSWERS[head](out.detach()))
    torch.testing.assert_close(view.delta, gradient[0], rtol=1e-4, atol=1e-6)
    assert view.delta.any()


def _before_pool(net: Network, x: Tensor) -> Tensor:
    first, last = net.own(0), net.own(1)
    names = ("rolling_mean", "rolling_variance", "scales", "biases")
    sums = F.conv2d(x, first["weights"], padding=1)
    hidden = F.leaky_relu(F.batch_norm(sums, *(first[name] for name in names), eps=1e-5), 0.1)
    return F.conv2d(hidden, last["weights"], last["biases"])


def boxes() -> Tensor:
    return data()[1]


def cells() -> Tensor:
    truth = torch.zeros(4, 4, 7)
    truth[:, 1] = torch.tensor([1, 0, 1, 0.7, 0.2, 0.3, 0.4])
    return truth.flatten(1)


def instances() -> Tensor:
    truth = torch.zeros(4, ISEG_INSTANCES, 1 + 64)
    truth[:, 0, 0], truth[:, 1:, 0], truth[:, 0, 1:33] = 1, -1, 1
    return truth.flatten(1)


def last(channels: int) -> str:
    return f"{CONVS}[conv]\nfilters={channels}\nsize=1\nactivation=linear\n"


OBJECTNESS = {
    "yolo": (HEAD.split("\n[")[0] + "\n[" + HEAD.split("\n[")[1], boxes, [4, 11]),
    "region": (last(14) + "[region]\nclasses=2\nnum=2\nanchors=1,1, 3,3\n", boxes, [4, 11]),
    "Gaussian_yolo": (
        last(22) + "[Gaussian_yolo]\nclasses=2\nnum=2\nmask=0,1\nanchors=2,2, 4,4\n",
        boxes,
        [8, 19],
    ),
}


@pytest.mark.parametrize("name", OBJECTNESS)
def test_moved_images_have_fewer_objects(name: str) -> None:
    text, truth, channels = OBJECTNESS[name]
    trainer, images = after_one(text, truth(), rate=1.0)
    net = copy.deepcopy(trainer.network).eval()
    view = seen_by(trainer, images, truth())
    with torch.no_grad():
        before, after = (net(x[None])[0][0, channels] for x in (view.image, view.moved))
    assert (after.mean() < before.mean() - 1e-5).item()


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        (
            last(4) + "[connected]\noutput=48\nactivation=linear\n"
            "[detection]\nclasses=2\ncoords=4\nnum=2\nside=2\nrescore=1\nsqrt=1\n",
            cells,
        ),
        (last(5) + "[iseg]\nclasses=3\nids=2\n", instances),
    ],
    ids=["detection", "iseg"],
)
def test_other_heads_move_images_too(text: str, truth: Any) -> None:
    trainer, images = after_one(text, truth(), rate=50.0)
    view = seen_by(trainer, images, truth())
    assert np.isfinite(trainer.step(images, truth()))
    torch.testing.assert_close(view.moved, (view.image + 0.5 * view.delta).clamp(0, 1))
    assert view.delta.any()


def test_no_gradient_passes_stopbackward() -> None:
    trainer, images = after_one(CONV + CONV + "stopbackward=1\n" + HEAD, boxes(), rate=50.0)
    view = seen_by(trainer, images, boxes())
    assert not view.delta.any() and view.moved.equal(view.image)


def test_twins_of_contrastive_training_stay() -> None:
    learnt: list[Tensor] = []
    net = network(adversarial(50, "contrastive=1\n") + CONV + HEAD)
    trainer = Trainer(net, seed=DUE_SEED)
    trainer.step(*data())
    forward = trainer._pass.module.forward
    trainer._pass.module.forward = lambda x, *rest: (learnt.append(x), forward(x, *rest))[1]
    images = data(seed=5)[0]
    trainer.step(images, boxes())
    seen = [x for x in learnt if not x.requires_grad]
    assert len(seen) == 2 and len(learnt) == 4
    for given, x in zip(images.split(2), seen, strict=True):
        assert x[1].equal(given[1]) and not x[0].equal(given[0])


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_halves_move_images_alike(precision: str) -> None:
    """Whatever fp16 multiplies gradients with."""
    views = []
    for kind in ("fp32", precision):
        trainer, images = after_one("[conv]\nfilters=4\n" + HEAD, boxes(), 5.0, precision=kind)
        trainer.network.load_state_dict(network(NET + "[conv]\nfilters=4\n" + HEAD).state_dict())
        views.append(seen_by(trainer, images, boxes()))
    torch.testing.assert_close(views[0].delta, views[1].delta, rtol=0.05, atol=0.02)
    assert views[0].delta.abs().max() > 0.1


def test_gradients_that_fp16_cannot_hold_move_nothing() -> None:
    trainer, images = after_one("[conv]\nfilters=4\n" + HEAD, boxes(), 5.0, precision="fp16")
    trainer.amp.scaler._scale = torch.tensor(1e30)
    view = seen_by(trainer, images, boxes())
    assert view.moved.equal(view.image)


def test_a_later_start_moves_the_same_sub_batches() -> None:
    whole = rates_of(Trainer(net_of(adversarial(1)), seed=4), 8)
    net = net_of(adversarial(1))
    first = rates_of(Trainer(net, seed=4), 3)
    assert first + rates_of(Trainer(net, seed=4), 5) == whole
    assert rates_of(Trainer(net_of(adversarial(1)), seed=5), 8) != whole
    assert 3 < sum(map(len, whole)) < 13


@pytest.mark.slow
def test_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of its own, whose backward pass computes the gradient of the images alone."""

    def compile_quickly(head_pass: HeadPass, **options: bool) -> None:
        nn.Module.compile(head_pass, backend="aot_eager", **options)

    monkeypatch.setattr(HeadPass, "compile", compile_quickly)
    torch._dynamo.reset()
    views, after = [], []
    for compiled in (False, True):
        trainer, images = after_one(CONV + HEAD, boxes(), 5.0, compiled=compiled)
        views.append(seen_by(trainer, images, boxes()))
        after.append(weights(trainer.network))
    torch.testing.assert_close(views[0].moved, views[1].moved, rtol=1e-4, atol=1e-5)
    assert not views[0].moved.equal(views[0].image)
    for name, tensor in after[0].items():
        torch.testing.assert_close(after[1][name], tensor, rtol=1e-4, atol=1e-5, msg=name)


def test_dropout_of_the_pass_before_is_drawn_by_itself() -> None:
    net, drawn = network(NET + CONV + HEAD), list[Tensor]()

    def ends_of(x: Tensor) -> Ends:
        drawn.append(torch.rand(3))
        return [], []

    amp, x = Precision("fp32", torch.device("cpu")), torch.rand(2, 2, 8, 8)
    for seed in (5, 5, 6):
        moved_images(x, AdversarialStep(1.0, seed), net, amp, ends_of)
    assert drawn[0].equal(drawn[1]) and not drawn[0].equal(drawn[2])
