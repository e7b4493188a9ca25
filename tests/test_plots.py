"""Figures are written whole, and what stands against them is said first."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from darknet_py import plots
from darknet_py.errors import DarknetError, OutputError


def test_matplotlib_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(DarknetError, match="--plot needs the package matplotlib: pip install"):
        plots.require_matplotlib("--plot")


def test_the_suffix_must_be_known() -> None:
    plots.require_image(Path("a.PNG"))
    with pytest.raises(OutputError, match=r"a\.bmp: figures are drawn as \.png, \.jpg, "):
        plots.require_image(Path("a.bmp"))


def test_a_figure_has_the_size_asked_for(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs pip install matplotlib")
    cv2 = pytest.importorskip("cv2")
    path = tmp_path / "a.png"
    plots.save(plots.new_figure(4, 2), path)
    assert cv2.imread(str(path)).shape == (2 * plots.RESOLUTION, 4 * plots.RESOLUTION, 3)
    assert list(tmp_path.iterdir()) == [path]


def test_without_matplotlib_the_message_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(DarknetError, match="--curves needs the package .*pip install matplotlib"):
        plots.require_matplotlib("--curves")
    with pytest.raises(OutputError, match="figures are drawn as .png, .jpg, .svg, .pdf"):
        plots.require_image(Path("o.bmp"))
