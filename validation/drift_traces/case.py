"""Eight measured drift traces: fitted from 55 s to 1e4 s, the last read, at 97190 s, predicted.

The reads were digitised from a published figure (data/ibm-pcm-joshi-digitised/SOURCE.md). Those the source marks
``partly`` resolved are left out of the fit: neighbours among them are not independent, and would make the noise look
smoother than it is. The digitisation error, 0.007, enters as the known white noise.

What the case says of the noise model: with a spectrum of exactly 1/f the bands are too narrow for most traces, which
is kept as a result of its own. The reads before 1e4 s alone already prefer a steeper spectrum, f^-1.2 to f^-1.4 (the
literature gives 1.21), and the fit's default, which averages over slopes as the data weigh them, predicts all but one
trace. The one outside, c7, has jumps of a factor two at late times: a few strong traps, which Gaussian noise does not
describe.
"""

from __future__ import annotations

import csv
import pathlib

import numpy as np

from pcmphys import fit
from pcmphys.fit.drift.figure import draw_drift
from pcmphys.plot.figures import save_figure
from pcmphys.plot.style import COLOURS, GREY, VERMILION
from validation.result import Result

NAME = "drift_traces"
TITLE = "Measured drift traces (IBM 90 nm), fitted 55 s - 1e4 s, held-out read at 97190 s"
DATA = pathlib.Path(__file__).parents[2] / "data" / "ibm-pcm-joshi-digitised" / "pcm_drift_traces_nodes.csv"
DIGITISATION = 0.007  # SOURCE.md: accuracy of a digitised conductance, normalised

PURE = "the same with a spectrum of exactly 1/f: traces inside 2 standard deviations"
KNOWN_MISSES = {
    "g_c7_blue_lo: read at 97190 s minus its prediction, in standard deviations": (
        "the trace jumps by a factor of two at late times, as a few strong traps make it; the prediction band is that "
        "of Gaussian noise, which has no such jumps. It stays a miss: telegraph noise of single traps is not modelled"
    ),
    PURE: (
        "exactly 1/f noise is not the default: these traces prefer f^-1.2 to f^-1.4 already below 1e4 s, and a "
        "shallower spectrum makes the band too narrow. Kept to show what the assumption of pure 1/f would cost"
    ),
}
NOTES = (
    "Eight true 95 % bands hold all eight reads with a probability of 0.95^8 = 66 % only; seven inside, as found, is "
    "no evidence against them. The verdict stays trace by trace and the limit stays at 2. The traces are the authors' "
    "own choice of eight, digitised from a printed figure, with read times inferred: not a random sample of devices. "
    "This is no blind test: noise steeper than 1/f was admitted to the fit after "
    "pure 1/f had been seen to hold only four of these held-out reads, so seven of eight flatters it. The reads of "
    "300-590 s are left out because their neighbours are not independent; with them it is seven of eight too."
)


def run(out: pathlib.Path, quick: bool) -> list[Result]:
    """One result a trace: its last read against the prediction from the reads below 1e4 s; and one for pure 1/f."""
    table = fit.read(DATA, time="t_s[s]", conductance="g_c*[1]", missing="skip")
    early = (table.time < 1e4) & _resolved()
    late = table.time > 1e4
    measured = table.conductance[:, late]
    fitted = _fit(table, early)
    mean, std = fitted.predict(table.time[late])
    deviation = (measured - mean) / std
    results = [
        Result(
            quantity=f"{name}: read at {table.time[-1]:.0f} s minus its prediction, in standard deviations",
            value=float(deviation[k, -1]),
            reference=f"measured {measured[k, -1]:.4f}, predicted {mean[k, -1]:.4f} +- {std[k, -1]:.4f} (G / 25 uS)",
            tolerance="|value| <= 2",
            passed=bool(abs(deviation[k, -1]) <= 2.0),
            standing="measured",
        )
        for k, name in enumerate(fitted.names)
    ]
    mean, std = _fit(table, early, noise_slope=1.0).predict(table.time[-1:])
    inside = int((np.abs(measured[:, -1:] - mean) <= 2 * std).sum())
    results.append(
        Result(
            quantity=PURE,
            value=float(inside),
            reference="8 measured traces; a known limit of pure 1/f noise, not the default",
            tolerance="all 8",
            passed=inside == len(measured),
            standing="measured",
        )
    )
    save_figure(_draw(fitted, table.time[late], measured, deviation), out / "figure.png")
    return results


def _resolved() -> np.ndarray:
    with DATA.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        return np.array([row["resolved"] == "yes" for row in rows])


def _fit(table: fit.Measurement, used: np.ndarray, **options) -> fit.DriftPopulation:
    part = fit.DriftTable(table.time[used], table.conductance[:, used], table.names, table.unit)
    return fit.drift(part, conductance_error=DIGITISATION, start=55.0, missing="skip", **options)


def _draw(fitted, late, measured, deviation):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13.0, 6.4), layout="constrained")
    panels = figure.subplots(2, 4, sharex=True)
    for k, (trace, axes) in enumerate(zip(fitted, panels.flat, strict=True)):
        colour = COLOURS[k]
        draw_drift(axes, trace, colour, until=late[-1])
        axes.plot(late, measured[k], "o", ms=3.5, mfc="none", mec=GREY, mew=0.8)
        axes.plot(late[-1], measured[k, -1], "*", ms=11, color="black")
        axes.axvline(1e4, color=GREY, lw=0.8, ls=":")
        axes.set_xscale("log")
        axes.grid(alpha=0.25, lw=0.5)
        name = trace.name.removeprefix("g_")
        axes.set_title(
            f"{name}: last read {deviation[k, -1]:+.1f} σ\nν = {trace.exponent:.3f} ± {trace.exponent_error:.3f}",
            fontsize=10,
            color=VERMILION if abs(deviation[k, -1]) > 2 else "black",
        )
    for axes in panels[-1]:
        axes.set_xlabel("time since programming (s)")
    for axes in panels[:, 0]:
        axes.set_ylabel("conductance / 25 µS")
    figure.suptitle(
        "Filled: fitted (55 s to 1e4 s).  Open: held out.  Star: the read the case is judged by.  "
        "Line: power law.  Dashed: prediction, with 2σ band of a read",
        fontsize=10.5,
    )
    return figure
