"""One array of the study of selectors: its margins and its matvec error. A pure function, so any machine may run it.

Arrays of ohmic devices behind a selector, solved exactly:

- *read margin*: the worst cell (farthest from driver and sense) at high and at low conductance, all others at the
  other one, for each scheme of the unselected lines, see `pcmphys.crossbar.analysis.margins`;
- *write margin*: the same cell takes its write current at its write voltage, as a conductance of their ratio; the
  voltage that reaches it with all others at high conductance (the heaviest load), less the largest one across any
  other, all at high or all at low conductance (a low one takes more of a half-selected cell's voltage);
- *matvec error*: random devices, evenly spread between low and high, random inputs that are on or off, all bit lines
  sensed at once; deviation of the column currents from the product after one common gain.

Voltages differ from selector to selector so that the devices see the same: the selected word line gets what a single
cell without wires needs for its device's voltage at its device's current, `applied_voltage`. A threshold switch must be
switched on first: it gets ``overdrive`` more than its threshold if that is higher, and its device sees the rest.

Not modelled: devices that are not ohmic and change while written, spread of devices and selectors, noise (see
`Crossbar.noise`), resistance of drivers and sense amplifiers, capacitance.

References
----------
A. Chen, IEEE Trans. Electron Devices 60, 1318 (2013): worst-case margins of crossbars with selectors and wires.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from pcmphys.crossbar import Bias, Crossbar, Wires
from pcmphys.crossbar.analysis.margins import read_margin
from pcmphys.errors import ConvergenceError
from pcmphys.numerics.product import length, product
from pcmphys.study.plan import Part
from pcmphys.study.selector_margin.settings import SelectorMarginConfig
from pcmphys.study.selectors import worst_write

_READ = ("read_margin", "sneak", "read_high", "read_low")
_WRITE = ("write_margin", "write_selected", "write_disturb", "write_leakage", "write_power")
_MATVEC = ("matvec_error", "matvec_voltage", "matvec_power")


def measure_array(
    config: SelectorMarginConfig,
    name: str,
    size: int,
    wire: float,
    voltages: tuple[float, float],
    mapped: bool,
    tick: Callable[[], None] | None = None,
) -> Part:
    """All results of one selector, size and wire resistance; chunks are the parallel work: each stays on its thread.

    Parameters
    ----------
    config, name, size, wire
        The study; of what: name of the selector, lines each way, resistance of a segment [ohm].
    voltages : (float, float) [V]
        Applied for reading and for writing.
    mapped : bool
        Also measure ``device_voltage`` (size, size) [V] with all word lines on, and ``single_voltage`` [V] of one
        cell without wires.
    tick : callable, optional
        Called at the end.

    Returns
    -------
    dict
        Numbers by the names that `SelectorMarginPlan` explains, those of reading with shape (schemes,). NaN where the
        circuit has no answer (a switch that would oscillate); ``without_answer`` then says what was asked.
    """
    selector, wires = config.selector(name), Wires(row=wire, column=wire)
    gate = config.gate(name)
    read, write = voltages
    notes: list[str] = []

    def answer(what: str, names: tuple[str, ...], question: Callable, *arguments) -> Part:
        try:
            values = question(*arguments)
        except ConvergenceError as error:
            notes.append(f"{name}, {size} x {size}, {wire:g} ohm, {what}: {error}")
            values = (np.nan,) * len(names)
        return {key: np.asarray(value) for key, value in zip(names, values, strict=True)}

    array = functools.partial(Crossbar, wires=wires, selector=selector)
    reading = functools.partial(
        read_margin, (size, size), config.high, config.low, read, wires=wires, selector=selector, gate=gate
    )
    reads = [answer(f"read, {scheme}", _READ, _read, reading, scheme) for scheme in config.schemes]
    part = {key: np.stack([one[key] for one in reads]) for key in _READ}
    part |= answer("write", _WRITE, _write, config, array, size, write, gate)
    part |= answer("matvec", _MATVEC, _matvec, config, array, size, read)
    if mapped:
        all_on = functools.partial(_all_on, config, selector, read)
        found = answer("all word lines on", ("device_voltage",), all_on, size, wires)
        part["device_voltage"] = np.array(np.broadcast_to(found["device_voltage"], (size, size)))
        part |= answer("a single cell", ("single_voltage",), lambda: (all_on(1, None)[0][0, 0],))
    part["without_answer"] = np.array(notes, dtype=str)
    if tick is not None:
        tick()
    return part


def _read(reading, scheme: str) -> tuple[float, ...]:
    """See `_READ`."""
    found = reading(scheme=scheme)
    return found.margin, found.sneak, found.high, found.low


def _write(config: SelectorMarginConfig, array, size: int, voltage: float, gate) -> tuple[float, ...]:
    """See `_WRITE`."""
    written = config.write_current / config.device_write_voltage
    found = worst_write(array, size, (config.high, config.low), written, voltage, config.write_scheme, gate)
    return found.margin, found.selected, found.disturb, found.leakage, found.power


def _matvec(config: SelectorMarginConfig, array, size: int, voltage: float) -> tuple[float, ...]:
    """See `_MATVEC`; the devices and inputs of a size are the same for all."""
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([config.seed, size])))
    cells = rng.uniform(config.low, config.high, (size, size))
    inputs = (rng.random((config.inputs, size)) < 0.5).astype(float)
    inputs[~inputs.any(axis=1), 0] = 1.0
    # a new array for each input: no switch remembers the one before
    solved = [array(cells).solve(Bias.matvec(voltage * x)) for x in inputs]
    currents, products = np.stack([s.column_current for s in solved]), product(inputs, cells)
    gain = float((currents * products).sum() / (products**2).sum())
    error = float(length(currents - gain * products) / length(gain * products))
    return error, gain, float(np.mean([s.power for s in solved]))


def _all_on(config: SelectorMarginConfig, selector, voltage: float, size: int, wires) -> tuple[np.ndarray]:
    array = Crossbar(np.full((size, size), config.high), wires, selector)
    return (array.solve(Bias.matvec(np.full(size, voltage))).device_voltage,)
