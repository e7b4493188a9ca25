"""Darknet's count of operations."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py.benchmark.speed import operations, ops_lines
from darknet_py.network.graph import read_graph

CFGS = Path(__file__).resolve().parents[2] / "cfg"
NET = "[net]\nwidth=8\nheight=6\nchannels=4\n"
CONV = "[conv]\nfilters=8\nsize=3\nstride=2\npad=1\nactivation=linear\n"
VECTORS = "[net]\ninputs=5\ntime_steps=1\n"


@pytest.mark.parametrize(
    ("sections", "count"),
    [
        (NET + CONV, 2 * 8 * 9 * 4 * (4 * 3)),
        (NET + CONV + "groups=2\n", 2 * 8 * 9 * 2 * (4 * 3)),
        (NET + CONV + "xnor=1\n", 2 * 8 * 9 * 4 * (4 * 3)),
        # Pools, shortcuts and joins are left out.
        (NET + CONV + "[maxpool]\nsize=2\nstride=2\n[route]\nlayers=-1,-1\n", 2 * 8 * 9 * 4 * 12),
        (NET + "[connected]\noutput=7\n", 2 * (8 * 6 * 4) * 7),
        (VECTORS + "[rnn]\noutput=3\nhidden=4\n", 2 * (5 * 4 + 4 * 4 + 4 * 3)),
        (VECTORS + "[gru]\noutput=3\n", 2 * 3 * (5 * 3 + 3 * 3)),
        (VECTORS + "[lstm]\noutput=3\n", 2 * 4 * (5 * 3 + 3 * 3)),
        (NET + "[crnn]\noutput=2\nhidden=2\npad=1\n", 0),
    ],
)
def test_count(sections: str, count: int, tmp_path: Path) -> None:
    cfg = tmp_path / "n.cfg"
    cfg.write_text(sections)
    assert operations(read_graph(cfg)) == count


def test_lines() -> None:
    graph = read_graph(CFGS / "yolov3.cfg", width=416, height=416)
    assert ops_lines(graph) == [
        "Floating Point Operations: 65864075264",
        "Floating Point Operations: 65.86 Bn",
    ]
