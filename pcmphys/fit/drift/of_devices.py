"""Drift of devices with its fits: the figure `pcmphys.plot.drift`, which runs its experiment on a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.cells import MushroomPopulation
from pcmphys.errors import ParameterError
from pcmphys.fit.drift.fit import drift as fitted
from pcmphys.fit.engine.words import with_error
from pcmphys.numerics import check
from pcmphys.plot import style
from pcmphys.plot.axes import SMALL, plain_log
from pcmphys.plot.figures import plain
from pcmphys.plot.mushroom import selection

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def drift(devices: Any, *, times: ArrayLike | None = None, n: int = 6, axes: Axes | None = None) -> Figure:
    """Reads of a few devices of different conductance over time, with their power laws.

    Parameters
    ----------
    devices : MushroomPopulation
        Copies of some of its devices wait and are read; it is left as it is.
    times : array_like [s], optional
        When to read, from now on, rising; by default 61 reads from 1 s to 1e6 s, even in the logarithm of the age.
    n : int
        Most devices; their conductances lie evenly on a logarithmic scale.
    axes : matplotlib axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ParameterError
        No mushroom cells, times that do not rise, fewer than three of them.

    Notes
    -----
    Each device has its own time axis: the time since its last pulse above the glass transition, if all of it passed at
    the ambient temperature, else the time at that temperature that has the same effect. Lines are fits of
    `pcmphys.fit.drift`, and so are the errors of the exponents: they know that the noise is 1/f.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> devices = pcm.load_cell("ibm-90nm-doped-gst").population(20, seed=1)
    >>> report = devices.apply(pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9))
    >>> devices.wait(20.0)
    >>> drift(devices, n=3).axes[0].get_ylabel()
    'conductance [µS]'
    """
    selection.checked(devices)
    n = check.integer("n", n, 1)
    times = check.array("times", _default_times(devices) if times is None else times, "s", 1e-9, ndim=1)
    check.increasing("times", times, "s")
    if times.size < 3:
        raise ParameterError(f"times must hold at least three reads; got {times.size}")
    traces = [_trace(devices, int(place), times) for place in selection.spread_over_conductance(devices, n)]
    with style.panel(axes, figsize=(8.0, 4.8)) as (figure, axes):
        import matplotlib as mpl

        colours = mpl.colormaps[style.ORDERED](np.linspace(0.0, 0.85, len(traces)))
        for (ages, conductance), colour in zip(reversed(traces), colours, strict=True):
            found = fitted(ages, conductance, read_duration=devices.cell.parameters.read.duration)
            exponent = " ± ".join(with_error(found.exponent, found.exponent_error))
            label = f"{_rounded(1e6 * found.g0)} µS: ν = {exponent}"
            axes.plot(ages, 1e6 * conductance, "o", ms=3, mew=0, color=colour, alpha=0.8, label=label)
            axes.plot(ages, 1e6 * found.curve(ages), color=colour, lw=1.4)
        style.time_axis(axes, np.concatenate([ages for ages, _ in traces]))
        axes.set_xlabel(axes.get_xlabel().replace("programming", "the last quench"))
        plain_log(axes)
        axes.set_ylabel("conductance [µS]")
        axes.set_title(f"{plain(devices.cell.name)}: reads and power laws $G \\propto t^{{-\\nu}}$", fontsize=10)
        axes.legend(
            fontsize=SMALL,
            loc="center left",
            bbox_to_anchor=(1.01, 0.5),
            title="fit at the first read",
            title_fontsize=SMALL,
        )
        return figure


def _default_times(devices: MushroomPopulation) -> np.ndarray:
    old = float(np.median(devices.now().glass_age.reshape(-1)))
    return np.geomspace(old + 1.0, old + 1e6, 61) - old


def _rounded(value: float) -> str:
    """Three digits without an exponent."""
    return f"{value:#.3g}".rstrip(".")


def _trace(devices: MushroomPopulation, place: int, times) -> tuple[np.ndarray, np.ndarray]:
    """Ages of the glass [s] and reads [S] of one device at the given times from now, or when its last read ends."""
    twin = devices.flat[place : place + 1]
    first = float(twin.now().glass_age.reshape(-1)[0])
    start = twin.time
    reads, at = np.empty(times.size), np.array(times)
    for k, time in enumerate(times):
        left = time - (twin.time - start)
        twin.wait(max(left, 0.0))
        if left < 0.0:
            at[k] = time - left
        reads[k] = twin.read()[0]
    return first + at, reads
