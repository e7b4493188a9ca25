"""`Trainer.step`: Darknet's update rule, freezing, and what a step leaves behind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from support.layer_check import network
from support.small_step import CONV, HEAD, NET, changed, data, gradients_of, weights
from torch import Tensor

from darknet_py.errors import DarknetError
from darknet_py.train import Trainer
from darknet_py.train.loss_error import LossError
from darknet_py.train.sub_batch import Moment


def test_the_loss_is_the_mean_over_heads_and_subdivisions() -> None:
    net = network(NET + CONV + HEAD + "[route]\nlayers=0\n" + HEAD)
    parts = []
    trainer = Trainer(net)
    learn = trainer._learn

    def spied(x: Tensor, truth: Tensor, moment: Moment) -> float:
        learn(x, truth, moment)
        parts.append([loss.cost for loss in trainer.losses.values()])
        return sum(parts[-1]) / 2

    trainer._learn = spied  # type: ignore[method-assign]
    loss = trainer.step(*data())
    assert np.shape(parts) == (2, 2)
    assert loss == pytest.approx(np.mean(parts))


def test_same_seed_same_weights() -> None:
    nets = [network(NET + CONV + "[dropout]\n" + HEAD) for _ in range(2)]
    for net in nets:
        torch.manual_seed(5)
        Trainer(net, seed=3).step(*data())
    assert not changed(weights(nets[0]), nets[1])


def test_seen_and_the_batch_number_go_on_from_the_weights_file() -> None:
    net = network(NET.replace("max", "burn_in=10\nmax") + CONV + HEAD)
    trainer = Trainer(net)
    trainer.step(*data())
    assert (net.header.seen, trainer.rate) == (4, pytest.approx(0.01 * 0.1**4))
    later = Trainer(net)
    later.step(*data())
    assert (net.header.seen, later.rate) == (8, pytest.approx(0.01 * 0.2**4))


def test_stopbackward_freezes_all_before_it_in_alexeyabs_program() -> None:
    cfg = NET + CONV + CONV + "stopbackward=1\n" + HEAD
    net = network(cfg)
    before = weights(net)
    Trainer(net).step(*data())
    # The layer itself gets no gradient, but moves by decay and statistics; the one before rests.
    assert not {name for name in changed(before, net) if name.startswith("layers.0.")}
    assert "layers.1.weights" in changed(before, net)
    assert "layers.1.biases" not in changed(before, net)
    assert "layers.2.biases" in changed(before, net)


def test_stopbackward_leaves_decay_and_statistics_in_pjreddies_program() -> None:
    net = network(NET + CONV + CONV + "stopbackward=1\n" + HEAD, fork="pjreddie")
    before, (images, truth) = weights(net), data()
    Trainer(net).step(images, truth.reshape(4, 200, 6)[:, :90, :5].flatten(1))
    moved = {name for name in changed(before, net) if name.startswith("layers.0.")}
    assert moved == {"layers.0.weights", "layers.0.rolling_mean", "layers.0.rolling_variance"}


@pytest.mark.parametrize(
    ("fork", "value", "moves"),
    [
        ("alexeyab", 2, [False, False, True, True]),
        ("alexeyab", 3, [False, False, False, True]),
        ("alexeyab", 1, [False, False, False, False]),
        ("alexeyab", -1, [True, True, True, True]),
        ("pjreddie", 2, [False, False, False, False]),
        ("pjreddie", -1, [False, False, False, False]),
    ],
)
def test_a_large_stopbackward_ends_when_so_many_updates_have_been_made(
    fork: str, value: int, moves: list[bool]
) -> None:
    """AlexeyAB's program compares it with the updates made before; pjreddie's with 0 alone."""
    cfg = NET.replace("decay=0.1", "decay=0") + CONV + CONV + f"stopbackward={value}\n" + HEAD
    net = network(cfg, fork)
    trainer, moved = Trainer(net), []
    images, truth = data()
    if fork == "pjreddie":
        truth = truth.reshape(4, 200, 6)[:, :90, :5].flatten(1)
    for _ in moves:
        before = weights(net)
        trainer.step(images, truth)
        moved.append("layers.0.biases" in changed(before, net))
    assert moved == moves


def test_stopbackward_counts_on_from_the_weights_file_and_by_updates_a_step() -> None:
    cfg = NET.replace("decay=0.1", "decay=0") + CONV + CONV + "stopbackward=3\n" + HEAD
    for seen, updates, moves in (
        (8, 1, [False, True]),
        (12, 1, [True]),
        (0, 2, [False, False, True]),
    ):
        net = network(cfg)
        net.header = replace(net.header, seen=seen)
        trainer, moved = Trainer(net, updates_per_step=updates), []
        for _ in moves:
            before = weights(net)
            trainer.step(*data())
            moved.append("layers.0.biases" in changed(before, net))
        assert moved == moves


SOFTMAX = "[avgpool]\n[softmax]\n"
REGION = "[conv]\nfilters=14\nsize=1\nactivation=linear\n[region]\nclasses=2\nnum=2\n"
REGION += "anchors=1,1, 3,3\n"


@pytest.mark.parametrize(
    ("head", "fork", "silent"),
    [
        (HEAD, "alexeyab", True),
        (HEAD, "pjreddie", True),
        (REGION, "alexeyab", True),
        (REGION, "pjreddie", True),
        (SOFTMAX, "alexeyab", True),
        (SOFTMAX, "pjreddie", False),
    ],
)
def test_a_head_with_onlyforward_teaches_nothing(head: str, fork: str, silent: bool) -> None:
    """Both programs read it for [yolo] and [region], AlexeyAB's for all kinds."""
    images, truth = data()
    truth = truth.reshape(4, 200, 6)
    if head == SOFTMAX:
        truth = torch.tensor([0.0, 1.0, 0.0, 0.0]).expand(4, 4)
    elif fork == "pjreddie":
        truth = truth[:, : 30 if head == REGION else 90, :5]
    for option, expected in (("onlyforward=0\n", False), ("onlyforward=1\n", silent)):
        net = network(NET.replace("decay=0.1", "decay=0") + CONV + head + option, fork)
        before = weights(net)
        Trainer(net).step(images, truth.flatten(1))
        assert ("layers.0.weights" not in changed(before, net)) == expected


def test_train_only_bn_moves_statistics_alone() -> None:
    net = network(NET + CONV + CONV + "train_only_bn=1\n" + HEAD)
    before = weights(net)
    Trainer(net).step(*data())
    moved = {name for name in changed(before, net) if name.startswith(("layers.0.", "layers.1."))}
    assert {name.split(".")[-1] for name in moved} == {"rolling_mean", "rolling_variance"}


def test_training_learns() -> None:
    net = network(NET.replace("decay=0.1", "decay=0") + CONV + HEAD)
    trainer = Trainer(net)
    losses = [trainer.step(*data()) for _ in range(60)]
    assert losses[-1] < 0.5 * losses[0]


def test_refusals() -> None:
    net = network(NET + CONV + HEAD)
    with pytest.raises(DarknetError, match="3 images and 3 truths, expected 4 of each"):
        Trainer(net).step(*data(3))
    with pytest.raises(DarknetError, match=r"no layer has a loss, it ends in \[convolutional\]"):
        Trainer(network(NET + CONV))
    with pytest.raises(DarknetError, match="folded in"):
        Trainer(net.for_inference())


def test_delta_normalizer_weighs_the_gradient_in_alexeyabs_program() -> None:
    plain, halved = (network(NET + CONV + HEAD + f"delta_normalizer={n}\n") for n in (1, 0.5))
    single, mixed = gradients_of(plain, *data()), gradients_of(halved, *data())
    for name, gradient in single.items():
        torch.testing.assert_close(mixed[name], 0.5 * gradient, atol=1e-5, rtol=1e-4)


def test_scoring_layers_hand_deltas_on_as_they_come() -> None:
    """[cost] behind [softmax]: both deltas reach the layer below unchanged, as in both programs."""
    classes = "[avgpool]\n[softmax]\n"
    shape = NET.replace("batch=4\nsubdivisions=2", "batch=1")
    with_cost, without_cost = (network(shape + CONV + classes + c) for c in ("[cost]\n", ""))
    x, truth = data(1)[0], torch.tensor([[0.0, 1.0, 0.0, 0.0]])
    both, one = gradients_of(with_cost, x, truth), gradients_of(without_cost, x, truth)
    for name, gradient in one.items():
        torch.testing.assert_close(both[name], 2 * gradient, atol=1e-5, rtol=1e-4)


def test_bytes_are_floats_times_255() -> None:
    images = (data()[0] * 255).round().to(torch.uint8)
    losses = [
        Trainer(network(NET + CONV + HEAD)).step(x, data()[1])
        for x in (images, images.float() / 255)
    ]
    assert losses[0] == losses[1]


def test_another_size_of_the_input_trains_the_same_tensors() -> None:
    net = network(NET + CONV + HEAD)
    trainer = Trainer(net)
    trainer.resize(16, 24)
    before = weights(net)
    images = torch.nn.functional.interpolate(data()[0], (24, 16))
    trainer.step(images, data()[1])
    assert changed(before, net) == set(before)
    assert trainer.losses[2].delta.shape == (2, 14, 24, 16)
    trainer.resize(8, 8)
    trainer.step(*data())
    assert trainer.losses[2].delta.shape == (2, 14, 8, 8)


def test_connected_layers_cannot_change_their_size() -> None:
    text = NET + "[connected]\noutput=4\nactivation=linear\n[softmax]\n"
    trainer = Trainer(network(text))
    with pytest.raises(DarknetError, match=r"the tensors of \[connected\] depend on the input's"):
        trainer.resize(16, 16)


def test_a_loss_that_is_not_finite_leaves_the_weights() -> None:
    net = network(NET + CONV + HEAD)
    trainer = Trainer(net)
    trainer.step(*data())
    before = {name: tensor.clone() for name, tensor in net.named_parameters()}
    images = data()[0]
    images[3, 0, 0, 0] = float("nan")
    with pytest.raises(LossError, match="iteration 2: the loss is nan, the largest delta nan in"):
        trainer.step(images, data()[1])
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.named_parameters())
    assert trainer.batch == 1


def test_watch_sees_each_sub_batch() -> None:
    seen: list[int] = []
    trainer = Trainer(network(NET + CONV + HEAD), watch=lambda losses: seen.extend(losses))
    trainer.step(*data())
    assert seen == [2, 2]


def test_randomness_depends_on_seed_and_step_alone() -> None:
    text = NET + CONV + "[dropout]\nprobability=.5\n" + HEAD
    losses = []
    for noise in range(2):
        torch.manual_seed(noise)
        trainer = Trainer(network(text), seed=3)
        losses.append([trainer.step(*data()) for _ in range(2)])
    assert losses[0] == losses[1]
    assert Trainer(network(text), seed=4).step(*data()) != losses[0][0]
    state = torch.get_rng_state()
    trainer.step(*data())
    assert torch.equal(torch.get_rng_state(), state)


def test_updates_per_step_counts_and_multiplies() -> None:
    trainer = Trainer(
        network(NET.replace("max", "burn_in=8\nmax") + CONV + HEAD), updates_per_step=4
    )
    trainer.step(*data())
    assert trainer.batch == 4
    assert trainer.rate == pytest.approx(4 * 0.01 * (4 / 8) ** 4)


def test_memory_that_cannot_be_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = Trainer(network(NET + CONV + HEAD))

    def fail(*_: object) -> float:
        raise torch.OutOfMemoryError("too much")

    monkeypatch.setattr(trainer, "_learn", fail)
    with pytest.raises(DarknetError, match="out of memory with 1 inputs at once"):
        trainer.step(*data())


def test_a_step_puts_networks_of_all_sizes_into_training() -> None:
    net = network(NET + CONV + HEAD)
    trainer = Trainer(net)
    trainer.resize(16, 16)
    net.eval(), trainer.resized.eval()
    images, truth = data()
    trainer.step(images.repeat(1, 1, 2, 2), truth)
    assert net.training and trainer.resized.training


@pytest.mark.parametrize(("precision", "rounds"), [("fp32", False), ("tf32", True)])
def test_how_a_gpu_computes_in_a_step(precision: str, rounds: bool) -> None:
    """cuDNN looks for its fastest algorithm; TensorFloat-32 is for who asks for it."""
    cudnn, matmul, seen = torch.backends.cudnn, torch.backends.cuda.matmul, []
    before = (cudnn.benchmark, cudnn.allow_tf32, matmul.allow_tf32)
    trainer = Trainer(network(NET + CONV + HEAD), precision=precision)
    trainer.watch = lambda _: seen.append((cudnn.benchmark, cudnn.allow_tf32, matmul.allow_tf32))
    trainer.step(*data())
    assert seen == [(True, rounds, rounds)] * 2
    assert (cudnn.benchmark, cudnn.allow_tf32, matmul.allow_tf32) == before


DYNAMIC = NET.replace("max_batches", "dynamic_minibatch=1\nmax_batches")


def doubled(part: Tensor) -> Tensor:
    """Each of the two sub-batches followed by itself."""
    return torch.cat([part[:2], part[:2], part[2:], part[2:]])


def test_a_larger_mini_batch_counts_as_the_usual_one() -> None:
    """The same images twice move the weights as they do once: sums, decay and divisor double."""
    once, twice = (network(DYNAMIC + CONV + HEAD) for _ in range(2))
    (images, truth), trainer = data(), Trainer(twice)
    assert trainer.step(doubled(images), doubled(truth)) == pytest.approx(
        2 * Trainer(once).step(images, truth), rel=1e-5
    )
    for name, tensor in once.state_dict().items():
        if "variance" not in name:  # which is taken over one value less
            torch.testing.assert_close(twice.state_dict()[name], tensor, msg=name)
    assert (trainer.taken, trainer.mini_batch, trainer.batch) == (8, 4, 1)
    assert twice.header.seen == once.header.seen == 4


def test_a_mini_batch_must_be_whole() -> None:
    trainer = Trainer(network(DYNAMIC + CONV + HEAD))
    with pytest.raises(DarknetError, match="3 images and 3 truths, expected a multiple of 2 of"):
        trainer.step(*data(3))
    pjreddie = Trainer(network(DYNAMIC + CONV + HEAD, fork="pjreddie"))
    with pytest.raises(DarknetError, match="8 images and 8 truths, expected 4 of each"):
        pjreddie.step(*data(8))


def test_a_large_mini_batch_is_parted_where_memory_ends() -> None:
    """10 images in 4 parts: 3, 3, 2, 2."""
    trainer = Trainer(network(DYNAMIC + CONV + HEAD))
    learn, sizes = trainer._learn, []

    def learnt(images: Tensor, truth: Tensor, moment: Moment) -> float:
        sizes.append((len(images), moment.seen))
        if len(images) > 4:
            raise torch.OutOfMemoryError
        return learn(images, truth, moment)

    trainer._learn = learnt  # type: ignore[method-assign]
    trainer.step(*data(10))
    assert sizes == [(5, 5), (3, 3), (3, 6), (2, 8), (2, 10)]


def test_a_loss_over_embeddings_reaches_its_own_layer_and_what_is_before_it() -> None:
    """layer 0 feeds the head (1, 2) and the embeddings (4), which the head never sees."""
    more = "[route]\nlayers=0\n[conv]\nfilters=6\nsize=1\nactivation=linear\n"
    more += "[contrastive]\nyolo_layer=2\n"
    cfg, (images, truth) = NET + CONV + HEAD + more, data()
    for tracked in (False, True):
        rows = truth.reshape(4, -1, 6).clone()
        rows[:, :2, 4] = 0
        rows[:, :2, 5] = torch.arange(2) if tracked else torch.arange(8).view(4, 2)
        updates = gradients_of(network(cfg), images, rows.flatten(1))
        # A box is alike to that of another image only with the same track.
        assert bool(updates["layers.4.weights"].any()) == tracked
        assert updates["layers.0.weights"].any()
