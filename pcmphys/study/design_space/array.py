"""One array of a design space: can its weak bits be read, and what does writing one cost. A pure function.

- *read margin*: the cell farthest from driver and sense, once at the conductance of the weak high bit with all others
  at that of the weak low one, once the other way round, see `pcmphys.crossbar.analysis.margins`. Where the weak bits
  themselves overlap there is no array to solve: then it is theirs, (high - low) / high, zero or less.
- *writing*: the same cell is to get its RESET current. The word line's voltage is raised until the device has the
  voltage that it needs (its own and that of its leads at the plateau of the pulse), whatever wires and selector take,
  with all other devices high. Energy is the power from all terminals over the plateau.
- *disturb*: the largest voltage across any other device meanwhile, all others high or all low.

Not modelled: devices that are not ohmic or change while written, selectors that differ, resistance of drivers and sense
amplifiers, capacitance; the leads of a cell hold an access device, which comes on top of the selector.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from pcmphys.crossbar import Crossbar, Wires
from pcmphys.crossbar.analysis.margins import read_margin
from pcmphys.errors import ConvergenceError
from pcmphys.numerics.parts import Part
from pcmphys.study.design_space.settings import DesignSpaceConfig, PulseOptions
from pcmphys.study.selectors import WorstWrite, applied_voltage, worst_write

_HIGHEST = 50.0
"""Voltage [V] on a word line beyond which a cell is said not to be reached."""
_CLOSE = 1e-3
_MOST_STEPS = 25


def measure_design(
    config: DesignSpaceConfig,
    name: str,
    wire: float,
    size: int,
    pulse: PulseOptions,
    states: Part,
    tick: Callable[[], None] | None = None,
) -> Part:
    """All results of one array.

    Parameters
    ----------
    config, name, wire, size, pulse
        The study; name of the selector, resistance of a segment [ohm], lines each way, RESET pulse.
    states : dict
        What `merged` says of the devices.

    Returns
    -------
    dict
        ``read_margin`` (times), ``write_voltage`` [V], ``write_energy`` [J], ``write_disturb`` [V]; NaN where the
        circuit has no answer, and ``without_answer`` then says why.
    """
    notes: list[str] = []
    array = functools.partial(Crossbar, wires=Wires(row=wire, column=wire), selector=config.selector(name))
    margins = np.array([_margin(config, name, wire, size, states, time, notes) for time in range(len(config.times))])
    voltage, found = _written(config, name, array, size, pulse, states, notes)
    part = {
        "read_margin": margins,
        "write_voltage": np.array(voltage),
        "write_energy": np.array(np.nan if found is None else found.power * pulse.width),
        "write_disturb": np.array(np.nan if found is None else found.disturb),
        "without_answer": np.array([f"{name}, {size} x {size}, {wire:g} ohm, {note}" for note in notes], dtype=str),
    }
    if tick is not None:
        tick()
    return part


def _margin(
    config: DesignSpaceConfig, name: str, wire: float, size: int, states: Part, time: int, notes: list[str]
) -> float:
    high, low = (float(states[f"weak_{state}"][time]) for state in ("high", "low"))
    if not low < high:
        return (high - low) / high if high > 0.0 else -np.inf
    selector = config.selector(name)
    # one voltage for all times, as a product would have
    current = float(states["mean_high"][0]) * config.read_voltage
    voltage = applied_voltage(selector, config.read_voltage, current, config.overdrive)
    options = {"wires": Wires(row=wire, column=wire), "selector": selector, "scheme": config.scheme}
    try:
        return read_margin((size, size), high, max(low, 0.0), voltage, gate=config.gate(name), **options).margin
    except ConvergenceError as error:
        notes.append(f"read at {config.times[time]:g} s: {error}")
        return np.nan


def _written(
    config: DesignSpaceConfig,
    name: str,
    array: Callable[..., Crossbar],
    size: int,
    pulse: PulseOptions,
    states: Part,
    notes: list[str],
) -> tuple[float, WorstWrite | None]:
    """Voltage of the word line that gives the farthest device what it needs, and what happens then."""
    needed = float(states["device_voltage"])
    written = pulse.current / needed
    others = tuple(float(states[f"mean_{state}"][0]) for state in ("high", "low"))
    write = functools.partial(worst_write, array, size, others, written, scheme=config.scheme, gate=config.gate(name))
    try:
        voltage = applied_voltage(config.selector(name), needed, pulse.current, config.overdrive)
        lowest = voltage
        before = None
        for _ in range(_MOST_STEPS):
            found = write(voltage=voltage)
            missing = needed - found.selected
            # a switch may have to be given more than the device needs
            if abs(missing) < _CLOSE * needed or (missing < 0.0 and voltage <= lowest):
                return voltage, found
            slope = 1.0 if before is None else (found.selected - before[1]) / (voltage - before[0])
            before = (voltage, found.selected)
            voltage = max(lowest, voltage + missing / max(slope, 0.02))
            if voltage > _HIGHEST:
                notes.append(f"write: {found.selected:.3g} V of {needed:.3g} V reach the device with {before[0]:.3g} V")
                return np.nan, None
        notes.append(f"write: no voltage found that gives the device {needed:.3g} V")
    except ConvergenceError as error:
        notes.append(f"write: {error}")
    return np.nan, None
