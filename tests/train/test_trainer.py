"""`Trainer.step`: Darknet's update rule, freezing, and what a step leaves behind."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from support.layer_check import network
from torch import Tensor

from darknet_py.errors import DarknetError
from darknet_py.network.network import Network
from darknet_py.train import Trainer
from darknet_py.train.optimizer import Optimizer, StepInfo
from darknet_py.train.trainer import LossError

NET = """[net]
batch=4
subdivisions=2
width=8
height=8
channels=2
learning_rate=0.01
momentum=0.9
decay=0.1
max_batches=100
"""
CONV = "[conv]\nbatch_normalize=1\nfilters=4\nsize=3\npad=1\nactivation=leaky\n"
HEAD = (
    "[conv]\nfilters=14\nsize=1\nactivation=linear\n"
    "[yolo]\nclasses=2\nnum=2\nmask=0,1\nanchors=2,2,4,4\n"
)


def data(images: int = 4, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Images with two labels each, in AlexeyAB's layout."""
    generator = torch.Generator().manual_seed(seed)
    truth = torch.zeros(images, 200, 6)
    truth[:, :2, :4] = torch.rand(images, 2, 4, generator=generator) * 0.5 + 0.2
    truth[:, :2, 4] = torch.randint(2, (images, 2), generator=generator).float()
    return torch.rand(images, 2, 8, 8, generator=generator), truth.flatten(1)


def weights(net: Network) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in net.state_dict().items()}


def changed(before: dict[str, Tensor], net: Network) -> set[str]:
    return {name for name, tensor in net.state_dict().items() if not before[name].equal(tensor)}


def test_a_step_is_darknets_sgd() -> None:
    """U += -decay * B * W; W += rate / B * U; U *= momentum; biases and scales without decay."""
    net = network(NET + CONV + HEAD)
    trainer = Trainer(net)
    velocity: dict[str, Tensor] = {}
    for seed in range(3):
        start = weights(net)
        gradients = gradients_of(net, *data(seed=seed))
        trainer.step(*data(seed=seed))
        for name, gradient in gradients.items():
            update = velocity.get(name, torch.zeros_like(gradient)) - gradient
            if name.endswith("weights"):
                update = update - 0.1 * 4 * start[name]
            expected = start[name] + 0.01 / 4 * update
            velocity[name] = 0.9 * update
            torch.testing.assert_close(net.state_dict()[name], expected, atol=1e-6, rtol=1e-5)


def gradients_of(net: Network, images: Tensor, truth: Tensor) -> dict[str, Tensor]:
    """The summed gradients of a step, taken on a copy that does not move."""
    twin = copy.deepcopy(net)
    trainer = Trainer(twin)
    trainer.optimizer.move = lambda *_: None  # type: ignore[method-assign]
    trainer.step(images, truth)
    names = {id(tensor): name for name, tensor in twin.named_parameters()}
    return {names[id(state.tensor)]: -state.update for state in trainer.optimizer.states}


def test_adam_is_that_of_the_gpu_path() -> None:
    """Moments of the summed update, decay on every tensor, correction by the batch's number."""
    net = network(
        NET.replace("decay=0.1", "decay=0.1\nadam=1\nB1=.8\nB2=.7\neps=.01") + CONV + HEAD
    )
    trainer = Trainer(net)
    start, gradients = weights(net), gradients_of(net, *data())
    trainer.step(*data())
    for name, gradient in gradients.items():
        change = -gradient - 0.1 * 4 * start[name]
        # After one step both corrections cancel the moments' factors.
        expected = start[name] + 0.01 * change / (change.abs() + 0.01)
        torch.testing.assert_close(net.state_dict()[name], expected, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize(("fork", "share"), [("alexeyab", 1 / 2), ("pjreddie", 1 / 1.1)])
def test_the_fork_says_what_adam_adds_to_the_spread(fork: str, share: float) -> None:
    """1e-6 and 1e-7; seen with an update of 1e-6, whose root of the second moment is as small."""
    net = network(NET.replace("decay=0.1", "decay=0\nadam=1") + CONV + HEAD, fork)
    start = weights(net)
    optimizer = Optimizer(net)
    for state in optimizer.states:
        state.update.fill_(1e-6)
    optimizer.move(StepInfo(rate=1.0, batch=1, images=4, freeze_before=0))
    for name, tensor in net.named_parameters():
        torch.testing.assert_close(tensor, start[name] + share, atol=1e-5, rtol=1e-4)


def test_the_loss_is_the_mean_over_heads_and_subdivisions() -> None:
    net = network(NET + CONV + HEAD + "[route]\nlayers=0\n" + HEAD)
    parts = []
    trainer = Trainer(net)
    learn = trainer._learn

    def spied(x: Tensor, truth: Tensor, seen: int) -> float:
        learn(x, truth, seen)
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


def test_a_large_stopbackward_ends_after_so_many_steps() -> None:
    net = network(NET.replace("decay=0.1", "decay=0") + CONV + CONV + "stopbackward=3\n" + HEAD)
    trainer = Trainer(net)
    moved = []
    for _ in range(4):
        before = weights(net)
        trainer.step(*data())
        moved.append("layers.0.biases" in changed(before, net))
    assert moved == [False, False, True, True]


def test_train_only_bn_moves_statistics_alone() -> None:
    net = network(NET + CONV + CONV + "train_only_bn=1\n" + HEAD)
    before = weights(net)
    Trainer(net).step(*data())
    moved = {name for name in changed(before, net) if name.startswith(("layers.0.", "layers.1."))}
    assert {name.split(".")[-1] for name in moved} == {"rolling_mean", "rolling_variance"}


@pytest.mark.parametrize(
    ("option", "moves"),
    [("dont_update=1", [False, True]), ("burnin_update=2", [False, True]), ("", [True, True])],
)
def test_updates_that_wait(option: str, moves: list[bool]) -> None:
    net = network(NET.replace("max", "burn_in=1\nmax") + CONV + f"{option}\n" + HEAD)
    trainer, seen = Trainer(net), []
    for _ in moves:
        before = weights(net)
        trainer.step(*data())
        seen.append("layers.0.biases" in changed(before, net))
    assert seen == moves


def test_learning_rate_of_a_layer_and_clip() -> None:
    slow = network(NET + CONV + "learning_rate=0\n" + HEAD)
    before = weights(slow)
    Trainer(slow).step(*data())
    assert "layers.0.biases" not in changed(before, slow)
    clipped = network(NET + CONV + "clip=0.05\n" + HEAD)
    Trainer(clipped).step(*data())
    assert float(clipped.state_dict()["layers.0.weights"].abs().max()) == pytest.approx(0.05)


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


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_mixed_precision_moves_the_weights_alike(precision: str) -> None:
    nets = [network(NET + CONV + HEAD) for _ in range(2)]
    start = weights(nets[0])
    single, mixed = Trainer(nets[0]), Trainer(nets[1], precision=precision)
    for seed in range(3):
        losses = [trainer.step(*data(seed=seed)) for trainer in (single, mixed)]
        assert losses[1] == pytest.approx(losses[0], rel=0.02)
    for name, tensor in nets[0].state_dict().items():
        moved = (tensor - start[name]).abs().max()
        assert (nets[1].state_dict()[name] - tensor).abs().max() <= 0.1 * moved
    assert all(tensor.dtype == torch.float32 for tensor in nets[1].parameters())


def test_fp16_gradients_that_overflow_move_nothing() -> None:
    net = network(NET + CONV + HEAD)
    trainer = Trainer(net, precision="fp16")
    trainer.amp.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**100)
    before = {name: tensor.clone() for name, tensor in net.named_parameters()}
    trainer.step(*data())
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.named_parameters())
    assert trainer.amp.scaler.get_scale() == 2.0**99


def test_an_unknown_precision() -> None:
    with pytest.raises(DarknetError, match="unknown precision 'fp61'.*did you mean 'fp16'"):
        Trainer(network(NET + CONV + HEAD), precision="fp61")


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


def test_sections_whose_loss_is_not_done() -> None:
    conv = "[conv]\nfilters=4\nsize=1\nactivation=linear\n[iseg]\nclasses=3\nids=1\n"
    with pytest.raises(DarknetError, match=r"\[iseg\]: its loss is not done here; the network can"):
        Trainer(network(NET + conv + CONV + HEAD))
