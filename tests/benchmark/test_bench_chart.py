"""The bar chart."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.bench_rows import row

from darknet_py.benchmark.bench_chart import draw_chart


def test_the_chart_has_a_bar_of_each_median(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    figures = []
    monkeypatch.setattr(
        "darknet_py.benchmark.bench_chart.save", lambda figure, path: figures.append(figure)
    )
    rows = [row("torch", "fp32", 10.0), row("torch", "bf16", 4.0), row("torch", "fp32", 50.0, 8)]
    draw_chart(tmp_path / "c.png", rows, "title")
    frames = figures[0].axes
    assert [frame.get_title() for frame in frames] == ["batch 1", "batch 8"]
    bars = [[bar.get_width() for bar in frame.patches] for frame in frames]
    assert bars == [[10.0, 4.0], [50.0]]
    names = [label.get_text() for label in frames[0].get_yticklabels()]
    assert names == ["torch fp32", "torch bf16"]
