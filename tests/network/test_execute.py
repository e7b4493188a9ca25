"""The executor: what each call gets, when outputs are let go, and what a layer's module holds."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence

import pytest
import torch
from support.layer_check import network, random_input, read
from torch import Tensor, nn

from darknet_py.errors import DarknetError
from darknet_py.layers.base import Run
from darknet_py.network.execute import LayerModule, execute, execute_heads, layer_calls
from darknet_py.train.optimizer import Optimizer

NET = "[net]\nchannels=3\nheight=8\nwidth=6\n"
CONV = "[conv]\nfilters=3\nsize=3\npad=1\nbatch_normalize=1\nactivation=leaky\n"
JOINED = NET + CONV * 3 + "[shortcut]\nfrom=0\n[route]\nlayers=-1,1\n"


def adding(number: int) -> Callable[[Sequence[Tensor]], Tensor]:
    return lambda inputs: torch.stack(list(inputs)).sum(dim=0) + number


def test_steps_say_what_is_read_and_what_may_go() -> None:
    steps = read(JOINED).steps
    assert [step.inputs for step in steps] == [(-1,), (0,), (1,), (2, 0), (3, 1)]
    released = [set(step.release_after) for step in steps]
    assert released == [{-1}, set(), set(), {0, 2}, {1, 3, 4}]
    assert [step.owner for step in steps] == [0, 1, 2, 3, 4]


def test_a_shared_layer_names_the_owner_of_its_tensors() -> None:
    steps = read(NET + CONV + CONV.replace("size=3", "size=3\nshare_index=0")).steps
    assert [step.owner for step in steps] == [0, 0]


def test_every_call_gets_the_outputs_its_layer_reads() -> None:
    steps, x = read(JOINED).steps, torch.zeros(2)
    calls = [adding(10**index) for index in range(5)]
    actual = {index: y[0].item() for index, y in execute(steps, calls, x)}
    assert actual == {0: 1, 1: 11, 2: 111, 3: 1112, 4: 11123}
    heads = execute_heads(steps, calls, x, [4, 1])
    assert [y[0].item() for y in heads] == [11123, 11]


def test_a_call_for_every_step_is_asked_for() -> None:
    steps = read(JOINED).steps
    with pytest.raises(ValueError, match="shorter"):
        list(execute(steps, [adding(1)], torch.zeros(2)))


def test_outputs_go_after_their_last_use() -> None:
    seen: list[weakref.ref[Tensor]] = []
    alive: list[list[int]] = []
    calls = [adding(index) for index in range(5)]
    for _, y in execute(read(JOINED).steps, calls, torch.zeros(2)):
        seen.append(weakref.ref(y))
        del y
        alive.append([index for index, one in enumerate(seen) if one() is not None])
    assert alive == [[0], [0, 1], [0, 1, 2], [1, 3], [4]]


def test_a_module_holds_its_tensors_by_the_names_of_the_file() -> None:
    net = network(NET + "[crnn]\noutput=3\nhidden=3\nsize=1\n")
    module = net.layers[0]
    assert isinstance(module, LayerModule)
    stored = [tensor.name for tensor in net.graph.stored(0)]
    assert "self.weights" in stored and sorted(module.tensors()) == sorted(stored)
    assert module.tensors()["self.weights"] is module.self_weights
    assert {name for name, _ in module.named_parameters()} >= {"self_weights", "input_biases"}
    assert repr(module) == "LayerModule(crnn)"


def test_what_a_layer_holds_is_not_changed_through_own() -> None:
    net = network(NET + CONV)
    net.own(0).pop("weights")  # type: ignore[attr-defined]
    assert "weights" in net.own(0)


def test_a_layer_without_watchers_is_called_without_its_module() -> None:
    """And with the same arithmetic: the quick way and the module's give the same numbers."""
    net = network(JOINED)
    x, steps = random_input(net, 2), net.graph.steps
    called: list[nn.Module] = []
    quick = [y for _, y in execute(steps, layer_calls(steps, net.layers, Run()), x)]
    net.layers[1].register_forward_hook(lambda layer, *_: called.append(layer))
    slow = [y for _, y in execute(steps, layer_calls(steps, net.layers, Run()), x)]
    assert called == [net.layers[1]]
    assert all(torch.equal(one, two) for one, two in zip(quick, slow, strict=True))


def test_a_computed_tensor_is_neither_reset_nor_trained() -> None:
    net = network(NET + CONV)
    nn.utils.parametrizations.weight_norm(net.layers[0], "weights")
    assert net.layers[0].computed == ["weights"]
    for write in (net.reset, lambda: Optimizer(net)):
        with pytest.raises(DarknetError, match="layer 0: weights is computed"):
            write()
