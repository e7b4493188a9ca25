"""Loading and saving .weights: bytes, headers, partial files, nothing half done."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.layer_check import network, random_input, read

from darknet_py.errors import DarknetError, OutputError, WeightsError
from darknet_py.network import weights, weights_layout
from darknet_py.network.network import Network, load_network
from darknet_py.network.weights_header import Header

TINY = """[net]
channels=2
height=1
width=1
[conv]
filters=1
batch_normalize=1
activation=linear
[connected]
output=2
batch_normalize=1
activation=linear
"""


def floats(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}f", *values)


def header(
    major: int = 0, minor: int = 2, revision: int = 5, seen: int = 0, wide: bool = True
) -> bytes:
    return struct.pack("<iii", major, minor, revision) + struct.pack("<Q" if wide else "<I", seen)


CONVOLUTION = floats(0.5, 2, 3, 4, 10, 20)  # bias, scale, mean, variance, two weights
CONNECTED = floats(1, 2, 30, 40, 5, 6, 7, 8, 9, 11)  # biases, weights, scales, means, variances


def written(tmp_path: Path, raw: bytes, name: str = "a.weights") -> Path:
    path = tmp_path / name
    path.write_bytes(raw)
    return path


def state(net: Network) -> dict[str, list[float]]:
    return {name: tensor.flatten().tolist() for name, tensor in net.state_dict().items()}


def test_order_of_arrays_byte_by_byte(tmp_path: Path) -> None:
    """Convolutions keep batch-norm arrays before the weights, connected layers after them."""
    path = written(tmp_path, header(seen=640) + CONVOLUTION + CONNECTED)
    net = network(TINY)
    report = net.load_weights(path)
    assert state(net) == {
        "layers.0.biases": [0.5],
        "layers.0.scales": [2],
        "layers.0.rolling_mean": [3],
        "layers.0.rolling_variance": [4],
        "layers.0.weights": [10, 20],
        "layers.1.biases": [1, 2],
        "layers.1.weights": [30, 40],
        "layers.1.scales": [5, 6],
        "layers.1.rolling_mean": [7, 8],
        "layers.1.rolling_variance": [9, 11],
    }
    assert (report.layers, report.total_layers, report.floats, report.seen) == (2, 2, 16, 640)
    assert str(report) == f"{path}: all layers, 16 floats, 640 images seen"


def test_saved_bytes(tmp_path: Path) -> None:
    net = network(TINY)
    raw = header(0, 2, 0, seen=2**40) + CONVOLUTION + CONNECTED
    net.load_weights(written(tmp_path, raw))
    net.save_weights(tmp_path / "b.weights")
    assert (tmp_path / "b.weights").read_bytes() == raw
    net.save_weights(tmp_path / "c.weights", cutoff=1)
    assert (tmp_path / "c.weights").read_bytes() == raw[: 20 + len(CONVOLUTION)]


@pytest.mark.parametrize("fork, revision", [("alexeyab", 5), ("pjreddie", 0)])
def test_header_written_from_scratch(tmp_path: Path, fork: str, revision: int) -> None:
    network(TINY, fork).save_weights(tmp_path / "a.weights")
    assert (tmp_path / "a.weights").read_bytes()[:20] == header(0, 2, revision)


@pytest.mark.parametrize(
    "version, wide", [((0, 2, 5), True), ((0, 1, 0), False), ((7, 4, 3), True)]
)
def test_header_is_kept(tmp_path: Path, version: tuple[int, int, int], wide: bool) -> None:
    raw = header(*version, seen=12345, wide=wide) + CONVOLUTION + CONNECTED
    net = network(TINY)
    net.load_weights(written(tmp_path, raw))
    assert net.header == Header(*version, 12345)
    net.save_weights(tmp_path / "b.weights")
    assert (tmp_path / "b.weights").read_bytes() == raw


def test_old_files_hold_connected_matrices_transposed(tmp_path: Path) -> None:
    cfg = "[net]\ninputs=3\n[connected]\noutput=2\nactivation=linear\n[gru]\noutput=2\n"
    net = network(cfg)
    net.save_weights(tmp_path / "new.weights")
    values = np.frombuffer((tmp_path / "new.weights").read_bytes()[20:], "<f4")
    matrix = values[2:8].reshape(2, 3)
    old = [values[:2], matrix.T.ravel()]
    offset = 8
    for inputs in (2, 2, 2, 2, 2, 2):  # the six matrices of the gru: all read two values
        part = values[offset : offset + 2 + 2 * inputs]
        old += [part[:2], part[2:].reshape(2, inputs).T.ravel()]
        offset += 2 + 2 * inputs
    assert offset == len(values)
    raw = header(0, 1001, 0, seen=9, wide=False) + np.concatenate(old).tobytes()
    other = Network(net.graph, seed=5)
    other.load_weights(written(tmp_path, raw))
    assert state(other) == state(net)
    other.save_weights(tmp_path / "again.weights")
    assert (tmp_path / "again.weights").read_bytes() == raw


def test_convolutions_of_old_files_are_not_transposed(tmp_path: Path) -> None:
    net = network("[net]\nchannels=2\nheight=1\nwidth=1\n[conv]\nfilters=2\n")
    raw = header(0, 1001, 0, wide=False) + floats(1, 2, 3, 4, 5, 6)
    net.load_weights(written(tmp_path, raw))
    assert net.own(0)["weights"].flatten().tolist() == [3, 4, 5, 6]


def test_partial_file(tmp_path: Path) -> None:
    net = network(TINY)
    before = state(net)
    path = written(tmp_path, header(seen=3) + CONVOLUTION)
    report = net.load_weights(path)
    assert (report.partial, report.layers, report.floats) == (True, 1, 6)
    assert str(report) == f"{path}: 1 of 2 layers, 6 floats, 3 images seen"
    after = state(net)
    assert after["layers.0.weights"] == [10, 20]
    assert {k: v for k, v in after.items() if k.startswith("layers.1.")} == {
        k: v for k, v in before.items() if k.startswith("layers.1.")
    }


def test_cutoff_leaves_later_layers_alone(tmp_path: Path) -> None:
    net = network(TINY)
    before = state(net)
    report = net.load_weights(written(tmp_path, header() + CONVOLUTION + CONNECTED), cutoff=1)
    assert (report.partial, report.layers, report.floats) == (False, 1, 6)
    assert net.own(0)["biases"].tolist() == [0.5]
    assert state(net)["layers.1.biases"] == before["layers.1.biases"]


@pytest.mark.parametrize(
    "options, raw, kept",
    [
        ("dontload=1", b"", {"biases", "scales", "rolling_mean", "rolling_variance", "weights"}),
        ("dontloadscales=1", floats(0.5, 10, 20), {"scales", "rolling_mean", "rolling_variance"}),
    ],
)
def test_layers_told_not_to_load(tmp_path: Path, options: str, raw: bytes, kept: set[str]) -> None:
    net = network(TINY.replace("filters=1\n", f"filters=1\n{options}\n"))
    before = {name: tensor.flatten().tolist() for name, tensor in net.own(0).items()}
    net.load_weights(written(tmp_path, header() + raw + CONNECTED))
    after = {name: tensor.flatten().tolist() for name, tensor in net.own(0).items()}
    assert {name for name in after if after[name] == before[name]} == kept
    assert net.own(1)["weights"].flatten().tolist() == [30, 40]


def test_numload_fills_the_first_filters(tmp_path: Path) -> None:
    net = network(
        "[net]\nchannels=1\nheight=1\nwidth=1\n[conv]\nfilters=3\nbatch_normalize=1\nnumload=2\n"
    )
    third = {name: tensor.flatten().tolist()[2] for name, tensor in net.own(0).items()}
    net.load_weights(written(tmp_path, header() + floats(*range(1, 11))))
    loaded = {name: tensor.flatten().tolist() for name, tensor in net.own(0).items()}
    assert loaded == {
        "biases": [1, 2, third["biases"]],
        "scales": [3, 4, third["scales"]],
        "rolling_mean": [5, 6, third["rolling_mean"]],
        "rolling_variance": [7, 8, third["rolling_variance"]],
        "weights": [9, 10, third["weights"]],
    }
    net.save_weights(tmp_path / "b.weights")
    assert (tmp_path / "b.weights").stat().st_size == 20 + 4 * 15  # all filters are saved


def test_numload_of_flipped_weights(tmp_path: Path) -> None:
    net = network("[net]\nchannels=2\nheight=1\nwidth=1\n[conv]\nfilters=3\nnumload=2\nflipped=1\n")
    net.load_weights(written(tmp_path, header() + floats(1, 2, 10, 20, 30, 40)))
    assert net.own(0)["weights"][:2].flatten().tolist() == [10, 30, 20, 40]


def test_dontsave(tmp_path: Path) -> None:
    net = network(TINY.replace("filters=1\n", "filters=1\ndontsave=1\n"))
    net.save_weights(tmp_path / "a.weights")
    assert (tmp_path / "a.weights").stat().st_size == 20 + len(CONNECTED)


def test_pjreddies_batchnorm_has_no_biases_in_the_file(tmp_path: Path) -> None:
    cfg = "[net]\nchannels=2\nheight=1\nwidth=1\n[batchnorm]\n"
    net = network(cfg, "pjreddie")
    net.load_weights(written(tmp_path, header() + floats(1, 2, 3, 4, 5, 6)))
    assert state(net) == {
        "layers.0.biases": [0, 0],
        "layers.0.scales": [1, 2],
        "layers.0.rolling_mean": [3, 4],
        "layers.0.rolling_variance": [5, 6],
    }
    with pytest.raises(WeightsError, match="the cfg needs 8 floats, the file has 6"):
        network(cfg, "alexeyab").load_weights(tmp_path / "a.weights")


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_recurrent_matrices_follow_the_fork(tmp_path: Path, kind: str) -> None:
    """The same bytes mean other matrices in the other fork."""
    cfg = f"[net]\ninputs=2\n[{kind}]\noutput=2\n"
    network(cfg, "pjreddie").save_weights(tmp_path / "a.weights")
    ours, theirs = Network(read(cfg), seed=1), Network(read(cfg, "pjreddie"), seed=1)
    ours.load_weights(tmp_path / "a.weights")
    theirs.load_weights(tmp_path / "a.weights")
    first = {"gru": ("uz", "wz"), "lstm": ("wf", "wi")}[kind]
    own, other = (
        net.own(0)[f"{name}.weights"] for net, name in zip((ours, theirs), first, strict=True)
    )
    assert torch.equal(own, other)


BAD = [
    header() + CONVOLUTION + CONNECTED[:-4],
    header() + CONVOLUTION + CONNECTED + floats(1),
    header() + CONVOLUTION[:-1],
    header()[:10],
    b"<html>",
    b"",
]


@pytest.mark.parametrize("raw", BAD)
def test_nothing_changes_when_a_load_fails(tmp_path: Path, raw: bytes) -> None:
    net = network(TINY)
    before, kept = state(net), net.header
    with pytest.raises(WeightsError):
        net.load_weights(written(tmp_path, raw))
    assert state(net) == before and net.header is kept


def test_interrupted_save_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = network(TINY)
    path = written(tmp_path, b"old")
    plain = weights._write_layer

    def fails(network: Network, index: int, *rest: object) -> None:
        if index == 1:
            raise KeyboardInterrupt
        plain(network, index, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(weights, "_write_layer", fails)
    with pytest.raises(KeyboardInterrupt):
        net.save_weights(path)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.weights"]


def test_full_disk_is_an_output_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(weights, "_write_layer", full)
    with pytest.raises(OutputError, match="cannot be written: No space left on device"):
        network(TINY).save_weights(tmp_path / "a.weights")
    assert list(tmp_path.iterdir()) == []


def test_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written: No such file or directory"):
        network(TINY).save_weights(tmp_path / "gone" / "a.weights")


def test_folder_as_target(tmp_path: Path) -> None:
    (tmp_path / "a.weights").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        network(TINY).save_weights(tmp_path / "a.weights")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.weights"]


def test_saved_files_are_readable_by_others_as_usual(tmp_path: Path) -> None:
    network(TINY).save_weights(tmp_path / "a.weights")
    written(tmp_path, b"", "plain")
    assert (tmp_path / "a.weights").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_folded_networks_are_not_saved(tmp_path: Path) -> None:
    with pytest.raises(DarknetError, match="batch normalisation is folded in"):
        network(TINY).for_inference().save_weights(tmp_path / "a.weights")


def test_partial_command(tmp_path: Path) -> None:
    """Darknet's `partial`: the layers before a cutoff, seen 0, the header of its own program."""
    net = network(TINY, "pjreddie")
    net.load_weights(written(tmp_path, header(0, 2, 9, seen=77) + CONVOLUTION + CONNECTED))
    weights.partial(net, tmp_path / "a.conv.1", 1)
    assert (tmp_path / "a.conv.1").read_bytes() == header(0, 2, 0) + CONVOLUTION


def test_load_into_a_network_of_another_precision_and_memory_format(tmp_path: Path) -> None:
    net = network("[net]\nchannels=2\nheight=3\nwidth=3\n[conv]\nfilters=2\nsize=3\npad=1\n")
    net.save_weights(tmp_path / "a.weights")
    expected = (tmp_path / "a.weights").read_bytes()
    for other in (
        Network(net.graph).double(),
        Network(net.graph).to(memory_format=torch.channels_last),
    ):
        other.load_weights(tmp_path / "a.weights")
        other.save_weights(tmp_path / "b.weights")
        assert (tmp_path / "b.weights").read_bytes() == expected


def test_load_network_starts_what_the_file_leaves_open(tmp_path: Path) -> None:
    (tmp_path / "net.cfg").write_text(TINY)
    path = written(tmp_path, header() + CONVOLUTION)
    net, report = load_network(tmp_path / "net.cfg", path, seed=4)
    assert report.partial
    own = {name: tensor.tolist() for name, tensor in net.own(1).items() if name != "weights"}
    assert own == {
        "biases": [0, 0],
        "scales": [1, 1],
        "rolling_mean": [0, 0],
        "rolling_variance": [0, 0],
    }
    again, _ = load_network(tmp_path / "net.cfg", path, seed=4)
    assert state(again) == state(net)
    assert net.own(0)["weights"].flatten().tolist() == [10, 20]


# properties

SECTIONS = st.one_of(
    st.builds(
        "[conv]\nfilters={}\nsize={}\npad=1\nbatch_normalize={}\nactivation=leaky\n".format,
        st.integers(1, 4),
        st.sampled_from([1, 2, 3]),
        st.integers(0, 1),
    ),
    st.builds(
        "[connected]\noutput={}\nbatch_normalize={}\nactivation=tanh\n".format,
        st.integers(1, 5),
        st.integers(0, 1),
    ),
    st.just("[dropout]\n"),
    st.just("[maxpool]\nsize=2\nstride=2\n"),
    st.builds("[batchnorm]\n".format),
)


@settings(max_examples=40)
@given(
    st.lists(SECTIONS, min_size=1, max_size=5),
    st.integers(0, 2**63),
    st.sampled_from(["alexeyab", "pjreddie"]),
)
def test_round_trip_of_any_network(
    tmp_path_factory, sections: list[str], seen: int, fork: str
) -> None:
    folder = tmp_path_factory.mktemp("round")
    net = network("[net]\nchannels=2\nheight=3\nwidth=4\n" + "".join(sections), fork)
    net.header = Header(0, 2, 5, seen)
    net.save_weights(folder / "a.weights")
    assert (folder / "a.weights").stat().st_size == 20 + 4 * net.graph.parameters
    if not net.graph.parameters:
        return
    other = Network(net.graph, seed=3)
    report = other.load_weights(folder / "a.weights")
    assert report.seen == seen and not report.partial
    x = random_input(net, 2)
    for ours, theirs in zip(net.trace(x), other.trace(x), strict=True):
        assert torch.equal(ours, theirs)
    other.save_weights(folder / "b.weights")
    assert (folder / "b.weights").read_bytes() == (folder / "a.weights").read_bytes()


@settings(max_examples=40)
@given(st.integers(0, 3 * 64), st.binary(max_size=40))
def test_any_bytes_load_or_raise(tmp_path_factory, cut: int, head: bytes) -> None:
    folder = tmp_path_factory.mktemp("any")
    raw = head + (header() + CONVOLUTION + CONNECTED)[: max(0, cut - len(head))]
    path = folder / "a.weights"
    path.write_bytes(raw)
    net = network(TINY)
    before = state(net)
    try:
        net.load_weights(path)
    except WeightsError:
        assert state(net) == before


def test_a_file_that_shrinks_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    net = network("[net]\ninputs=4\n[connected]\noutput=3\n[connected]\noutput=2\n")
    path = tmp_path / "a.weights"
    net.save_weights(path)
    planned = weights_layout.plan(net.graph, path)
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(WeightsError, match=r"a\.weights: became shorter while it was read"):
        weights.read(net, planned)
