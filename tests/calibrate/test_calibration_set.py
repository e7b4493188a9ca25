"""Which images of a data set count, and when they are no longer the same."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.labelled import data_set

from darknet_py.calibrate.calibration_set import calibration_set, spread
from darknet_py.cfg.datafile import read_data_file
from darknet_py.network.graph import Graph, read_graph


def test_spread() -> None:
    paths = [f"{number}" for number in range(10)]
    assert spread(paths, 10) == spread(paths, 99) == paths
    assert spread(paths, 4) == ["0", "2", "5", "7"]
    assert spread(paths, 1) == ["0"]


def test_the_digest_is_of_images_labels_and_how_they_are_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = read_data_file(data_set(tmp_path))
    graph = read_graph("n.cfg")

    def digest(graph: Graph = graph, most: int | None = None) -> str:
        return calibration_set(data, graph, most).digest

    first = digest()
    assert digest() == first and digest(most=2) == first
    assert digest(most=1) != first
    assert digest(read_graph("n.cfg", width=graph.net.width * 2)) != first
    for path in ("a.png", "b.txt"):
        os.utime(path, ns=(1, 1))
        changed = digest()
        assert changed != first
        first = changed
    Path("b.png").unlink()
    assert digest() != first


def test_the_images_and_their_other_labels_go_together(tmp_path: Path) -> None:
    (tmp_path / "hard.txt").write_text("c.png\nd.png\n")
    data = read_data_file(data_set(tmp_path, f"difficult={tmp_path / 'hard.txt'}"))
    made = calibration_set(data, read_graph(tmp_path / "n.cfg"), 1)
    assert (
        [Path(path).name for path in made.images]
        == ["a.png"]
        == [Path(path).name for path in made.range_images]
    )
    assert made.difficult is not None and Path(made.difficult[0]).name == "c.png"
