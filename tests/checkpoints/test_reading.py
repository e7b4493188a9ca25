"""Checkpoints of PyTorch programs become networks that compute the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.torch_twins import (
    CSP_CFG,
    PYRAMID_CFG,
    Conv,
    Model,
    RepConv,
    csp_twin,
    pyramid_twin,
    raw_outputs,
    save_pickled,
)
from torch import Tensor, nn

from darknet_py import Network
from darknet_py.checkpoints.conv_tensors import conv_tensors
from darknet_py.checkpoints.module_tree import tree_of_tensors
from darknet_py.checkpoints.reading import WeightsRead, file_kind, read_weights
from darknet_py.checkpoints.verifying import program_difference
from darknet_py.errors import WeightsError
from darknet_py.train.state_file import write_state

TWINS: dict[str, tuple[Callable[[], Model], str]] = {
    "pyramid": (pyramid_twin, PYRAMID_CFG),
    "csp": (csp_twin, CSP_CFG),
}


def network(folder: Path, cfg: str) -> Network:
    path = folder / "net.cfg"
    path.write_text(cfg)
    return Network.from_cfg(path, seed=1)


def read(folder: Path, cfg: str, content: Any) -> tuple[Network, WeightsRead]:
    path = folder / "net.pt"
    torch.save(content, path)
    made = network(folder, cfg)
    return made, read_weights(made, str(path))


def assert_computes(made: Network, twin: Model) -> None:
    """The heads' inputs of both, on one image."""
    image = torch.rand(2, 3, 64, 64)
    trace, wanted = made.trace(image), raw_outputs(twin, image)
    heads = [trace[index - 1] for index in made.graph.heads]
    assert {y.shape[-1] for y in heads} == set(wanted)
    for y in heads:
        assert float((y - wanted[y.shape[-1]]).abs().max()) < 1e-5


@pytest.mark.parametrize("name", TWINS)
def test_whole_models_compute_the_same(name: str, tmp_path: Path) -> None:
    torch.manual_seed(3)
    twin, cfg = TWINS[name][0](), TWINS[name][1]
    save_pickled(twin, tmp_path / "net.pt", best=np.float64(0.5), optimizer=None)
    made = network(tmp_path, cfg)
    found = read_weights(made, str(tmp_path / "net.pt"))
    assert found.match is not None
    assert not any("tensors alone" in note for note in found.notes)
    assert_computes(made, twin)
    assert program_difference(made, found.match).largest < 1e-5


@pytest.mark.parametrize("name", TWINS)
def test_tensors_alone_compute_the_same(name: str, tmp_path: Path) -> None:
    torch.manual_seed(4)
    twin, cfg = TWINS[name][0](), TWINS[name][1]
    wrapped = {f"module.{key}": value for key, value in twin.state_dict().items()}
    made, found = read(tmp_path, cfg, {"state_dict": wrapped})
    assert found.notes[0].startswith("tensors alone: joined layers are taken newest first")
    assert_computes(made, twin)


def test_other_anchors_are_noted(tmp_path: Path) -> None:
    tensors = dict(pyramid_twin().state_dict())
    sizes = torch.tensor([[4.0, 5], [8, 9], [16, 20]])
    tensors["model.9.anchor_grid"] = torch.stack([sizes, sizes * 2]).reshape(2, 1, 3, 1, 1, 2)
    _, found = read(tmp_path, PYRAMID_CFG, {"model": tensors})
    assert found.notes[1:] == (
        "model.9.m.1 has anchors 8, 10, 16, 18, 32, 40, the cfg 4, 5, 8, 9, 16, 20: "
        "sizes will differ",
    )


def test_half_precision_becomes_float(tmp_path: Path) -> None:
    torch.manual_seed(5)
    twin = pyramid_twin().half()
    save_pickled(twin, tmp_path / "net.pt")
    made = network(tmp_path, PYRAMID_CFG)
    read_weights(made, str(tmp_path / "net.pt"))
    assert made.own(0)["weights"].dtype == torch.float32
    assert_computes(made, twin.float())


def test_models_with_all_folded_in_keep_what_they_folded(tmp_path: Path) -> None:
    """WongKinYiu's `fuse` leaves ImplicitA and ImplicitM where they were."""
    torch.manual_seed(6)
    twin = pyramid_twin()
    tensors = {}
    for name, tensor in twin.state_dict().items():
        if "rbr_" not in name and ".bn." not in name:
            tensors[name] = tensor
    for name, module in twin.named_modules():
        if isinstance(module, (Conv, RepConv)):
            kernel, bias = conv_tensors(tree_of_tensors(module.state_dict()), 1e-3).folded()
            part = "conv" if isinstance(module, Conv) else "rbr_reparam"
            tensors |= {
                f"{name}.{part}.weight": kernel.float(),
                f"{name}.{part}.bias": bias.float(),
            }
    twin.model[9].implicit = False  # type: ignore[assignment]
    made, _ = read(tmp_path, PYRAMID_CFG, {"model": tensors})
    assert_computes(made, twin)


def test_a_changed_weight_is_a_difference(tmp_path: Path) -> None:
    made, found = read(tmp_path, CSP_CFG, {"model": csp_twin().state_dict()})
    assert found.match is not None and program_difference(made, found.match).small
    with torch.no_grad():
        made.own(6)["rolling_mean"].add_(1)
    assert not program_difference(made, found.match).small


Changes = dict[str, Tensor | None]
WRONG: list[tuple[Changes, str]] = [
    (
        {"model.2.conv.weight": torch.zeros(8, 4, 1, 1)},
        r"net.pt: model.2 is 8 x 4 x 1 x 1, layer 3 [convolutional] (line 21) needs 8 x 8 x 1 x 1",
    ),
    ({"model.3.bn.running_var": None}, "net.pt: model.3.bn.running_var is missing"),
    ({"model.3.bn.bias": torch.zeros(5)}, "net.pt: model.3.bn.bias is 5, expected 8 values"),
    ({"model.6.cv8.conv.weight": torch.zeros(1, 1, 1, 1)}, "net.pt: model.6 is made of cv1, cv2"),
    ({"model.6.bn.weight": torch.zeros(8)}, "net.pt: model.6 has a bn beside"),
    ({"model.4.w": torch.zeros(2)}, "net.pt: model.4 is made of w; known are"),
    (
        {"model.3.gamma": torch.zeros(2)},
        "net.pt: has model.3.gamma, which no layer of the cfg holds",
    ),
    ({"model.9.m.1.bias": torch.zeros(4)}, "net.pt: model.9.m.1.bias is 4, expected 21 values"),
    ({}, "net.pt: has nothing for layer"),
]


@pytest.mark.parametrize(("changes", "message"), WRONG, ids=[row[1][:40] for row in WRONG])
def test_what_differs_first_is_named(changes: Changes, message: str, tmp_path: Path) -> None:
    tensors = dict(pyramid_twin().state_dict())
    if message.endswith("layer"):
        tensors = {key: t for key, t in tensors.items() if not key.startswith("model.8.")}
    for key, value in changes.items():
        if value is None:
            del tensors[key]
        else:
            tensors[key] = value
    with pytest.raises(WeightsError) as caught:
        read(tmp_path, PYRAMID_CFG, {"model": tensors})
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_a_model_that_is_joined_otherwise_is_refused(tmp_path: Path) -> None:
    twin = pyramid_twin()
    twin.model[8].f = 0  # type: ignore[assignment] - 8 channels where 24 are expected
    save_pickled(twin, tmp_path / "net.pt")
    with pytest.raises(WeightsError, match="model.8 reads other channels than layer 26"):
        read_weights(network(tmp_path, PYRAMID_CFG), str(tmp_path / "net.pt"))


@pytest.mark.parametrize("itself", [True, False])
def test_models_without_end_are_refused(itself: bool, tmp_path: Path) -> None:
    twin = csp_twin()
    if itself:
        twin.model._modules.update({f"a{number}": twin.model for number in range(9)})
    else:
        wide = nn.ReLU()
        for _ in range(4):
            outer = nn.Module()
            outer._modules = {str(number): wide for number in range(20)}
            wide = outer  # type: ignore[assignment]
        twin.model._modules["9"] = wide
    save_pickled(twin, tmp_path / "net.pt")
    with pytest.raises(WeightsError, match="net.pt: .*is in too many modules, or one of too many"):
        read_weights(network(tmp_path, CSP_CFG), str(tmp_path / "net.pt"))


def test_activations_and_strides_are_compared(tmp_path: Path) -> None:
    save_pickled(pyramid_twin(), tmp_path / "net.pt")
    other = network(tmp_path, PYRAMID_CFG.replace("swish", "mish"))
    with pytest.raises(WeightsError, match="model.0 has swish behind it, layer 0 .* says act"):
        read_weights(other, str(tmp_path / "net.pt"))
    other = network(tmp_path, PYRAMID_CFG.replace("stride=2", "stride=4", 1))
    with pytest.raises(WeightsError, match="model.0.conv has stride 2, layer 0 .* 4"):
        read_weights(other, str(tmp_path / "net.pt"))


LISTED_CFG = (
    "[net]\nwidth=32\nheight=32\nchannels=3\n"
    "[convolutional]\nbatch_normalize=1\nfilters=4\nsize=3\npad=1\nactivation=leaky\n"
    "[route]\nlayers=-1\ngroups=2\ngroup_id=1\n"
    "[convolutional]\nfilters=21\nsize=1\nactivation=linear\n"
    "[yolo]\nmask=0,1,2\nanchors=4,5, 8,9, 16,20\nclasses=2\nnum=3\n"
)
PARTS = {"Conv2d": ("Conv2d", "BatchNorm2d", 1e-4), "pytorchyolo": ("conv_0", "batch_norm_0", 1e-5)}


@pytest.mark.parametrize("program", PARTS)
def test_networks_built_from_the_cfg(program: str, tmp_path: Path) -> None:
    torch.manual_seed(6)
    first, norm, epsilon = PARTS[program]
    conv, batch = nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4, eps=epsilon).eval()
    nn.init.uniform_(batch.weight, 0.5, 1.5)
    assert batch.running_var is not None
    batch.running_var.uniform_(1e-4, 1e-3)
    last = nn.Conv2d(2, 21, 1)
    tensors = {f"module_list.0.{first}.{key}": t for key, t in conv.state_dict().items()}
    tensors |= {f"module_list.0.{norm}.{key}": t for key, t in batch.state_dict().items()}
    tensors |= {f"module_list.2.Conv2d.{key}": t for key, t in last.state_dict().items()}
    made, found = read(tmp_path, LISTED_CFG, {"model": tensors})
    image = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        wanted = last(nn.functional.leaky_relu(batch(conv(image)), 0.1)[:, 2:])
    assert float((made.trace(image)[2] - wanted).abs().max()) < 1e-5
    assert found.match is not None and program_difference(made, found.match).largest < 1e-5


def test_layers_numbered_otherwise_are_taken_in_order(tmp_path: Path) -> None:
    tensors = {
        "module_list.0.0.weight": torch.rand(4, 3, 3, 3),
        "module_list.0.0.bias": torch.rand(4),
        "module_list.7.Conv2d.weight": torch.rand(21, 2, 1, 1),
        "module_list.7.Conv2d.bias": torch.rand(21),
    }
    made, found = read(tmp_path, LISTED_CFG, tensors)
    assert found.notes[0].startswith("its layers are numbered otherwise")
    assert torch.equal(made.own(2)["biases"], tensors["module_list.7.Conv2d.bias"])
    # Batch normalisation was folded in: what is left of it does nothing.
    assert torch.equal(made.own(0)["biases"], tensors["module_list.0.0.bias"])
    with torch.no_grad():
        folded = made.for_inference().own(0)
    assert torch.allclose(folded["weights"], tensors["module_list.0.0.weight"], atol=1e-6)


def test_states_and_own_tensors(tmp_path: Path) -> None:
    first = network(tmp_path, LISTED_CFG)
    torch.save(first.state_dict(), tmp_path / "own.pt")
    arrays = {f"net.{key}": value.numpy() for key, value in first.state_dict().items()}
    write_state(tmp_path / "last.state", {"seen": 640}, arrays | {"update.0": np.zeros(3)})
    for name, kind, seen in (("own.pt", "checkpoint", 0), ("last.state", "state", 640)):
        made = Network.from_cfg(tmp_path / "net.cfg", seed=9)
        assert file_kind(str(tmp_path / name)) == kind
        read_weights(made, str(tmp_path / name))
        assert made.header.seen == seen
        assert all(torch.equal(t, made.state_dict()[k]) for k, t in first.state_dict().items())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"model": 3}, "holds a int, expected a model or its tensors"),
        ({"a.b": torch.zeros(2)}, "has a; known are module_list, model and layers"),
        ({"model": {"layers.0.biases": torch.zeros(4)}}, "has no layers.0.scales"),
        ({"model": {"model.0.weight": torch.zeros(4)}}, "is no detection head"),
        ({"darknet": {"header": [1]}}, "entry 'darknet' is not as darknet-py writes it"),
    ],
)
def test_other_checkpoints(content: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=f"net.pt: .*{re.escape(message)}"):
        read(tmp_path, LISTED_CFG, content)


def test_files_that_are_not_there_or_not_whole(tmp_path: Path) -> None:
    made = network(tmp_path, LISTED_CFG)
    with pytest.raises(WeightsError, match="no such file"):
        read_weights(made, str(tmp_path / "none.pt"))
    made.save_weights(tmp_path / "a.weights", cutoff=1)
    with pytest.raises(WeightsError, match="layer 2 starts at random; only whole files"):
        read_weights(made, str(tmp_path / "a.weights"))
