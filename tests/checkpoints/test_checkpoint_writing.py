"""Checkpoints that are written: what loads them, and back to the same bytes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.torch_twins import CSP_CFG, PYRAMID_CFG, IDetect, pyramid_twin, raw_outputs

from darknet_py import Network
from darknet_py.checkpoints.checkpoint_writing import usual_form, write_checkpoint
from darknet_py.checkpoints.reading import read_weights
from darknet_py.errors import WeightsError

CLASSIFIER = "[net]\ninputs=4\n[connected]\noutput=3\n[softmax]\n"


def random_network(folder: Path, cfg: str) -> Network:
    """With statistics, and a header of its own."""
    path = folder / "net.cfg"
    path.write_text(cfg)
    made = Network.from_cfg(path, seed=1)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for tensor in made.state_dict().values():
            tensor.copy_(torch.rand(tensor.shape, generator=generator) * 0.2 + 1e-7)
    made.header = replace(made.header, revision=3, seen=2**33 + 7)
    return made


@pytest.mark.parametrize(
    ("cfg", "form"),
    [
        (PYRAMID_CFG, "yolov7"),
        (PYRAMID_CFG, "darknet-cfg"),
        (PYRAMID_CFG, "network"),
        (CSP_CFG, None),
        (CLASSIFIER, None),
    ],
)
def test_back_to_the_same_bytes(cfg: str, form: str | None, tmp_path: Path) -> None:
    net = random_network(tmp_path, cfg)
    net.save_weights(tmp_path / "a.weights")
    write_checkpoint(net, tmp_path / "a.pt", form)
    other = Network.from_cfg(tmp_path / "net.cfg", seed=5)
    read_weights(other, str(tmp_path / "a.pt"))
    other.save_weights(tmp_path / "b.weights")
    assert (tmp_path / "a.weights").read_bytes() == (tmp_path / "b.weights").read_bytes()


def test_the_programs_own_model_loads_it_and_computes_the_same(tmp_path: Path) -> None:
    net = random_network(tmp_path, PYRAMID_CFG)
    assert write_checkpoint(net, tmp_path / "a.pt", None) == "yolov7"
    twin = pyramid_twin()
    head = IDetect((24, 16), implicit=False)
    head.f = [8, 7]
    twin.model[9] = head
    content = torch.load(tmp_path / "a.pt", weights_only=True)
    twin.load_state_dict(content["model"])
    image = torch.rand(1, 3, 64, 64)
    trace, wanted = net.trace(image), raw_outputs(twin.eval(), image)
    for index in net.graph.heads:
        y = trace[index - 1]
        assert float((y - wanted[y.shape[-1]]).abs().max()) < 1e-5
    anchors = content["model"]["model.9.anchor_grid"].reshape(2, 3, 2)
    assert anchors[1].tolist() == [[4, 5], [8, 9], [16, 20]]
    assert content["model"]["model.9.anchors"][1, 2].tolist() == [16 / 4, 20 / 4]


def test_a_variance_that_was_trained_on_counts(tmp_path: Path) -> None:
    net = random_network(tmp_path, PYRAMID_CFG)
    write_checkpoint(net, tmp_path / "a.pt", "darknet-cfg")
    content = torch.load(tmp_path / "a.pt", weights_only=True)
    content["model"]["module_list.0.BatchNorm2d.running_var"][0] = 0.5
    torch.save(content, tmp_path / "b.pt")
    before = net.own(0)["rolling_variance"].clone()
    read_weights(net, str(tmp_path / "b.pt"))
    after = net.own(0)["rolling_variance"]
    assert after[0].item() == pytest.approx(0.5 + 1e-4 - 1e-5) and torch.equal(
        after[1:], before[1:]
    )


def test_forms_that_do_not_fit(tmp_path: Path) -> None:
    net = random_network(tmp_path, CSP_CFG)
    assert usual_form(net.graph) == "darknet-cfg"
    with pytest.raises(WeightsError, match=r"layer 3 \[shortcut\] .* is in none; use --form"):
        write_checkpoint(net, tmp_path / "a.pt", "yolov7")
    net = random_network(tmp_path, PYRAMID_CFG.replace("new_coords=1", ""))
    with pytest.raises(WeightsError, match="not decoded as yolov7's"):
        write_checkpoint(net, tmp_path / "a.pt", "yolov7")
    net = random_network(tmp_path, PYRAMID_CFG.replace("swish", "mish", 1))
    with pytest.raises(WeightsError, match="not all of one kind: mish, swish"):
        write_checkpoint(net, tmp_path / "a.pt", "yolov7")
    net = random_network(tmp_path, CLASSIFIER)
    assert usual_form(net.graph) == "network"
    with pytest.raises(WeightsError, match=r"layer 0 \[connected\] .* use --form network"):
        write_checkpoint(net, tmp_path / "a.pt", "darknet-cfg")
    assert not (tmp_path / "a.pt").exists()
