"""One look for all figures: the only place that names colours, fonts and lines.

Things that differ in kind have the colours of Okabe and Ito, which stay apart for colour-blind readers; things on a
scale have matplotlib's perceptually uniform maps.

References
----------
M. Okabe and K. Ito, Color Universal Design (2008), https://jfly.uni-koeln.de/color/.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, VERMILION, GREEN, PURPLE = "#0072b2", "#d55e00", "#009e73", "#cc79a7"
"""For lines: at least 3 to 1 against white."""
ORANGE, SKY = "#e69f00", "#56b4e9"
"""Paler: for areas, or where the four do not suffice."""
BLACK, GREY = "#222222", "#6b7280"
"""Measured points and guides; grey for limits and references."""
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK, GREY)
"""In the order in which things of one figure take them."""
BROWN, OLIVE, LILAC = "#8c5a2b", "#7b9e3f", "#d9c7e0"
"""For areas, where the eight do not suffice."""

ORDERED, VOLTAGES, TEMPERATURES, SHARES = "viridis", "magma", "inferno", "cividis"
"""Colour maps: of what is ordered (targets, times, currents, margins), and of quantities over an array or a cell."""

AMORPHOUS, POLYCRYSTAL, GRAINS = "#f6ad55", "#bcd3ea", ("#aac7e3", "#b5cfe8", "#c0d7ec", "#cbdef0")
HEATER, CONTACT, ELECTRODE, LINER = "#4a5568", "#8a94a6", "#4a5568", GREEN
DIELECTRIC, HATCHING = "#edf0f4", "#b8bfca"
"""Materials of a cell."""

TEXT, CAPTION, RULE, PAPER, ASSUMED = "#1a202c", "#4a5568", "#e2e8f0", "#f7fafc", "#a64900"
"""Of a report's page: text at least 4.5 to 1 against white."""

_SETTINGS = {
    "figure.dpi": 110,
    "savefig.dpi": 160,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}
_MARKS = (
    (1.0, "1 s"),
    (60.0, "1 min"),
    (3600.0, "1 h"),
    (86400.0, "1 day"),
    (2592000.0, "1 month"),
    (31557600.0, "1 yr"),
)


@contextmanager
def figure(*args, **kwargs):
    """A matplotlib figure and its axes in this package's style, without touching the user's settings or backend."""
    import matplotlib as mpl

    from pcmphys.plot.notebook import NotebookFigure

    with mpl.rc_context(_SETTINGS):
        drawn = NotebookFigure(figsize=kwargs.pop("figsize", (6.4, 4.0)))
        yield drawn, drawn.subplots(*args, **kwargs)


@contextmanager
def panel(axes=None, figsize=(6.4, 4.0)):
    """The given axes with their figure, or a new figure with one."""
    if axes is not None:
        yield axes.figure, axes
        return
    with figure(figsize=figsize) as drawn:
        yield drawn


def time_axis(axes: Axes, times: ArrayLike) -> None:
    """Logarithmic time axis with ticks that people name: 1 min, 1 h, 1 day."""
    first, last = min(times), max(times)
    axes.set_xscale("log")
    axes.set_xlim(first / 1.5, last * 1.5)
    marks = [(at, name) for at, name in _MARKS if first / 1.5 <= at <= last * 1.5]
    if len(marks) >= 2:
        axes.set_xticks([at for at, _ in marks], [name for _, name in marks])
        axes.set_xticks([], minor=True)
    axes.set_xlabel("time since programming" + ("" if len(marks) >= 2 else " [s]"))


def time_name(seconds: float) -> str:
    """A time as people say it: 20 s, 1 min, 1 h, 1 day, 1 month.

    Examples
    --------
    >>> [time_name(t) for t in (20.0, 60.0, 7200.0, 86400.0, 2592000.0)]
    ['20 s', '1 min', '2 h', '1 day', '1 month']
    """
    for size, name in ((31557600.0, "yr"), (2592000.0, "month"), (86400.0, "day"), (3600.0, "h"), (60.0, "min")):
        if seconds >= size:
            count = seconds / size
            plural = "s" if name in ("month", "day") and round(count, 1) != 1 else ""
            return f"{count:.3g} {name}{plural}"
    return f"{seconds:.3g} s"
