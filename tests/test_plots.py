"""Drawings need matplotlib and a name they can be saved by."""

from __future__ import annotations

from pathlib import Path

import pytest

from darknet_py import plots
from darknet_py.errors import DarknetError, OutputError


def test_without_matplotlib_the_message_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(DarknetError, match="--curves needs the package .*pip install matplotlib"):
        plots.require_matplotlib("--curves")
    with pytest.raises(OutputError, match="figures are drawn as .png, .jpg, .svg, .pdf"):
        plots.require_image(Path("o.bmp"))
