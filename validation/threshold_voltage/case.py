"""Threshold voltage after RESET against thickness, temperature and age.

Devices are reset by 300 to 950 uA, one current after the other, and looked at 2 us and 20 s later. Thickness u_h of a
device: the harmonic mean of its sixteen sectors' domes, none less than one hop; u_a: their mean. Apparent threshold
field: V_th / u_h, averaged over the devices whose u_h lies within a nanometre or two of a thickness.

References
----------
J. Scoggin et al., arXiv 1906.09316, which quotes the fields of D. Krebs et al. (2009) and D. Ielmini (2008). Threshold
linear in thickness: A. Sebastian et al., Nat. Commun. 8, 1115 (2017), second-hand.
"""

from __future__ import annotations

import pathlib
from dataclasses import dataclass

import numpy as np

import pcmphys as pcm
from pcmphys.plot.figures import save_figure
from pcmphys.plot.style import COLOURS, GREY
from validation.experiments import RESET, barrier
from validation.result import MEASURED, MODEL, NOT_CHECKABLE, Result, within

NAME = "threshold_voltage"
TITLE = "Threshold voltage after RESET: thickness, temperature, age (90 nm cell)"
CELL = "ibm-90nm-doped-gst"
CURRENTS = np.arange(300e-6, 951e-6, 50e-6)
AS_PUBLISHED = slice(2, 7)
"""Of the currents: 400 to 600 uA, about what the cell is reset by."""
YOUNG, OLD = 2e-6, 20.0
HOT = 400.0
TEMPERATURES = np.linspace(250.0, 400.0, 7)
THICKNESSES = np.arange(25e-9, 60.1e-9, 5e-9)
WINDOW = 2e-9
LOWEST, HIGHEST = 25e6, 56e6
OLD_FIELD = "apparent threshold field at 25 to 60 nm, 20 s after RESET, largest [MV/m]"
NOTES = (
    "Thresholds come from a law in u_h (V_0 + F u_h, drift, temperature) that was fitted to an electro-thermal model "
    "of ours, not to measured thresholds: the published fields are a test of it, but they are quoted second-hand "
    "(through arXiv 1906.09316: 25.0 and 28.75 MV/m melt-quenched, 56 MV/m as deposited), from line cells and "
    "bridges, at ages that are not known. That V_th is linear in the mean thickness u_a is no input: sixteen rough "
    "domes make their harmonic mean. A device all of whose sectors are bridged has no threshold; it counts as zero."
)
KNOWN_MISSES = {
    OLD_FIELD: "beyond 56 MV/m in thin domes only. The threshold rises by 49 mV a decade of age, as its drift with the "
    "resistance asks for; at 2 us it lies inside, and how old the measured glasses were is not known"
}


@dataclass(frozen=True)
class Thresholds:
    """Threshold voltages [V] and the domes' mean and harmonic thickness [m], each (currents, devices)."""

    voltage: np.ndarray
    hot: np.ndarray
    """At 400 K."""
    mean: np.ndarray
    harmonic: np.ndarray

    def field(self, thickness: float, voltage: np.ndarray | None = None) -> float:
        """Mean of V_th / u_h [V/m] over the devices of about that harmonic thickness."""
        near = np.abs(self.harmonic - thickness) < WINDOW
        return float((self.voltage if voltage is None else voltage)[near].mean() / self.harmonic[near].mean())


def run(out: pathlib.Path, quick: bool) -> list[Result]:
    """Thresholds against thickness, young and old, at 300 and 400 K."""
    cell, count = pcm.load_cell(CELL), 200 if quick else 2000
    young, old = (_thresholds(cell, count, age) for age in (YOUNG, OLD))
    cooling = _against_temperature(cell, count)
    drift = _by_the_decade(cell, count)
    save_figure(_draw(young, old, cooling), out / "figure.png")
    return [*_linear(old), *_fields(young, old), *_temperature(old, cooling), drift]


def _thresholds(cell, count: int, age: float) -> Thresholds:
    devices = cell.population(count, seed=63)
    rows = []
    for current in CURRENTS:
        devices.apply(RESET, amplitude=current)
        devices.wait(age)
        look = devices.now()
        hot = devices.threshold_voltage(temperature=HOT)
        rows.append((look.threshold_voltage, hot, look.amorphous_thickness.mean(axis=-1), barrier(look)))
    return Thresholds(*np.swapaxes(rows, 0, 1))


def _against_temperature(cell, count: int) -> np.ndarray:
    """Mean threshold [V] at each temperature, after the usual RESET."""
    devices = cell.population(count, seed=64)
    devices.apply(RESET)
    devices.wait(OLD)
    return np.array([devices.threshold_voltage(temperature=float(t)).mean() for t in TEMPERATURES])


def _by_the_decade(cell, count: int) -> Result:
    devices = cell.population(count, seed=65)
    devices.apply(RESET)
    devices.wait(1.0)
    first = devices.threshold_voltage()
    devices.wait(1e4 - 1.0)
    rise = float((devices.threshold_voltage() - first).mean() / 4.0)
    return Result(
        "rise of the mean threshold by a decade of time, 1 s to 1e4 s after RESET [mV]", 1e3 * rise,
        "published: it drifts with the resistance (Kim 2011, abstract, no digits); 49 mV at 25 nm in the model behind",
        "none", True, NOT_CHECKABLE,
    )  # fmt: skip


def _linear(old: Thresholds) -> list[Result]:
    x, y = old.mean[AS_PUBLISHED].mean(axis=1), old.voltage[AS_PUBLISHED].mean(axis=1)
    slope, offset = np.polyfit(x, y, 1)
    mean = _determination(x, y)
    alone = [_determination(u, v) for u, v in zip(old.harmonic.T, old.voltage.T, strict=True) if (v > 0.0).all()]
    return [
        Result(
            "R2 of mean threshold voltage against mean dome thickness u_a, RESET by 400 to 600 uA", mean,
            f"linear in u_a (Sebastian 2017, second-hand); slope {slope * 1e-6:.0f} MV/m, {offset:.2f} V at no "
            "thickness", "> 0.98", mean > 0.98, MEASURED,
        ),
        Result(
            "R2 of threshold voltage against harmonic thickness u_h, one device over all its RESETs, median of devices",
            float(np.median(alone)), "one law in u_h; the rest is each quench's own drift exponent", "> 0.98",
            bool(np.median(alone) > 0.98), MODEL,
        ),
    ]  # fmt: skip


def _fields(young: Thresholds, old: Thresholds) -> list[Result]:
    found = {name: np.array([some.field(u) for u in THICKNESSES]) for name, some in (("young", young), ("old", old))}
    spoken = {name: f"found {1e-6 * f[0]:.1f} at 25 nm to {1e-6 * f[-1]:.1f} at 60 nm" for name, f in found.items()}
    reference = "25 to 56 MV/m (Krebs 2009, Ielmini 2008, through arXiv 1906.09316)"
    return [
        Result("apparent threshold field at 25 to 60 nm, 2 us after RESET, largest [MV/m]", 1e-6 * found["young"].max(),
               f"{reference}; {spoken['young']}", "<= 56", found["young"].max() <= HIGHEST, MEASURED),
        Result(OLD_FIELD, 1e-6 * found["old"].max(), f"{reference}; {spoken['old']}", "<= 56",
               found["old"].max() <= HIGHEST, MEASURED),
        Result("apparent threshold field at 25 to 60 nm and both ages, smallest [MV/m]",
               1e-6 * min(f.min() for f in found.values()), reference, ">= 25",
               min(f.min() for f in found.values()) >= LOWEST, MEASURED),
    ]  # fmt: skip


def _temperature(old: Thresholds, cooling: np.ndarray) -> list[Result]:
    ratio = max(old.field(u, old.hot) / old.field(u) for u in THICKNESSES)
    slope = 1e3 * (cooling[1] - cooling[3]) / (TEMPERATURES[3] - TEMPERATURES[1])
    return [
        Result("apparent threshold field at 400 K over that at 300 K, largest of 25 to 60 nm", ratio,
               "falls from 300 to 400 K (arXiv 1906.09316)", "< 1", ratio < 1.0, MEASURED),
        within("mean threshold, largest step from one temperature to the next, 250 to 400 K [V]",
               max(float(np.diff(cooling).max()), 0.0), 0.0, f"falls all the way; {slope:.1f} mV/K about 300 K",
               MEASURED),
    ]  # fmt: skip


def _determination(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.corrcoef(x, y)[0, 1] ** 2)


def _draw(young: Thresholds, old: Thresholds, cooling: np.ndarray):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13.0, 4.2), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    for some, colour, age in ((old, COLOURS[0], "20 s"), (young, COLOURS[1], "2 µs")):
        shown = slice(0, min(some.voltage.shape[1], 100))
        left.plot(1e9 * some.harmonic[:, shown].ravel(), some.voltage[:, shown].ravel(), ".", ms=2, color=colour,
                  alpha=0.4)  # fmt: skip
        left.plot(1e9 * some.harmonic.mean(axis=1), some.voltage.mean(axis=1), "o", color=colour, mec="white",
                  label=f"{age} after RESET: devices, means a current")  # fmt: skip
        middle.plot(1e9 * THICKNESSES, [1e-6 * some.field(u) for u in THICKNESSES], "o-", color=colour,
                    label=f"300 K, {age}")  # fmt: skip
    left.set(xlabel="harmonic mean of the domes' thickness (nm)", ylabel="threshold voltage (V)", xlim=(0, None),
             ylim=(0, None))  # fmt: skip
    middle.plot(1e9 * THICKNESSES, [1e-6 * old.field(u, old.hot) for u in THICKNESSES], "s--", color=COLOURS[2],
                label="400 K, 20 s")  # fmt: skip
    middle.axhspan(1e-6 * LOWEST, 1e-6 * HIGHEST, color=GREY, alpha=0.15, lw=0, label="published, 25 to 56 MV/m")
    middle.set(xlabel="harmonic mean of the domes' thickness (nm)", ylabel="apparent threshold field (MV/m)",
               ylim=(0, None))  # fmt: skip
    right.plot(TEMPERATURES, cooling, "o-", color=COLOURS[0], label="mean after RESET by 440 µA, 20 s")
    right.set(xlabel="temperature (K)", ylabel="threshold voltage (V)", ylim=(0, None))
    for axes in (left, middle, right):
        axes.grid(alpha=0.25, lw=0.5)
        axes.legend(fontsize=8.5, frameon=False)
    return figure
