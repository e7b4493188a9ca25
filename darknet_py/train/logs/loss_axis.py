"""An axis for losses, which fall from hundreds to below one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from darknet_py.train.logs.thinned_table import Floats

NARROW = 8.0
"""Highest by lowest value up to which round numbers of 1, 2 and 5 would be too few."""


def log_axis(axes: Axes, values: Sequence[Floats], headroom: float = 0.0) -> None:
    """Makes the y axis of these values, each (rows,), logarithmic, its ticks plain numbers.

    headroom: share of its height that stays free above them, for a legend. Where no value is above
    0 it stays linear.
    """
    # Importing them takes a moment, and most trainings end before they are drawn.
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    joined = np.concatenate(values)
    positive = joined[np.isfinite(joined) & (joined > 0)]
    if not len(positive):
        return
    low, high = float(positive.min()), float(positive.max())
    axes.set_yscale("log")
    low, high = low / 1.1, high * 1.1
    axes.set_ylim(low, high * (high / low) ** (headroom / (1 - headroom)))
    narrow = high < NARROW * low
    subs = (1.0, 2.0, 5.0) if high < 1e4 * low else (1.0,)
    axes.yaxis.set_major_locator(MaxNLocator(6) if narrow else LogLocator(subs=subs, numticks=20))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
