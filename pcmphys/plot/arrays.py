"""Maps of an array: voltages, noise, what a pulse did, margins.

Word line 0 is at the top, word lines are driven at the left, bit lines are sensed at the bottom.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.crossbar import Solution
from pcmphys.crossbar.analysis.margins import WriteMargin
from pcmphys.crossbar.analysis.noise import Noise
from pcmphys.crossbar.analysis.writing import WriteReport
from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.plot import style
from pcmphys.plot.axes import SMALL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

_PREFIXES = ((1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p"), (1e-15, "f"))
_PREFIXED = ("V", "A", "S", "W", "J")
_MOST_STRETCH = 2.5
"""Arrays with a larger ratio of their sides are not drawn to scale."""
_LEAST_WIDTH = 4.2
"""Of a figure with a map [inch]: narrower, its titles and labels have no room."""
_FEW = 12
"""Up to so many positions a side, a map of margins shows its numbers."""
_WRITTEN = {
    "temperature": ("hottest temperature", "K", style.TEMPERATURES),
    "voltage": ("voltage across the device", "V", style.VOLTAGES),
    "current": ("current", "A", style.VOLTAGES),
    "energy": ("energy of the pulse", "J", style.VOLTAGES),
}


def cell_map(
    values: ArrayLike,
    *,
    label: str = "",
    unit: str = "",
    title: str = "",
    limits: ArrayLike | None = None,
    colours: str = style.VOLTAGES,
    axes: Axes | None = None,
) -> Figure:
    """Any quantity of every cell of an array as a heat map.

    Parameters
    ----------
    values : array_like
        Shape (rows, columns); what is NaN or masked stays white.
    label, unit : str
        Name of the quantity and its SI unit; V, A, S, W and J get a prefix that fits.
    title : str
        Above the map.
    limits : (float, float), optional
        Ends of the colour scale, in the unit; by default the smallest and the largest value.
    colours : str
        Name of a matplotlib colour map.
    axes : matplotlib axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ParameterError
        ``values`` are not numbers on two axes, or ``limits`` do not rise.

    Examples
    --------
    >>> figure = cell_map([[1e-6, 2e-6], [3e-6, 4e-6]], label="conductance", unit="S")
    >>> figure.axes[1].get_ylabel()
    'conductance [µS]'
    """
    values = _numbers(values, unit)
    low, high = _limits(values, limits, unit)
    scale, prefix = _prefix(max(abs(low), abs(high))) if unit in _PREFIXED else (1.0, "")
    with style.panel(axes, figsize=_size(values)) as (figure, axes):
        image = heat(values / scale, (low / scale, high / scale), colours, axes)
        below, above = bool((values < low).any()), bool((values > high).any())
        extend = {(True, True): "both", (True, False): "min", (False, True): "max"}.get((below, above), "neither")
        units = f" [{prefix}{unit}]" if unit else ""
        figure.colorbar(image, ax=axes, label=f"{label}{units}", extend=extend)
        axes.set_xlabel("bit line (sensed at the bottom)")
        axes.set_ylabel("word line (driven at the left)")
        axes.set_title(title, fontsize=10)
        return figure


def heat(values: np.ndarray, limits: tuple[float, float], colours: str, axes: Axes) -> AxesImage:
    """The picture of a map alone, one pixel a cell; returns matplotlib's image, for a colour bar."""
    from matplotlib.ticker import MaxNLocator

    to_scale = max(values.shape) <= _MOST_STRETCH * min(values.shape)
    image = axes.imshow(
        values, cmap=colours, vmin=limits[0], vmax=limits[1], interpolation="nearest",
        aspect="equal" if to_scale else "auto",
    )  # fmt: skip
    axes.grid(False)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    return image


def voltage_map(solution: Any, part: str = "cell", *, number: int = 0, axes: Axes | None = None) -> Figure:
    """Voltages of a solved crossbar as a map.

    Parameters
    ----------
    solution : Solution
        As `Crossbar.solve` gives it.
    part : str
        "cell" (selector included), "device" or "selector": what the voltage is across.
    number : int
        Which input of a batch.
    axes : matplotlib axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ParameterError
        No solution, another part, an input that the batch does not have.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> solution = pcm.Crossbar(np.full((4, 6), 25e-6), pcm.Wires(row=10.0)).solve(pcm.Bias.matvec(np.full(4, 0.2)))
    >>> voltage_map(solution).axes[1].get_ylabel()
    'voltage across the cell [mV]'
    """
    _kind("solution", solution, Solution)
    part = check.choice("part", part, ("cell", "device", "selector"))
    batch = solution.bias.batch
    number = check.integer("number", number, 0, (batch or 1) - 1)
    values = getattr(solution, f"{part}_voltage")
    values = values if batch is None else values[..., number]
    title = "" if batch is None else f"input {number} of {batch}"
    return cell_map(values, label=f"voltage across the {part}", unit="V", title=title, axes=axes)


def noise_share(noise: Any, *, axes: Axes | None = None) -> Figure:
    """Where the noise of the column currents comes from: each cell's part in the whole variance, over the mean part.

    Parameters
    ----------
    noise : Noise
        As `Crossbar.noise` or `Crossbar.noise_density` gives it.
    axes : matplotlib axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ParameterError
        No `Noise`.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> noise = pcm.Crossbar(np.full((4, 6), 25e-6)).noise(pcm.Bias.matvec([0.2, 0.1, 0.1, 0.1]), 0.01)
    >>> noise_share(noise).axes[0].get_title()
    'largest: word line 0, bit line 0 with 9.52 %'
    """
    _kind("noise", noise, Noise)
    share = noise.share
    i, j = np.unravel_index(int(np.argmax(share)), share.shape)
    title = f"largest: word line {i}, bit line {j} with {100 * share[i, j]:.3g} %" if share[i, j] > 0.0 else "no noise"
    relative = share * share.size
    label = "part in the noise over the mean part"
    return cell_map(relative, label=label, title=title, colours=style.ORDERED, axes=axes)


def write_map(report: Any, quantity: str | None = None, *, axes: Axes | None = None) -> Figure:
    """What a pulse through the array, or a write voltage, does to every cell; rings mark devices that switched on.

    The colour scale spans the cells that did *not* switch: disturb is what it shows.

    Parameters
    ----------
    report : WriteReport or WriteMargin
        As `Crossbar.write` or `crossbar.margins.write_margin` gives it.
    quantity : str, optional
        "temperature" (default of a pulse), "voltage" (the only one of a margin), "current" or "energy".
    axes : matplotlib axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ParameterError
        Something else, or a quantity that it does not hold.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> from pcmphys.crossbar.analysis.margins import write_margin
    >>> margin = write_margin(pcm.Crossbar(np.full((4, 6), 25e-6)), 1.0)
    >>> write_map(margin).axes[1].get_ylabel()
    'voltage across the device [V]'
    """
    _kind("report", report, (WriteReport, WriteMargin))
    pulse = isinstance(report, WriteReport)
    quantity = ("temperature" if pulse else "voltage") if quantity is None else quantity
    quantity = check.choice("quantity", quantity, _WRITTEN if pulse else ("voltage",))
    label, unit, colours = _WRITTEN[quantity]
    if not pulse:
        title = f"written {report.selected:.3g} V, disturb {report.disturb:.3g} V, margin {report.margin:.2f}"
        return cell_map(np.abs(report.voltage), label=label, unit=unit, title=title, colours=colours, axes=axes)
    arrays = {"temperature": report.hottest, "current": report.current, "energy": report.energy}
    values = np.abs(arrays.get(quantity, report.solution.device_voltage))
    others = values[~report.switched]
    limits = (others.min(), others.max()) if others.size else None
    top = f", hottest {report.hottest[report.switched].max():.0f} K" if report.switched.any() else ""
    title = f"{int(report.switched.sum())} of {report.switched.size} devices on{top}"
    with style.panel(axes, figsize=_size(values)) as (figure, axes):
        cell_map(values, label=label, unit=unit, title=title, limits=limits, colours=colours, axes=axes)
        i, j = np.nonzero(report.switched)
        axes.plot(j, i, "o", mfc="none", mec=style.BLUE, mew=1.5, ms=9, ls="none")
        return figure


def margins(
    values: ArrayLike, rows: ArrayLike, columns: ArrayLike, *, label: str = "margin", axes: Axes | None = None
) -> Figure:
    """A margin over the array, as `pcmphys.margin_map` gives it.

    Parameters
    ----------
    values : array_like
        Shape (positions, positions), for each of ``rows`` and ``columns``.
    rows, columns : array_like of int
        The word lines and bit lines where the margin was computed.
    label : str
        What kind of margin.
    axes : matplotlib axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ParameterError
        Shapes that do not fit.

    Examples
    --------
    >>> figure = margins([[0.4, 0.3], [0.5, 0.4]], [0, 255], [0, 255], label="write margin")
    >>> [text.get_text() for text in figure.axes[0].get_xticklabels()]
    ['0', '255']
    """
    rows, columns = (
        check.array(name, lines, "", 0.0, ndim=1).astype(int) for name, lines in (("rows", rows), ("columns", columns))
    )
    values = _numbers(values, "")
    if values.shape != (rows.size, columns.size):
        raise ParameterError(
            f"values must have shape ({rows.size}, {columns.size}), one for each of rows and columns; "
            f"got {values.shape}"
        )
    with style.panel(axes, figsize=_size(values)) as (figure, axes):
        cell_map(values, label=label, colours=style.ORDERED, axes=axes)
        if max(values.shape) <= _FEW:
            axes.set_xticks(range(columns.size), [str(j) for j in columns])
            axes.set_yticks(range(rows.size), [str(i) for i in rows])
            _write_numbers(axes, values)
        else:
            for axis, lines in ((axes.xaxis, columns), (axes.yaxis, rows)):
                places = np.linspace(0, lines.size - 1, 6).round().astype(int)
                axis.set_ticks(places, [str(lines[k]) for k in places])
        return figure


def _write_numbers(axes, values) -> None:
    low, high = np.nanmin(values), np.nanmax(values)
    for (i, j), value in np.ndenumerate(values):
        dark = value < 0.5 * (low + high)
        axes.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=SMALL, color="white" if dark else "black")


def _size(values: np.ndarray) -> tuple[float, float]:
    """Width and height [inch] of a figure in which the colour bar is as high as the map."""
    ratio = values.shape[0] / values.shape[1]
    if not 1.0 / _MOST_STRETCH <= ratio <= _MOST_STRETCH:
        ratio = 0.8
    width = min(5.2, 5.2 / ratio)
    return max(width + 1.4, _LEAST_WIDTH), width * ratio + 0.6


def _numbers(values, unit: str) -> np.ndarray:
    """Numbers on two axes; NaN or masked ones are allowed as long as there is something else."""
    found = check.with_gaps("values", check.filled(values), unit, ndim=2)
    if np.isnan(found).all():
        raise ParameterError("values must hold a number; all are NaN")
    return found


def _limits(values: np.ndarray, limits, unit: str) -> tuple[float, float]:
    if limits is None:
        return float(np.nanmin(values)), float(np.nanmax(values))
    low, high = check.array("limits", limits, unit, shape=(2,))
    if low > high:
        raise ParameterError(f"limits must rise; got {low:g} and {high:g}")
    return float(low), float(high)


def _prefix(size: float) -> tuple[float, str]:
    """Factor and name of the prefix in which a size is at least 1."""
    return next(((scale, name) for scale, name in _PREFIXES if size >= scale), (1.0, ""))


def _kind(name: str, value, kind) -> None:
    if not isinstance(value, kind):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        wanted = " or ".join(f"a {one.__name__}" for one in kinds)
        raise ParameterError(f"{name} must be {wanted}; got {type(value).__name__}")
