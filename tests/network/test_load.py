"""What is refused before torch is imported."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.tiny_detector import files

from darknet_py.errors import CfgError, DarknetError
from darknet_py.network import load
from darknet_py.network.graph import read_graph
from darknet_py.network.load import load_model, require_memory


def test_a_network_that_fits_is_opened_with_its_names(tmp_path: Path) -> None:
    model = load_model(*files(tmp_path), names=["a", "b", "c"])
    assert model.names == ["a", "b", "c"]
    assert (len(model.graph.nodes), model.plan.covered) == (3, 3)
    assert model.graph.net.time_steps == 1


def test_memory_is_compared_with_what_a_pass_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """4 bytes a parameter, and twice the outputs that are alive at once."""
    graph = read_graph(files(tmp_path)[0])
    # The outputs of the second convolution and of the head are alive together.
    needed = 4 * graph.parameters + 2 * 4 * (2 * 16 * 16 * 32)
    monkeypatch.setattr(load, "total_memory", lambda: needed)
    require_memory(graph)
    monkeypatch.setattr(load, "total_memory", lambda: needed - 1)
    with pytest.raises(CfgError, match="one forward pass needs about .* make width and height"):
        require_memory(graph)
    monkeypatch.setattr(load, "total_memory", lambda: None)
    require_memory(graph)


def test_networks_without_a_head_are_refused(tmp_path: Path) -> None:
    cfg, weights = files(tmp_path)
    cfg.write_text(cfg.read_text().split("[yolo]")[0])
    with pytest.raises(DarknetError, match=r"no detection head, it ends in \[convolutional\]"):
        load_model(cfg, weights)
