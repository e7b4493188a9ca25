"""What is common to the tools on weights files: the header, what a message names."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.raw_weights import SEEN, conv, header, net, written

from darknet_py import DarknetError, Network
from darknet_py.network.graph import read_graph
from darknet_py.weight_tools.edit import edited, layers_named, matrices, normalized, written_header
from darknet_py.weight_tools.filter_edits import rgbgr

TWO = net(conv(4, "batch_normalize=1\nsize=3\n"), "[maxpool]\nsize=2\nstride=2\n", conv(2))


@pytest.mark.parametrize(
    ("fork", "expected"), [("alexeyab", (0, 2, 5, 28)), ("pjreddie", (0, 2, 0, SEEN))]
)
def test_the_header_is_the_programs_own(
    tmp_path: Path, fork: str, expected: tuple[int, int, int, int]
) -> None:
    """AlexeyAB's counts whole iterations of 4 images: 31 seen are 7 of them."""
    cfg, path = written(tmp_path, TWO, fork=fork)
    network = Network.from_cfg(cfg, fork=fork)
    network.load_weights(path)
    edit = rgbgr(network)
    edit.save(tmp_path / "out")
    assert header(path)[3] == SEEN and header(tmp_path / "out") == expected


def test_an_iteration_has_time_steps_and_whole_subdivisions(tmp_path: Path) -> None:
    cfg = tmp_path / "n.cfg"
    cfg.write_text(
        "[net]\ninputs=3\nbatch=5\nsubdivisions=2\ntime_steps=3\n[connected]\noutput=1\n"
    )
    assert written_header(read_graph(cfg), 25).seen == 24


def test_the_network_stays_as_it_is(tmp_path: Path) -> None:
    cfg, path = written(tmp_path, TWO)
    network = Network.from_cfg(cfg)
    network.load_weights(path)
    rgbgr(network)
    network.save_weights(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_a_folded_network_is_refused(tmp_path: Path) -> None:
    network = Network.from_cfg(written(tmp_path, TWO)[0]).for_inference()
    with pytest.raises(DarknetError, match="batch normalisation is folded in"):
        edited(network, {}, "")


def test_names_of_matrices(tmp_path: Path) -> None:
    cfg, _ = written(tmp_path, net(conv(4), "[gru]\nbatch_normalize=1\noutput=2\n"))
    network = Network.from_cfg(cfg)
    assert list(matrices(network.own(0))) == [""] and not normalized(network.own(0))
    names = ["uz.", "ur.", "uh.", "wz.", "wr.", "wh."]
    assert list(matrices(network.own(1))) == names and normalized(network.own(1))


def test_layers_without_tensors_do_not_break_a_range(tmp_path: Path) -> None:
    graph = read_graph(written(tmp_path, TWO + conv(2) + conv(2))[0])
    assert layers_named(graph, [0, 2, 4]) == "layers 0 to 2 and 4"
