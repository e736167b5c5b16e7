"""Small things that several figures of cells share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SMALL = 8
"""Font size of legends and of names inside of a figure."""
TAG = {"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.8}
"""Box behind a name, so that it can be read on anything."""


def plain_log(axes: Axes) -> None:
    """Logarithmic y axis with plain numbers; 2 and 5 are named too where there are few powers of ten."""
    from matplotlib.ticker import FuncFormatter

    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")

    def name(value: float, _) -> str:
        low, high = axes.get_ylim()
        digit = round(value / 10.0 ** math.floor(math.log10(value * 1.000001)))
        return f"{value:g}" if high < 100.0 * low and digit in (2, 5) else ""

    axes.yaxis.set_minor_formatter(FuncFormatter(name))
