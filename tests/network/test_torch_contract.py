"""What PyTorch's own tools change in a network takes effect at the next pass, after one as before.

Every test makes a pass first: what it leaves behind must not be what later passes compute with.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.layer_check import network, random_input
from torch import Tensor, nn
from torch.nn.modules import module
from torch.nn.utils import parametrize, prune
from torch.nn.utils.parametrizations import weight_norm

import darknet_py
from darknet_py.errors import DarknetError
from darknet_py.layers.base import Run
from darknet_py.network.network import Network

CONV = "[convolutional]\nfilters=6\nsize=3\npad=1\nbatch_normalize=1\nactivation=leaky\n"
SHARED = "[convolutional]\nfilters=6\nsize=3\npad=1\nshare_index=1\nactivation=relu\n"
HEAD = "[convolutional]\nfilters=6\nactivation=linear\n[yolo]\nclasses=1\nanchors=2,3\nnum=1\n"
CFG = "[net]\nchannels=3\nheight=8\nwidth=8\n" + CONV + CONV + SHARED + HEAD
TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}


def passed(seed: int = 1) -> tuple[Network, Tensor, Tensor]:
    """A network after a pass, the pass's input and its output."""
    net = network(CFG, seed=seed)
    x = random_input(net, 2)
    with torch.no_grad():
        return net, x, net(x)[0]


def output(net: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        return net(x)[0]


def rebuilt(net: Network, changes: dict[str, Tensor]) -> Network:
    """A fresh network with the tensors of `net`, some changed: what the pass should compute."""
    other = network(CFG, seed=9)
    other.load_state_dict({**net.state_dict(), **changes})
    return other


def state_of(seed: int) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in network(CFG, seed=seed).state_dict().items()}


# other tensors in place of the module's own


def test_functional_call_computes_with_the_tensors_it_is_given() -> None:
    net, x, before = passed()
    other = state_of(2)
    with torch.no_grad():
        y = torch.func.functional_call(net, other, (x,))[0]
    assert torch.equal(y, output(network(CFG, seed=2), x))
    assert torch.equal(output(net, x), before)


def test_functional_call_gives_gradients_of_its_tensors() -> None:
    net, x, _ = passed()
    name = "layers.1.weights"  # of a layer whose tensors another one shares
    kernel = net.state_dict()[name].clone().requires_grad_(True)

    def loss(kernel: Tensor) -> Tensor:
        return torch.func.functional_call(net, {name: kernel}, (x,))[0].square().sum()

    gradient = torch.func.grad(loss)(kernel)
    change = torch.randn(kernel.shape, generator=torch.Generator().manual_seed(3)) * 1e-3
    with torch.no_grad():
        slope = (loss(kernel + change) - loss(kernel - change)) / 2
    assert abs(slope) > 1e-3
    torch.testing.assert_close((gradient * change).sum(), slope, rtol=0.02, atol=1e-4)


def test_assigned_state_is_used() -> None:
    net, x, before = passed()
    net.load_state_dict(state_of(2), assign=True)
    y = output(net, x)
    assert torch.equal(y, output(network(CFG, seed=2), x)) and not torch.equal(y, before)


@pytest.mark.parametrize("name", ["weights", "biases", "scales", "rolling_mean"])
def test_a_replaced_tensor_is_used(name: str) -> None:
    net, x, before = passed()
    tensor = getattr(net.layers[1], name).detach() * 0.5 + 0.1
    expected = output(rebuilt(net, {f"layers.1.{name}": tensor}), x)
    setattr(net.layers[1], name, tensor if name == "rolling_mean" else nn.Parameter(tensor))
    assert torch.equal(output(net, x), expected) and not torch.equal(expected, before)
    assert torch.equal(net.own(1)[name], tensor) and torch.equal(net.used(2)[name], tensor)
    assert torch.equal(net.trace(x)[-1], expected)


def test_a_replaced_layer_is_used() -> None:
    net, x, _ = passed()
    other = network(CFG, seed=2)
    for index in range(len(net.layers)):
        net.layers[index] = other.layers[index]
    assert torch.equal(output(net, x), output(other, x))


class Doubling(nn.Module):
    """A wrapper as torch's own are: the layer inside gets all that it is called with."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def __getattr__(self, name: str) -> Any:
        return super().__getattr__(name) if name == "layer" else getattr(self.layer, name)

    def forward(self, *inputs: Tensor, **options: Any) -> Tensor:
        return 2 * self.layer(*inputs, **options)


def test_a_wrapped_layer_is_called_through_its_wrapper() -> None:
    net, x, before = passed()
    net.layers[4] = Doubling(net.layers[4])
    assert torch.equal(output(net, x), 2 * before)
    net.layers[1] = Doubling(net.layers[1])  # its tensors are shared by the next layer
    assert not torch.equal(output(net, x), 2 * before)


def test_a_module_of_somebody_elses_stands_in_for_a_layer() -> None:
    net, x, _ = passed()
    own = nn.Conv2d(6, 6, 1)
    with torch.no_grad():
        expected = net.layers[4](
            own(list(net.outputs(x, Run()))[2][1]), step=net.graph.steps[4], run=Run()
        )
    net.layers[3] = own
    assert torch.equal(output(net, x), expected)
    with pytest.raises(DarknetError, match="layer 3 is a Conv2d now, which has no tensors"):
        net.own(3)


def test_a_patched_forward_is_called() -> None:
    net, x, before = passed()
    plain = net.layers[4].forward
    net.layers[4].forward = lambda *inputs, **options: plain(*inputs, **options) + 1
    first = net.layers[0].forward
    net.layers[0].forward = lambda x, **options: first(x, **options) * 0
    changed = output(net, x)
    del net.layers[0].forward
    assert torch.equal(output(net, x), before + 1) and not torch.equal(changed, before + 1)


class Halved(nn.Module):
    def forward(self, tensor: Tensor) -> Tensor:
        return tensor / 2


def test_parametrizations_are_computed() -> None:
    net, x, before = passed()
    half = net.own(1)["weights"].detach() / 2
    expected = output(rebuilt(net, {"layers.1.weights": half}), x)
    parametrize.register_parametrization(net.layers[1], "weights", Halved())
    assert torch.equal(output(net, x), expected) and not torch.equal(expected, before)
    with torch.no_grad():  # the parametrization is computed at each pass
        net.layers[1].parametrizations["weights"].original.mul_(2)
    assert torch.equal(output(net, x), before)
    parametrize.remove_parametrizations(net.layers[1], "weights")
    assert torch.equal(output(net, x), before)


def test_weight_norm_learns() -> None:
    net, x, before = passed()
    weight_norm(net.layers[0], "weights")
    torch.testing.assert_close(output(net, x), before, **TOLERANCE)
    net(x)[0].square().sum().backward()
    original = net.layers[0].parametrizations["weights"].original0
    assert original.grad.abs().sum() > 0
    with torch.no_grad():
        original.mul_(2)
    assert not torch.allclose(output(net, x), before, **TOLERANCE)


def test_pruned_weights_stay_pruned() -> None:
    net, x, before = passed()
    kernel = net.own(1)["weights"].detach().clone()
    prune.l1_unstructured(net.layers[1], "weights", amount=0.5)
    mask = net.layers[1].weights_mask
    assert mask.sum() == mask.numel() / 2
    expected = output(network_with_kernel(kernel * mask), x)
    assert torch.equal(output(net, x), expected) and not torch.equal(expected, before)
    with torch.no_grad():  # an optimiser moves the original, and the mask holds
        net.layers[1].weights_orig.add_(0.1)
    expected = output(network_with_kernel((kernel + 0.1) * mask), x)
    assert torch.equal(output(net, x), expected)
    prune.remove(net.layers[1], "weights")
    assert torch.equal(output(net, x), expected)


def network_with_kernel(kernel: Tensor) -> Network:
    made = network(CFG, seed=1)
    with torch.no_grad():
        made.own(1)["weights"].copy_(kernel)
    return made


def test_weights_cannot_be_read_into_what_is_computed(tmp_path: Path) -> None:
    net, x, before = passed()
    net.save_weights(tmp_path / "net.weights")
    prune.l1_unstructured(net.layers[1], "weights", amount=0.5)
    message = r"layer 1: weights is computed .*prune.remove"
    with pytest.raises(DarknetError, match=message):
        net.load_weights(tmp_path / "net.weights")
    prune.remove(net.layers[1], "weights")
    net.load_weights(tmp_path / "net.weights")
    assert torch.equal(output(net, x), before)


def test_an_ensemble_runs_under_vmap() -> None:
    nets = [passed(seed)[0] for seed in (1, 2, 3)]
    x = random_input(nets[0], 2)
    expected = [output(net, x) for net in nets]
    parameters, buffers = torch.func.stack_module_state(nets)
    base = copy.deepcopy(nets[0]).to("meta")

    def one(parameters: dict[str, Tensor], buffers: dict[str, Tensor], x: Tensor) -> Tensor:
        return torch.func.functional_call(base, (parameters, buffers), (x,))[0]

    def last_to_first(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        return {name: tensor.flip(0) for name, tensor in tensors.items()}

    every = torch.func.vmap(one, in_dims=(0, 0, None))
    with torch.no_grad():
        last_first = every(last_to_first(parameters), last_to_first(buffers), x)
        actual = every(parameters, buffers, x)
    assert actual.shape == (3, *expected[0].shape)
    torch.testing.assert_close(last_first, actual.flip(0), **TOLERANCE)
    for y, one in zip(actual, expected, strict=True):
        torch.testing.assert_close(y, one, **TOLERANCE)


def test_replicas_of_data_parallel_compute_with_their_own_copies() -> None:
    net, x, before = passed()
    other = state_of(2)
    assert torch.equal(output(replica(net, other), x), output(network(CFG, seed=2), x))
    assert torch.equal(output(net, x), before)


def replica(net: Network, tensors: dict[str, Tensor]) -> Any:
    """A replica as torch.nn.parallel.replicate makes it, which itself needs CUDA devices."""
    modules = list(net.named_modules())
    copies = {name: one._replicate_for_data_parallel() for name, one in modules}
    for name, one in modules:
        start = f"{name}." if name else ""
        for key in one._modules:
            setattr(copies[name], key, copies[start + key])
        for key in [*one._parameters, *one._buffers]:
            setattr(copies[name], key, tensors[start + key])
    return copies[""]


# other types and sizes


@pytest.mark.parametrize("convert", [nn.Module.double, nn.Module.bfloat16])
def test_layers_may_be_converted_without_the_network(
    convert: Callable[[nn.Module], nn.Module],
) -> None:
    net, x, before = passed()
    convert(net.layers)
    dtype = net.own(0)["weights"].dtype
    assert dtype != torch.float32
    y = output(net, x.to(dtype))
    assert y.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    coarse = {"rtol": 0.1, "atol": 0.1} if dtype == torch.bfloat16 else TOLERANCE
    torch.testing.assert_close(y.float(), before, **coarse)


def test_a_resized_network_follows_the_one_it_came_from() -> None:
    net, _, _ = passed()
    other = net.resized(16, 16)
    x = random_input(other, 1)
    before = output(other, x)
    net.to(torch.float64)
    y = output(other, x.double())
    assert y.dtype == torch.float64
    torch.testing.assert_close(y.float(), before, **TOLERANCE)
    net.to(torch.float32)
    net.layers[1].weights = nn.Parameter(torch.zeros_like(net.layers[1].weights))
    assert torch.equal(output(other, x), output(rebuilt(net, {}).resized(16, 16), x))
    assert not torch.equal(output(other, x), before)


# hooks


def test_hooks_see_a_layers_inputs_and_its_output() -> None:
    net, x, _ = passed()
    seen: dict[int, tuple[tuple[Tensor, ...], Tensor]] = {}
    for index, layer in enumerate(net.layers):
        layer.register_forward_hook(
            lambda _, inputs, y, index=index: seen.update({index: (inputs, y)})
        )
    with torch.no_grad():
        outputs = [y.clone() for _, y in net.outputs(x, Run())]
    assert sorted(seen) == [node.index for node in net.graph.nodes]
    for node in net.graph.nodes:
        inputs, y = seen[node.index]
        assert torch.equal(y, outputs[node.index])
        expected = [x if source == -1 else outputs[source] for source in node.inputs]
        assert len(inputs) == len(expected)
        assert all(torch.equal(one, two) for one, two in zip(inputs, expected, strict=True))


def test_hooks_may_change_what_a_layer_gets_and_gives() -> None:
    net, x, before = passed()
    first = net.layers[0].register_forward_pre_hook(lambda _, inputs: (inputs[0] * 2,))
    assert torch.equal(output(net, x), output(network(CFG, seed=1), x * 2))
    first.remove()
    last = net.layers[4].register_forward_hook(lambda _, inputs, y: y + 1)
    assert torch.equal(output(net, x), before + 1)
    last.remove()
    assert torch.equal(output(net, x), before)


def test_backward_hooks_fire_on_a_layer_that_shares_its_tensors() -> None:
    net, x, _ = passed()
    gradients: list[Tensor] = []
    net.layers[2].register_full_backward_hook(lambda _, before, after: gradients.append(after[0]))
    net(x)[0].sum().backward()
    assert [tuple(gradient.shape) for gradient in gradients] == [(2, 6, 8, 8)]


Watch = Callable[[nn.Module, Callable[..., None]], Any]
WAYS: dict[str, Watch] = {
    "forward": lambda layer, seen: layer.register_forward_hook(seen),
    "before forward": lambda layer, seen: layer.register_forward_pre_hook(seen),
    "backward": lambda layer, seen: layer.register_full_backward_hook(seen),
    "before backward": lambda layer, seen: layer.register_full_backward_pre_hook(seen),
    "forward of all": lambda _, seen: module.register_module_forward_hook(seen),
    "backward of all": lambda _, seen: module.register_module_full_backward_hook(seen),
}


@pytest.mark.filterwarnings("ignore:For backward hooks to be called")  # of the network's list
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("index", [0, 2, 4])
def test_every_kind_of_hook_fires(way: str, index: int) -> None:
    net, x, _ = passed()
    x.requires_grad_(True)
    seen: list[nn.Module] = []
    handle = WAYS[way](net.layers[index], lambda layer, *_: seen.append(layer))
    try:
        net(x)[0].sum().backward()
    finally:
        handle.remove()
    assert seen.count(net.layers[index]) == 1
    net(x)[0].sum().backward()
    assert seen.count(net.layers[index]) == 1


def test_a_layer_compiled_by_itself_is_called_so() -> None:
    net, x, before = passed()
    called: list[int] = []

    def backend(graph: torch.fx.GraphModule, inputs: list[Tensor]) -> Callable[..., Any]:
        called.append(len(inputs))
        return graph.forward

    net.layers[1].compile(backend=backend)
    torch.testing.assert_close(output(net, x), before, **TOLERANCE)
    assert len(called) == 1


# copies


def test_a_network_is_copied_with_tensors_of_its_own() -> None:
    net, x, before = passed()
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert torch.equal(output(other, x), before)
        with torch.no_grad():
            other.layers[1].weights.zero_()
        assert not torch.equal(output(other, x), before)
        assert torch.equal(output(net, x), before)
        assert other.graph == net.graph and other.header == net.header


COPIES: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda thing: pickle.loads(pickle.dumps(thing)),
}


def detector(tmp_path: Path, **options: Any) -> darknet_py.Detector:
    cfg, weights = tmp_path / "net.cfg", tmp_path / "net.weights"
    cfg.write_text(CFG)
    network(CFG).save_weights(weights)
    return darknet_py.load(cfg, weights, ["thing"], **options)


@pytest.mark.parametrize("way", COPIES)
def test_a_detector_is_copied(tmp_path: Path, way: str) -> None:
    actual = detector(tmp_path)
    image = np.random.default_rng(1).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    expected = actual(image, thresh=0.01).boxes
    assert len(expected) > 0
    other = COPIES[way](actual)
    del actual
    boxes = other(image, thresh=0.01).boxes
    assert np.array_equal(boxes.xyxy, expected.xyxy)
    assert np.array_equal(boxes.confidence, expected.confidence)
    assert other.names == ["thing"]


@pytest.mark.parametrize("way", COPIES)
def test_a_detector_on_another_engine_is_copied(tmp_path: Path, way: str) -> None:
    pytest.importorskip("onnxruntime")
    actual = detector(tmp_path, engine="onnxruntime")
    image = np.random.default_rng(1).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    expected = actual(image, thresh=0.01).boxes
    other = COPIES[way](actual)
    assert other.engine is not actual.engine and other.engine.config == actual.engine.config
    assert len(expected) > 0
    assert np.array_equal(other(image, thresh=0.01).boxes.data, expected.data)


@pytest.mark.parametrize("way", COPIES)
def test_a_detector_whose_engine_takes_turns_is_copied(tmp_path: Path, way: str) -> None:
    actual = detector(tmp_path, compiled=True)  # compiles with its first image, not before
    other = COPIES[way](actual)
    assert other.engine is not actual.engine and other.engine.compiled
    assert other.engine.config == actual.engine.config
