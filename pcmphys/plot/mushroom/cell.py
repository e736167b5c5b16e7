"""One mushroom cell as a device physicist draws it: cross-section, plan view, temperature, current-voltage curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.plot import style
from pcmphys.plot.figures import plain
from pcmphys.plot.mushroom import selection
from pcmphys.plot.mushroom.characteristics import current_voltage, temperature
from pcmphys.plot.mushroom.structure import cross_section, plan
from pcmphys.plot.mushroom.view import CellView, view
from pcmphys.programming import Pulse

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CURRENTS = (100e-6, 200e-6, 300e-6, 440e-6)  # SET to full RESET of the shipped cells
_PANELS = ("cross-section", "plan view", "temperature", "current-voltage curve")


def cell(devices: Any, index: int | Sequence[int], *, pulse: Pulse | None = None, axes: Axes | None = None) -> Figure:
    """One cell of a population in cross-section and plan view, its temperature in the on-state, and its I-V curve.

    Parameters
    ----------
    devices : MushroomPopulation
        It is left as it is.
    index : int or tuple of int
        Which device: one whole number for each axis of the population's shape.
    pulse : Pulse or sequence of Pulse, optional
        The temperature is drawn for the peaks of these pulses; by default for 100, 200, 300 and 440 uA.
    axes : sequence of four matplotlib axes, optional
        Where to draw, the second in polar projection; by default a new figure.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ParameterError
        No mushroom cells, an index outside of the population, pulses beyond the on-state's validity, wrong axes.

    Notes
    -----
    The cross-section cuts the sector that carries most of the read current, and the one opposite to it (line A-A' of
    the plan view). A grain's distance from the heater and its radius are state; its angles within the sector are not,
    and are drawn evenly. The grains around the dome are decoration of the polycrystal's grain size. The dome starts
    at the heater's radius: the half sphere inside is one equipotential in the model. Temperatures are steady ones of
    a front without roughness. A pulse of voltage counts as the current that a SET device takes of it. The I-V is that
    of the cell with its heater, driven by a current; behind leads and load: `iv`.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> devices = pcm.load_cell("ibm-90nm-doped-gst").population(20, seed=1)
    >>> report = devices.apply(pcm.Pulse(current=440e-6, width=1e-6, fall=5e-9))
    >>> devices.wait(20.0)
    >>> cell(devices, 0).axes[0].get_xlabel()
    'lateral position [nm]'
    """
    seen = view(selection.checked(devices), index)
    currents = _currents(devices, pulse)
    if axes is not None:
        _draw(seen, currents, _checked_axes(axes))
        return axes[0].figure
    with style.figure(2, 2, figsize=(11.6, 9.0)) as (figure, panels):
        grid = panels[0, 1].get_subplotspec()
        panels[0, 1].remove()
        polar = figure.add_subplot(grid, projection="polar")
        _draw(seen, currents, (panels[0, 0], polar, *panels[1]))
        figure.suptitle(
            f"{plain(devices.cell.name)}, device {_place(seen.index)}: {1e6 * seen.conductance:.3g} µS at "
            f"{1e3 * devices.cell.read_voltage:.0f} mV",
            fontsize=12,
        )
        return figure


def _place(index: tuple[int, ...]) -> str:
    return str(index[0] if len(index) == 1 else index)


def _draw(view: CellView, currents, axes) -> None:
    cross_section(view, axes[0])
    plan(view, axes[1])
    temperature(view, currents, axes[2])
    current_voltage(view, axes[3])


def _currents(devices, pulse) -> list[float]:
    """Peak currents [A] of the pulses, falling, each once."""
    p = devices.cell.parameters.heat
    if pulse is None:
        return sorted((c for c in _CURRENTS if c <= p.largest_current), reverse=True)
    pulses = [pulse] if isinstance(pulse, Pulse) else pulse
    if not isinstance(pulses, (list, tuple)) or not pulses or not all(isinstance(one, Pulse) for one in pulses):
        raise ParameterError(f"pulse must be a Pulse or a sequence of them; got {pulse!r}")
    voltage, leads = p.on_voltage, devices.cell.parameters.leads
    peaks = {abs(one.peak) if one.kind == "current" else max(abs(one.peak) - voltage, 0.0) / leads for one in pulses}
    for peak in peaks:
        check.number("pulse", peak, "A", 0.0, p.largest_current)
    return sorted(peaks, reverse=True)


def _checked_axes(axes):
    names = [getattr(one, "name", None) for one in axes]
    if len(names) != len(_PANELS) or names[1] != "polar":
        raise ParameterError(f"axes must be four ({', '.join(_PANELS)}), the second in polar projection; got {names}")
    return axes
