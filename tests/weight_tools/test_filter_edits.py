"""`rgbgr` and `rescale`: by the raw floats, and by what the network gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from support.raw_weights import conv, conv_rows, net, outputs, raw, written

from darknet_py import Network
from darknet_py.weight_tools.edit import Edit
from darknet_py.weight_tools.filter_edits import BEHIND, rescale, rgbgr

PLAIN = net(conv(4, "size=3\n", "leaky"), conv(2))
NORMALIZED = net(conv(4, "batch_normalize=1\nsize=3\n", "leaky"), conv(2))
Tool = Callable[[Network], Edit]


def edit(cfg: Path, path: Path, tool: Tool) -> tuple[Edit, Path]:
    network = Network.from_cfg(cfg)
    network.load_weights(path)
    made, out = tool(network), path.with_name(f"{path.name}.{tool.__name__}")
    made.save(out)
    return made, out


def image() -> torch.Tensor:
    return torch.rand(2, 3, 6, 6, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("text", [PLAIN, NORMALIZED])
def test_rgbgr(tmp_path: Path, text: str) -> None:
    """The network gives for BGR what it gave for RGB."""
    cfg, path = written(tmp_path, text)
    made, out = edit(cfg, path, rgbgr)
    assert (made.done, made.notes) == ("red and blue swapped in the 4 filters of layer 0", ())
    rgb, bgr = image(), image()[:, [2, 1, 0]]
    assert np.allclose(outputs(cfg, out, bgr), outputs(cfg, path, rgb), atol=1e-12)
    assert not np.allclose(outputs(cfg, out, rgb), outputs(cfg, path, rgb), atol=1e-3)


def test_rgbgr_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    cfg, path = written(tmp_path, NORMALIZED)
    _, once = edit(cfg, path, rgbgr)
    _, twice = edit(cfg, once, rgbgr)
    assert once.read_bytes() != path.read_bytes()
    assert twice.read_bytes()[20:] == path.read_bytes()[20:]


def test_rescale_by_the_floats(tmp_path: Path) -> None:
    """weights * 2, biases - half of the sum of those; also where biases lie behind statistics."""
    cfg, path = written(tmp_path, NORMALIZED)
    made, out = edit(cfg, path, rescale)
    rows = conv_rows(4, 3, 3, True), conv_rows(2, 4, 1, False)
    (before, rest), (after, unchanged) = raw(path, *rows), raw(out, *rows)
    assert np.array_equal(after["weights"], 2 * before["weights"])
    expected = before["biases"] - before["weights"].sum((1, 2, 3), dtype=np.float64)
    assert np.allclose(after["biases"], expected, atol=1e-6)
    for name in ("scales", "rolling_mean", "rolling_variance"):
        assert np.array_equal(after[name], before[name])
    assert all(np.array_equal(unchanged[name], rest[name]) for name in rest)
    assert made.notes == (BEHIND,)


def test_rescale_by_the_output(tmp_path: Path) -> None:
    """Trained on -1 to 1, it gives for 0 to 1 the same."""
    cfg, path = written(tmp_path, PLAIN)
    made, out = edit(cfg, path, rescale)
    x = image()
    assert np.allclose(outputs(cfg, out, x), outputs(cfg, path, 2 * x - 1), atol=1e-5)
    assert not np.allclose(outputs(cfg, out, x), outputs(cfg, path, x), atol=1e-2)
    assert made.notes == ()


@pytest.mark.parametrize("tool", [rgbgr, rescale])
def test_other_channels_are_left_alone(tmp_path: Path, tool: Tool) -> None:
    cfg, path = written(tmp_path, net(conv(4), conv(2), channels=1))
    made, out = edit(cfg, path, tool)
    note = "filters of layer 0, the first convolution, are of depth 1, not 3"
    assert (made.done, made.notes) == ("", (note,))
    assert out.read_bytes()[20:] == path.read_bytes()[20:]


def test_groups_have_filters_of_three_channels(tmp_path: Path) -> None:
    """6 channels in 2 groups: each filter has 3, as both programs look at it."""
    cfg, path = written(tmp_path, net(conv(4, "groups=2\nsize=1\n"), channels=6))
    _, out = edit(cfg, path, rgbgr)
    (before,), (after,) = (raw(one, conv_rows(4, 3, 1, False)) for one in (path, out))
    assert np.array_equal(after["weights"], before["weights"][:, ::-1])


def test_the_first_convolution_may_come_late(tmp_path: Path) -> None:
    pool = "[maxpool]\nsize=2\nstride=2\n"
    cfg, path = written(tmp_path, net(pool, conv(4), conv(3)))
    made, _ = edit(cfg, path, rgbgr)
    assert list(made.tensors) == [1]


def test_no_convolution(tmp_path: Path) -> None:
    cfg, path = written(tmp_path, net("[connected]\noutput=3\n"))
    made, _ = edit(cfg, path, rgbgr)
    assert made.notes == ("the cfg has no [convolutional] layer",)
