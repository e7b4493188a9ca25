"""`reset`, `denormalize` and `normalize`: outputs stay, and each undoes what it can of another."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from support.raw_weights import conv, conv_rows, matrix_rows, net, outputs, raw, written

from darknet_py import Network
from darknet_py.weight_tools.batchnorm_edits import NO_BATCHNORM, denormalize, normalize, reset
from darknet_py.weight_tools.edit import Edit

BN = "batch_normalize=1\n"
IMAGES = net(
    conv(4, BN + "size=3\npad=1\n", "leaky"),
    conv(4, BN + "size=3\ngroups=2\n", "leaky"),
    conv(2),
    f"[connected]\n{BN}output=5\nactivation=linear\n",
)
VECTORS = (
    "[net]\ninputs=6\nbatch=4\ntime_steps=2\n"
    f"[gru]\n{BN}output=5\n[lstm]\n{BN}output=4\n[connected]\noutput=3\nactivation=linear\n"
)
Tool = Callable[[Network], Edit]


def edit(cfg: Path, path: Path, tool: Tool, fork: str = "alexeyab") -> tuple[Edit, Path]:
    network = Network.from_cfg(cfg, fork=fork)
    network.load_weights(path)
    made, out = tool(network), path.with_name(f"{path.name}.{tool.__name__}")
    made.save(out)
    return made, out


def without(cfg: Path) -> Path:
    """The cfg with all batch normalisation turned off."""
    other = cfg.with_name("plain.cfg")
    other.write_text(cfg.read_text().replace(BN, ""))
    return other


def inputs(text: str) -> torch.Tensor:
    shape = (4, 6, 1, 1) if text == VECTORS else (2, 3, 6, 6)
    return torch.rand(shape, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("text", [IMAGES, VECTORS], ids=["images", "vectors"])
def test_denormalize_by_the_output(tmp_path: Path, text: str) -> None:
    cfg, path = written(tmp_path, text)
    made, out = edit(cfg, path, denormalize)
    x = inputs(text)
    assert np.allclose(outputs(without(cfg), out, x), outputs(cfg, path, x), atol=1e-5)
    assert made.notes == ()
    where = "layers 0 to 1 and 3" if text == IMAGES else "layers 0 to 1"
    assert made.done == f"for the cfg with batch_normalize=0 in {where}"


def test_denormalize_by_the_floats(tmp_path: Path) -> None:
    cfg, path = written(tmp_path, IMAGES)
    _, out = edit(cfg, path, denormalize)
    old = [*raw(path, *rows(True))]
    new = [*raw(out, *rows(False))]
    for before, after in ((old[0], new[0]), (old[1], new[1]), (old[3], new[3])):
        factor = before["scales"] / np.sqrt(before["rolling_variance"].astype(np.float64) + 1e-5)
        weights = before["weights"] * factor.reshape(-1, *[1] * (before["weights"].ndim - 1))
        assert np.allclose(after["weights"], weights, rtol=1e-6)
        biases = before["biases"] - before["rolling_mean"] * factor
        assert np.allclose(after["biases"], biases, rtol=1e-5, atol=1e-6)
    assert all(np.array_equal(new[2][name], old[2][name]) for name in old[2])


def rows(batchnorm: bool) -> tuple[list[tuple[str, tuple[int, ...]]], ...]:
    return (
        conv_rows(4, 3, 3, batchnorm),
        conv_rows(4, 2, 3, batchnorm),
        conv_rows(2, 4, 1, False),
        matrix_rows(5, 2 * 4 * 4, batchnorm),
    )


@pytest.mark.parametrize("text", [IMAGES, VECTORS], ids=["images", "vectors"])
def test_reset_by_the_output(tmp_path: Path, text: str) -> None:
    """The cfg stays; 1 / sqrt(1 + 1e-5) of each layer is left."""
    cfg, path = written(tmp_path, text)
    _, out = edit(cfg, path, reset)
    x = inputs(text)
    assert np.allclose(outputs(cfg, out, x), outputs(cfg, path, x), rtol=1e-4, atol=1e-4)
    assert out.stat().st_size == path.stat().st_size


def test_reset_has_what_denormalize_has_and_an_identity(tmp_path: Path) -> None:
    cfg, path = written(tmp_path, IMAGES)
    made, out = edit(cfg, path, reset)
    assert made.done == "batch normalisation of layers 0 to 1 and 3 moved into the weights"
    folded = raw(edit(cfg, path, denormalize)[1], *rows(False))
    for index, arrays in enumerate(raw(out, *rows(True))):
        assert np.array_equal(arrays["weights"], folded[index]["weights"])
        assert np.array_equal(arrays["biases"], folded[index]["biases"])
        for name, value in (("scales", 1), ("rolling_mean", 0), ("rolling_variance", 1)):
            assert index == 2 or (arrays[name] == value).all()


def test_normalize_after_denormalize_is_reset_before_its_training(tmp_path: Path) -> None:
    """All of `reset` but for the variances, which both programs begin with at 0."""
    cfg, path = written(tmp_path, IMAGES.replace(conv(2), conv(2, BN)))
    folded = edit(cfg, path, denormalize)[1]
    made, again = edit(without(cfg), folded, normalize)
    assert made.done == "for the cfg with batch_normalize=1 in layers 0 to 3"
    assert "variance 0" in made.notes[0]
    network, expected = Network.from_cfg(cfg), Network.from_cfg(cfg)
    network.load_weights(again)
    expected.load_weights(edit(cfg, path, reset)[1])
    for index in range(4):
        for name, tensor in network.own(index).items():
            if name == "rolling_variance":
                assert not tensor.any()
            else:
                assert torch.equal(tensor, expected.own(index)[name])


def test_normalize_leaves_what_has_batch_normalisation(tmp_path: Path) -> None:
    """Also [gru] and [lstm], whose statistics both programs overwrite."""
    cfg, path = written(tmp_path, VECTORS)
    made, out = edit(cfg, path, normalize)
    assert list(made.tensors) == [2]
    plain = without(cfg)
    assert plain.read_text() != cfg.read_text()
    whole = out.read_bytes()[20:]
    assert whole.startswith(path.read_bytes()[20:])
    assert np.array_equal(np.frombuffer(whole, "<f4")[-9:], [1, 1, 1, 0, 0, 0, 0, 0, 0])


def test_normalize_gives_it_to_recurrent_layers(tmp_path: Path) -> None:
    cfg, path = written(tmp_path, VECTORS.replace(BN, ""))
    made, out = edit(cfg, path, normalize)
    assert list(made.tensors) == [0, 1, 2]
    cfg.write_text(cfg.read_text().replace("output=", f"{BN}output="))
    assert not Network.from_cfg(cfg).load_weights(out).partial


@pytest.mark.parametrize("tool", [reset, denormalize])
def test_pjreddies_tools_leave_lstm(tmp_path: Path, tool: Tool) -> None:
    cfg, path = written(tmp_path, VECTORS, fork="pjreddie")
    made, _ = edit(cfg, path, tool, "pjreddie")
    assert list(made.tensors) == [0]
    assert list(edit(cfg, path, tool)[0].tensors) == [0, 1]


def test_denormalize_knows_deconvolutions(tmp_path: Path) -> None:
    text = net(f"[deconvolutional]\n{BN}filters=4\nsize=2\nstride=2\nactivation=leaky\n")
    cfg, path = written(tmp_path, text)
    _, out = edit(cfg, path, denormalize)
    x = inputs(text)
    assert np.allclose(outputs(without(cfg), out, x), outputs(cfg, path, x), atol=1e-5)
    assert edit(cfg, path, reset)[0].notes == (NO_BATCHNORM,)


def test_layers_that_share_weights_need_the_cfg_changed_too(tmp_path: Path) -> None:
    text = net(conv(3, BN + "size=3\npad=1\n"), conv(3, BN + "size=3\npad=1\nshare_index=0\n"))
    cfg, path = written(tmp_path, text)
    made, out = edit(cfg, path, denormalize)
    assert made.done.endswith("in layers 0 to 1")
    x = inputs(text)
    assert np.allclose(outputs(without(cfg), out, x), outputs(cfg, path, x), atol=1e-5)


def test_cross_iteration_statistics_are_folded_as_others(tmp_path: Path) -> None:
    text = net(conv(4, "cbn=1\nsize=3\n", "leaky"))
    cfg, path = written(tmp_path, text)
    _, out = edit(cfg, path, denormalize)
    plain = tmp_path / "plain.cfg"
    plain.write_text(re.sub("cbn=1\n", "", text))
    x = inputs(text)
    assert np.allclose(outputs(plain, out, x), outputs(cfg, path, x), atol=1e-5)


@pytest.mark.parametrize("tool", [reset, denormalize])
def test_nothing_to_fold(tmp_path: Path, tool: Tool) -> None:
    cfg, path = written(tmp_path, net(conv(4), conv(2)))
    made, out = edit(cfg, path, tool)
    assert (made.done, made.notes) == ("", (NO_BATCHNORM,))
    assert out.read_bytes()[20:] == path.read_bytes()[20:]


def test_nothing_to_add(tmp_path: Path) -> None:
    cfg, path = written(tmp_path, net(conv(4, BN)))
    made, out = edit(cfg, path, normalize)
    assert (made.done, made.notes) == ("", ("no layer that the tool knows is without it",))
    assert out.read_bytes()[20:] == path.read_bytes()[20:]
