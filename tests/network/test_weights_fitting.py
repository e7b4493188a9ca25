"""Weights of another network: the layers that fit are taken where they lie, the others named."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
import torch
from support.layer_check import network

from darknet_py.errors import WeightsError
from darknet_py.network.network import Network
from darknet_py.network.weights_fitting import layer_words

NET = "[net]\nchannels=3\nheight=16\nwidth=16\n"
CONV = "[conv]\nbatch_normalize=1\nfilters={filters}\nsize={size}\npad=1\nactivation=leaky\n"
HEAD = (
    "[conv]\nfilters={filters}\nsize=1\nactivation=linear\n"
    "[yolo]\nmask={mask}\nanchors=1,2,3,4,5,6\nnum=3\nclasses={classes}\n"
)


def two_heads(classes: int) -> str:
    """Convolutions 0, 1, 5 and 7 of all class counts are alike; 2 and 8 stand above the heads."""
    parts = [
        CONV.format(filters=4, size=3),
        CONV.format(filters=6, size=1),
        HEAD.format(filters=2 * (5 + classes), mask="1,2", classes=classes),
        "[route]\nlayers=1\n",
        CONV.format(filters=5, size=3),
        "[maxpool]\nsize=2\nstride=2\n",
        CONV.format(filters=3, size=3),
        HEAD.format(filters=5 + classes, mask="0", classes=classes),
    ]
    return NET + "".join(parts)


def chain(*sizes: int, filters: int = 4) -> str:
    return NET + "".join(CONV.format(filters=filters, size=size) for size in sizes)


def learnt(cfg: str, seed: int = 1) -> Network:
    """A network whose statistics are those of a training: variances are positive."""
    net = network(cfg)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in net.state_dict().items():
            tensor.normal_(generator=generator)
            if name.endswith("variance"):
                tensor.abs_().add_(0.01)
    return net


def saved(net: Network, tmp_path: Path) -> Path:
    net.header = type(net.header)(0, 2, 5, 640)
    net.save_weights(tmp_path / "a.weights")
    return tmp_path / "a.weights"


def same(a: Network, b: Network, index: int) -> bool:
    mine, other = a.own(index), b.own(index)
    return all(torch.equal(mine[name], other[name]) for name in mine)


def test_weights_of_another_class_count_lose_the_convolutions_above_heads_alone(
    tmp_path: Path,
) -> None:
    three, one = learnt(two_heads(3)), network(two_heads(1))
    kept = {i: {k: v.clone() for k, v in one.own(i).items()} for i in (2, 8)}
    report = one.load_weights(saved(three, tmp_path), strict=False)
    assert [same(three, one, index) for index in (0, 1, 5, 7)] == [True] * 4
    for index, tensors in kept.items():
        assert all(torch.equal(one.own(index)[name], value) for name, value in tensors.items())
    assert (report.missing, report.seen, report.partial) == ((2, 8), 640, True)
    assert report.random_layers == (
        "is of a network with classes=3; layers 2 and 8 start at random"
    )
    assert report.floats == sum(
        tensor.numel() for i in (0, 1, 5, 7) for tensor in one.own(i).values()
    )


def test_strict_is_the_default(tmp_path: Path) -> None:
    one = network(two_heads(1))
    before = {name: tensor.clone() for name, tensor in one.state_dict().items()}
    with pytest.raises(WeightsError, match="it fits classes=3 in the heads"):
        one.load_weights(saved(learnt(two_heads(3)), tmp_path))
    assert all(torch.equal(before[name], tensor) for name, tensor in one.state_dict().items())


def test_a_file_that_fits_is_read_as_ever(tmp_path: Path) -> None:
    path = saved(learnt(two_heads(1)), tmp_path)
    one = network(two_heads(1))
    assert one.load_weights(path, strict=False) == network(two_heads(1)).load_weights(path)
    assert one.load_weights(path, cutoff=2, strict=False).missing == ()


def test_a_size_that_fits_classes_by_chance_is_seen_by_its_variances(tmp_path: Path) -> None:
    """The aligned layers must look like layers; else those before the misfit are taken."""
    one = network(two_heads(1))
    path = saved(learnt(two_heads(3)), tmp_path)
    raw = bytearray(path.read_bytes())
    # The first variance of layer 5 in its aligned place: biases, scales, means come before it.
    before = sum(t.numel() for i in (0, 1) for t in one.own(i).values()) + 16 * 7 + 3 * 5
    raw[20 + 4 * before : 24 + 4 * before] = struct.pack("<f", -1.0)
    path.write_bytes(bytes(raw))
    report = one.load_weights(path, strict=False)
    assert report.misfit.startswith("is of another network: ")
    assert 5 in report.missing and 8 in report.missing


@pytest.mark.parametrize(
    ("sizes", "missing"),
    [
        ((3, 3, 3, 3), ()),
        ((3, 3, 3, 1), (3,)),  # the file has floats left over, or ends inside the last layer
        ((3, 3, 1, 3), (2, 3)),  # layer 3 shows that 2 was cut in the wrong place
        ((3, 1, 3, 3), (1, 2, 3)),
        ((1, 3, 3, 3), (0, 1, 2, 3)),
    ],
)
def test_layers_before_the_first_that_does_not_fit(
    tmp_path: Path, sizes: tuple[int, ...], missing: tuple[int, ...]
) -> None:
    other, mine = learnt(chain(3, 3, 3, 3)), network(chain(*sizes))
    report = mine.load_weights(saved(other, tmp_path), strict=False)
    assert report.missing == missing
    first = min(missing, default=4)
    assert [same(other, mine, index) for index in range(first)] == [True] * first


def test_a_file_cut_off_inside_a_layer(tmp_path: Path) -> None:
    other, mine = learnt(chain(3, 3, 3)), network(chain(3, 3, 3))
    path = saved(other, tmp_path)
    path.write_bytes(path.read_bytes()[:-6])
    report = mine.load_weights(path, strict=False)
    assert (report.missing, report.layers) == ((2,), 2)
    assert [same(other, mine, index) for index in range(3)] == [True, True, False]
    assert str(report) == f"{path}: the layers that fit, {report.floats} floats, 640 images seen"


def test_what_is_no_weights_file_is_refused_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.weights"
    for raw, message in (
        (b"<html>", "HTML page"),
        (struct.pack("<iiiQ", 0, 2, 5, 0), "has a header and no weights"),
        (b"\0" * 10, "less than the 16 of its header"),
    ):
        path.write_bytes(raw)
        with pytest.raises(WeightsError, match=message):
            network(chain(3)).load_weights(path, strict=False)


def test_words_for_layers() -> None:
    stored = [0, 2, 3, 5, 8, 9]
    assert layer_words([2], stored) == "layer 2"
    assert layer_words([2, 9], stored) == "layers 2 and 9"
    assert layer_words([0, 3, 5, 9], stored) == "layers 0, 3 to 5 and 9"
    assert layer_words([3, 5, 8, 9], stored) == "layers 3 to 9"
