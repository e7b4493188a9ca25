"""try_fix_nan: what takes the place of values that are not finite, and that training goes on."""

from __future__ import annotations

import math

import pytest
import torch
from support.layer_check import network, read
from support.small_step import CONV, HEAD, NET, changed, data, gradients_of, weights
from torch import Tensor

from darknet_py.layers.base import Run
from darknet_py.network.network import Network
from darknet_py.train import Trainer
from darknet_py.train.loss_error import LossError
from darknet_py.train.nan_repair import repair, repair_tensors, repairs

NAN, INF = math.nan, math.inf
FIXING = NET.replace("max_batches", "try_fix_nan=1\nmax_batches")


def image(*values: float) -> Tensor:
    return torch.tensor(values).view(1, 2, 1, 2).requires_grad_()


@pytest.mark.parametrize(("scale", "limited"), [(1.0, [1, -0.25, 1, -1]), (8.0, [5, -0.25, 8, -7])])
def test_an_output_and_its_gradient(scale: float, limited: list[float]) -> None:
    """A delta, the negative gradient, that is no number is -1. All limits grow with the scale."""
    y = image(NAN, 2, INF, -INF)
    passed = repair(torch.tensor(scale)).output(y)
    torch.testing.assert_close(passed.flatten(), torch.tensor([1, 2, 1 / 3, 1 / 4]))
    passed.backward(torch.tensor([5, -0.25, NAN, -7]).view_as(y))
    assert y.grad is not None and y.grad.flatten().tolist() == limited


def test_the_index_is_that_of_a_c_array() -> None:
    """Whatever the order in memory; rounded as the precision has it."""
    y = torch.full((1, 2, 2, 2), NAN).to(memory_format=torch.channels_last)
    whole = repair(torch.tensor(1.0)).output(y)
    torch.testing.assert_close(whole.flatten(), 1 / torch.arange(1.0, 9.0))
    short = repair(torch.tensor(1.0)).output(y.bfloat16())
    assert short.dtype == torch.bfloat16 and short[0, 0, 1, 0] == torch.tensor(1 / 3).bfloat16()


def test_an_input_passes_finite_gradients_back() -> None:
    x = image(1, 2, INF, 4)
    passed = repair(torch.tensor(1.0)).input(x)
    assert passed.tolist() == x.tolist()
    passed.backward(torch.tensor([5.0, NAN, -INF, -7]).view_as(x))
    assert x.grad is not None and x.grad.flatten().tolist() == [5, 0, 0, -7]


def test_a_convolution_passes_nothing_back_that_is_not_finite() -> None:
    """Through a kernel of infinite values; without a repair it would pass 1 on as a limited NaN."""
    net = network(NET + "[conv]\nfilters=2\nactivation=linear\n" * 2)
    with torch.no_grad():
        net.own(1)["weights"].fill_(INF)
    run = Run(training=True, repair=repair(torch.tensor(1.0)))
    *_, (_, y) = net.outputs(torch.ones(1, 2, 8, 8), run)
    y.sum().backward()
    below, above = (net.own(layer)["biases"].grad for layer in (0, 1))
    assert below is not None and below.tolist() == [0, 0]
    assert above is not None and above.tolist() == [64, 64]


def test_a_heads_convolution_gets_limited_deltas() -> None:
    """Its biases' gradients against the sums of the heads' deltas, each between -1 and 1."""
    net = network(FIXING + CONV + HEAD + "delta_normalizer=9\n")
    sums = []
    trainer = Trainer(net)
    trainer.watch = lambda losses: sums.append(9 * losses[2].delta)
    trainer.optimizer.move = lambda *_: None  # type: ignore[method-assign]
    trainer.step(*data())
    assert max(float(delta.abs().max()) for delta in sums) > 2
    expected = sum(delta.clamp(-1, 1).sum((0, 2, 3)) for delta in sums)
    updates = {(state.index, state.name): state.update for state in trainer.optimizer.states}
    torch.testing.assert_close(updates[1, "biases"], expected)


def test_blurred_outputs_are_limited_before_and_after() -> None:
    """A blur of ones at stride 2: an output's gradient of 5 counts as 1 in each of its values."""
    net = network(NET + "[conv]\nfilters=1\nsize=1\nstride=2\nantialiasing=1\nactivation=linear\n")
    x = torch.ones(1, 2, 8, 8)
    gradients = []
    for factor in (1.0, 5.0):
        run = Run(training=True, repair=repair(torch.tensor(1.0)))
        (y,) = [y for _, y in net.outputs(x, run)]
        y.backward(torch.full_like(y, factor))
        bias = net.own(0)["biases"]
        assert bias.grad is not None
        gradients.append(bias.grad.clone())
        bias.grad = None
    assert gradients[0] == gradients[1] != 0


def test_a_pooled_blur_is_repaired() -> None:
    net = network(NET + "[maxpool]\nsize=2\nstride=2\nantialiasing=1\n")
    run = Run(training=True, repair=repair(torch.tensor(1.0)))
    ((_, y),) = net.outputs(torch.full((1, 2, 8, 8), INF), run)
    torch.testing.assert_close(y.flatten(), 1 / torch.arange(1.0, y.numel() + 1))


def spoilt() -> Network:
    net = network(FIXING + CONV + HEAD)
    with torch.no_grad():
        for tensor in net.state_dict().values():
            tensor.view(-1)[1] = NAN
    return net


def test_tensors_become_finite() -> None:
    """Kernels and those of a batch normalisation; other biases are left, as in the C code."""
    net = spoilt()
    for tensor in net.parameters():
        tensor.grad = torch.ones_like(tensor)
        tensor.grad.view(-1)[2] = INF
    repair_tensors(net)
    names = {f"layers.0.{k}" for k in ("biases", "scales", "rolling_mean", "rolling_variance")}
    names |= {"layers.0.weights", "layers.1.weights"}
    for name, tensor in net.state_dict().items():
        value = float(tensor.flatten()[1])
        assert value == 0.5 if name in names else math.isnan(value), name
    gradients = {name: float(t.grad.flatten()[2]) for name, t in net.named_parameters()}  # type: ignore[union-attr]
    assert gradients == {
        "layers.0.biases": pytest.approx(-1 / 3),
        "layers.0.scales": pytest.approx(-1 / 3),
        "layers.0.weights": 0,
        "layers.1.biases": INF,
        "layers.1.weights": 0,
    }


def test_gradients_can_be_left_to_who_looks_for_overflows() -> None:
    net = spoilt()
    weights = net.own(0)["weights"]
    weights.grad = torch.full_like(weights, NAN)
    repair_tensors(net, gradients=False)
    assert weights.grad.isnan().all() and weights.isfinite().all()


def test_a_training_goes_on() -> None:
    net = network(FIXING + CONV + HEAD)
    trainer, (images, truth) = Trainer(net), data()
    images[1, 0, 3, 3] = NAN
    assert math.isfinite(trainer.step(images, truth))
    assert all(tensor.isfinite().all() for tensor in net.state_dict().values())
    assert trainer.batch == 1
    with pytest.raises(LossError):
        Trainer(network(NET + CONV + HEAD)).step(images, truth)


def test_a_loss_that_is_not_finite_is_no_end() -> None:
    net = network(FIXING + CONV + HEAD)
    with torch.no_grad():
        net.own(1)["biases"][2] = 1e30
    before, trainer = weights(net), Trainer(net)
    assert trainer.step(*data()) == INF
    assert "layers.1.biases" in changed(before, net)
    assert all(tensor.isfinite().all() for tensor in net.state_dict().values())


def test_other_trainings_are_as_they_were() -> None:
    assert not repairs(read(FIXING + CONV, "pjreddie")) and not repairs(read(NET + CONV))
    plain, fixing = network(NET + CONV + HEAD), network(FIXING + CONV + HEAD)
    single, repaired = gradients_of(plain, *data()), gradients_of(fixing, *data())
    assert any(not torch.equal(single[name], repaired[name]) for name in single)


def test_parts_of_recurrent_layers_are_convolutions_too() -> None:
    layers = (
        "[crnn]\nhidden=2\noutput=3\nbatch_normalize=1\npad=1\n" + "[conv_lstm]\noutput=2\npad=1\n"
    )
    net = network(NET.replace("batch=4", "batch=4\ntime_steps=2") + layers)
    tensors = {name for name, t in net.state_dict().items() if name.endswith("weights")}
    with torch.no_grad():
        for name in tensors:
            net.state_dict()[name].fill_(NAN)
    run = Run(training=True, repair=repair(torch.tensor(1.0)))
    outputs = [y for _, y in net.outputs(torch.rand(4, 2, 8, 8), run)]
    assert all(y.isfinite().all() for y in outputs)
    repair_tensors(net)
    assert tensors and all(net.state_dict()[name].isfinite().all() for name in tensors)
