"""The on-state: its plateau, its dynamic resistance, and the I-V that snaps back to it.

Devices after a SET and after RESETs of 380, 440 and 500 uA, 20 s old, driven by a current without changing: voltage of
the cell with its heater, leads taken off, as published curves take a series resistor off. Dynamic resistance of RESET,
R_d = V / I, against 1 / I from 200 to 900 uA, from the SET state and from the RESET state.

References
----------
F. Marrone et al., Sci. Rep. 12 (2022), s41598-022-09948-6, captions of Fig. 1, 5 and 7. B. Rajendran et al., VLSI
Technology Symposium (2008), abstract.
"""

from __future__ import annotations

import pathlib

import numpy as np

import pcmphys as pcm
from pcmphys import plot
from pcmphys.plot.figures import save_figure
from pcmphys.plot.style import BLACK, COLOURS, GREY
from validation.experiments import RESET, SET
from validation.result import CALIBRATED, KNOWN_ANSWER, MEASURED, MODEL, Result, within

NAME = "on_state"
TITLE = "On-state: plateau, snapback, dynamic resistance (90 nm cell)"
CELL = "ibm-90nm-doped-gst"
STATES = {"SET": None, "RESET 380 µA": 380e-6, "RESET 440 µA": 440e-6, "RESET 500 µA": 500e-6}
PLATEAU = np.linspace(100e-6, 440e-6, 18)
RESETTING = np.linspace(200e-6, 900e-6, 15)
HELD = 0.8
LEVEL = "voltage of the cell minus 0.8 V, 100 to 440 uA, SET and three RESETs: worst mean over devices [V]"
APART = "voltage of the cell, 100 to 440 uA: largest spread over SET and three RESETs [V]"
NOTES = (
    "The holding voltage was taken from the caption that the plateau is held against, so its level tests nothing but "
    "what the heater and the decay from the threshold leave of it. That RESETs of different currents meet in one "
    "plateau is no input: the decay was fitted to an electro-thermal model of ours. V = A + B I beyond the decay is "
    "the form of the law; A = 0.8 V is derived from the plateau, not published. The figure's upper four "
    "panels are `pcmphys.plot.iv` of five of the devices, with both of its scales."
)
KNOWN_MISSES = {
    LEVEL: "near 100 uA alone, after the strongest RESET: a sixth of what the threshold has over 0.8 V is left at 100 "
    "uA, in the electro-thermal model too. At 440 uA the heater's own 200 ohm take nearly all of the tolerance",
    APART: "near 100 uA alone, see the level of the plateau",
}


def run(out: pathlib.Path, quick: bool) -> list[Result]:
    """Plateau, dynamic resistance, snapback."""
    cell, count = pcm.load_cell(CELL), 200 if quick else 1000
    states = {name: _state(cell, count, current) for name, current in STATES.items()}
    voltage = {name: _voltages(devices, PLATEAU) for name, devices in states.items()}
    resistance = {name: _voltages(states[name], RESETTING).mean(axis=1) / RESETTING for name in ("SET", "RESET 440 µA")}
    save_figure(_draw(_shown(cell), voltage, resistance), out / "figure.png")
    return [*_plateau(voltage), *_dynamic(resistance, cell), *_snapback(states)]


def _state(cell, count: int, current: float | None):
    devices = cell.population(count, seed=51)
    devices.apply(SET if current is None else RESET, amplitude=current)
    devices.wait(20.0)
    return devices


def _voltages(devices, currents: np.ndarray) -> np.ndarray:
    """Voltage [V] of each cell at each current, (currents, devices)."""
    look = devices.now()
    return np.array([look.voltage(current)[0] for current in currents])


def _plateau(voltage: dict[str, np.ndarray]) -> list[Result]:
    mean = np.array([some.mean(axis=1) for some in voltage.values()])
    level, apart = mean - HELD, np.ptp(mean, axis=0)
    worst = np.unravel_index(np.abs(level).argmax(), level.shape)
    where = f"worst at {1e6 * PLATEAU[worst[1]]:.0f} uA after {list(voltage)[worst[0]].replace('µ', 'u')}"
    wide = np.flatnonzero(apart > 0.1)
    begin = f"inside from {1e6 * PLATEAU[min(wide[-1] + 1, PLATEAU.size - 1) if wide.size else 0]:.0f} uA on"
    return [
        within(LEVEL, level[worst], 0.1, f"0.8 V beyond 100 uA (Marrone 2022, caption of Fig. 5), taken over; {where}",
               CALIBRATED),
        within(APART, apart.max(), 0.1,
               f"one plateau whatever I_RESET (Marrone 2022, caption of Fig. 5); {begin}", MEASURED),
    ]  # fmt: skip


def _dynamic(resistance: dict[str, np.ndarray], cell) -> list[Result]:
    results = []
    # without a dome V = A + B I is the law itself
    for (name, found), kind in zip(resistance.items(), (CALIBRATED, MEASURED), strict=True):
        slope, offset = np.polyfit(1.0 / RESETTING, found, 1)
        linear = float(np.corrcoef(1.0 / RESETTING, found)[0, 1] ** 2)
        results += [
            Result(f"R2 of V / I against 1 / I from {name.replace('µ', 'u')}, 200 to 900 uA", linear,
                   "R_d = A / I + B (Rajendran 2008, abstract)", "> 0.99", linear > 0.99, kind),
            within(f"A of V / I = A / I + B from {name.replace('µ', 'u')}, minus 0.8 V", slope - HELD, 0.1,
                   f"0.8 V, derived from the plateau; found {slope:.3f} V, B = {offset:.0f} ohm of a heater of "
                   f"{cell.parameters.heat.on_resistance:.0f} ohm", CALIBRATED),
        ]  # fmt: skip
    return results


def _snapback(states) -> list[Result]:
    """What any S-shaped I-V must do under a load line."""
    look = states["RESET 440 µA"].now()
    threshold, held = look.threshold_voltage, look.cell.parameters.heat.on_voltage
    folds = [look.folds(load) for load in (0.0, 1e3, 5e3, 20e3)]
    width = np.array([fold.up_voltage - fold.down_voltage for fold in folds])
    snaps = float((threshold > held).mean())
    return [
        Result("share of devices whose threshold lies above the holding voltage, RESET 440 uA", snaps,
               "they snap back", "> 0.95", snaps > 0.95, MODEL),
        Result("hysteresis behind leads and 0, 1, 5, 20 kohm, smallest of all devices [V]", float(width.min()),
               "no device goes off above where it goes on", ">= 0", bool((width >= 0.0).all()), KNOWN_ANSWER),
        Result("mean hysteresis, largest step from a load to the next larger one [V]",
               float(np.diff(width.mean(axis=1)).max()), "a larger load takes the jump away", "<= 0",
               bool((np.diff(width.mean(axis=1)) <= 0.0).all()), KNOWN_ANSWER),
    ]  # fmt: skip


def _shown(cell):
    """Five devices of different states."""
    devices = cell.population(5, seed=52)
    devices.apply(RESET, amplitude=np.array([0.0, 380e-6, 440e-6, 500e-6, 550e-6]))
    devices.wait(20.0)
    return devices


def _draw(devices, voltage, resistance):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12.0, 13.0), layout="constrained")
    first, second, (c, d) = figure.subplots(3, 2)
    for axes, scale in ((first, "log"), (second, "linear")):
        plot.iv(devices, n=5, axes=axes, scale=scale)
        for panel in axes:
            panel.grid(alpha=0.25, lw=0.5)
            panel.legend(fontsize=8.5, frameon=False)
    c.axhspan(HELD - 0.1, HELD + 0.1, color=GREY, alpha=0.15, lw=0, label="0.8 ± 0.1 V (Marrone 2022, Fig. 5)")
    for (name, found), colour in zip(voltage.items(), COLOURS, strict=False):
        low, high = np.percentile(found, [5, 95], axis=1)
        c.plot(1e6 * PLATEAU, found.mean(axis=1), color=colour, label=name)
        c.fill_between(1e6 * PLATEAU, low, high, color=colour, alpha=0.12, lw=0)
    c.set(xlabel="current (µA)", ylabel="voltage of the cell with its heater (V)", ylim=(0.0, 1.4))
    c.set_title("(c) plateau: mean and 90 % of devices", fontsize=10, loc="left")
    for (name, found), colour in zip(resistance.items(), (COLOURS[0], COLOURS[2]), strict=True):
        slope, offset = np.polyfit(1.0 / RESETTING, found, 1)
        d.plot(1e-3 / RESETTING, 1e-3 * found, "o", color=colour, label=f"from {name}")
        d.plot(1e-3 / RESETTING, 1e-3 * (slope / RESETTING + offset), color=colour, lw=1.0,
               label=f"A = {slope:.3f} V, B = {offset:.0f} Ω")  # fmt: skip
    x = np.array([0.0, 1.0 / RESETTING[0]])
    d.plot(1e-3 * x, 1e-3 * HELD * x, ":", color=BLACK, label="0.8 V / I")
    d.set(xlabel="1 / I (1/mA)", ylabel="dynamic resistance V / I (kΩ)", xlim=(0, None), ylim=(0, None))
    d.set_title("(d) dynamic resistance of RESET, 200 to 900 µA", fontsize=10, loc="left")
    for axes in (c, d):
        axes.grid(alpha=0.25, lw=0.5)
        axes.legend(fontsize=8.5, frameon=False)
    return figure
