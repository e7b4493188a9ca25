"""Figures drawn with matplotlib, which is an optional extra."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from darknet_py.errors import DarknetError, OutputError
from darknet_py.files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RESOLUTION = 110
FORMATS = (".png", ".jpg", ".svg", ".pdf")


def require_matplotlib(option: str) -> None:
    """Raises DarknetError when the package that draws is not installed."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        cure = "pip install matplotlib"
        raise DarknetError(f"{option} needs the package matplotlib: {cure}") from None


def require_image(path: Path) -> None:
    """Raises OutputError for a suffix matplotlib has no format for."""
    if path.suffix.lower() not in FORMATS:
        known = ", ".join(FORMATS)
        raise OutputError(f"{path}: figures are drawn as {known}; give it such a name")


def new_figure(width: float, height: float, constrained: bool = True) -> Figure:
    """A figure of that many inches, without a window.

    constrained: matplotlib finds room for all text, which takes as long as drawing it; else the
    caller lays it out.
    """
    from matplotlib.figure import Figure

    return Figure((width, height), layout="constrained" if constrained else None)


def save(figure: Figure, path: Path) -> None:
    """Write a figure; it appears whole or not at all."""
    with replacing(path) as file:
        figure.savefig(file, format=path.suffix[1:].lower(), dpi=RESOLUTION)
