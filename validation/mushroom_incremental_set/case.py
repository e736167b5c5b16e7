"""Incremental SET of the 90 nm cell: RESET, then 50 equal pulses of 50 ns, a read after each.

Cases 6 and 7. The published law gives mean and std of the change by each pulse. The calibration saw mean conductances
after pulses of 100 uA; the std and the other currents were held out of it. A published figure shows curves of 50, 60 to
100 uA: their order and the end of their axis are what can be held against it.
"""

from __future__ import annotations

import pathlib

import matplotlib as mpl
import numpy as np

import pcmphys as pcm
from pcmphys.plot.figures import save_figure
from pcmphys.plot.style import COLOURS, GREY, ORDERED
from validation import experiments as experiments
from validation.calibration import seen
from validation.result import CALIBRATED, MEASURED, PUBLISHED_FIT, Result, within

NAME = "mushroom_incremental_set"
TITLE = "Physical 90 nm cell: incremental SET, 50 pulses of 50 ns"
CELL = "ibm-90nm-doped-gst"
CURRENTS = (50e-6, 60e-6, 70e-6, 80e-6, 90e-6, 100e-6)
PULSES = 50
MARKS = [0, 1, 2, 3, 5, 8, 12, 18, 27, 50]
"""Numbers of pulses between which a mean curve must rise: single late pulses change it by less than their noise."""
HIGHEST = 12.5
EARLY = 10


def run(out: pathlib.Path, quick: bool) -> list[Result]:
    """Six currents; the published law is for 100 uA."""
    cell = pcm.load_cell(CELL)
    # order needs fewer devices than moments
    some, many = (300, 300) if quick else (1500, 5000)
    counts = {current: many if current == CURRENTS[-1] else some for current in CURRENTS}
    traces = {c: 1e6 * experiments.incremental_set(cell, c, count, seed=41) for c, count in counts.items()}
    main = traces[CURRENTS[-1]]
    number = np.arange(1, PULSES + 1)
    mean, std = main.mean(axis=1), np.diff(main, axis=0).std(axis=1, ddof=1)
    used = seen("conductance_mean", number)
    expected, expected_std = experiments.published_increment(mean[:-1], number)
    curve = experiments.published_curve(PULSES)
    off = np.abs(mean[1:] / curve[1:] - 1.0)
    change = np.diff(mean)[:EARLY].sum() / expected[:EARLY].sum() - 1.0
    curves = np.array([traces[current].mean(axis=1)[MARKS] for current in CURRENTS])
    law = "dG = -0.084 G + 0.880 + 1.40 P, P = exp(-n/2.6)"
    save_figure(_draw(traces, curve, std, expected_std), out / "figure.png")
    return [
        *(within(f"case 6: mean conductance after 1 to 50 pulses, worst relative deviation, pulses {words}",
                 off[some].max(), 0.15, f"{law}, summed up; {some.sum()} of the pulses", kind)
          for words, some, kind in (("seen", used, CALIBRATED), ("held out", ~used, PUBLISHED_FIT)) if some.any()),
        within("case 6: summed mean change of the first 10 pulses, relative deviation", change, 0.15,
               f"{law} at the model's own G", PUBLISHED_FIT),
        within("case 6: mean change of single pulses 1 to 10, worst relative deviation",
               np.abs(np.diff(mean)[:EARLY] / expected[:EARLY] - 1.0).max(), 0.15, f"{law} at the model's own G",
               PUBLISHED_FIT),
        within("case 6: std of the change, rms relative deviation over 50 pulses",
               np.sqrt(((std / expected_std - 1.0) ** 2).mean()), 0.30, "0.091 G + 0.260 + 2.15 P", PUBLISHED_FIT),
        within("case 6: std of the change, worst relative deviation of a pulse",
               np.abs(std / expected_std - 1.0).max(), 0.30, "0.091 G + 0.260 + 2.15 P", PUBLISHED_FIT),
        within("case 7: mean conductance after 50 pulses of 100 uA over 12 uS, minus 1", curves[-1, -1] / 12.0 - 1.0,
               0.25, "about 12 uS", PUBLISHED_FIT),
        *_six_curves(curves),
    ]  # fmt: skip


def _six_curves(curves: np.ndarray) -> list[Result]:
    """Order of the mean curves (currents, marks)."""
    axis = "six curves of 50, 60 to 100 uA on an axis to 12 uS (Sebastian 2017)"
    by_pulse, by_current = float(np.diff(curves, axis=1).min()), float(np.diff(curves[:, 1:], axis=0).min())
    return [
        Result("mean conductance after 0, 1, 2, 3, 5, 8, 12, 18, 27, 50 pulses, smallest step, six currents [uS]",
               by_pulse, axis, "> 0", by_pulse > 0.0, MEASURED),
        Result("mean conductance at these pulses, smallest step from a current to the next [uS]", by_current, axis,
               "> 0", by_current > 0.0, MEASURED),
        Result("mean conductance, highest of the six curves [uS]", float(curves.max()), axis, f"< {HIGHEST}",
               bool(curves.max() < HIGHEST), MEASURED),
    ]  # fmt: skip


def _draw(traces, curve, std, expected_std):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.0, 4.0), layout="constrained")
    a, b = figure.subplots(1, 2)
    number = np.arange(PULSES + 1)
    for k, (current, trace) in enumerate(traces.items()):
        colour = mpl.colormaps[ORDERED](0.9 * k / (len(traces) - 1))
        if current in (CURRENTS[0], CURRENTS[-1]):
            low, high = np.percentile(trace, [16, 84], axis=1)
            a.fill_between(number, low, high, color=colour, alpha=0.2, lw=0)
        a.plot(number, trace.mean(axis=1), color=colour, label=f"{1e6 * current:.0f} µA")
    a.plot(number, curve, "k--", label="published mean, 100 µA")
    a.set(xlabel="pulses of 50 ns", ylabel="conductance [µS]", title="mean, and 16-84 % of devices", ylim=(0.0, 18.0))
    a.axhline(HIGHEST, color=GREY, lw=0.8, ls=":")
    a.legend(frameon=False, fontsize=8.5, ncols=2, loc="upper left")
    b.plot(number[1:], expected_std, "k--", label="published")
    b.plot(number[1:], std, color=COLOURS[2], label="physical cell")
    b.set(xlabel="pulse", ylabel="std of the change [µS]", title="100 µA", ylim=(0.0, None))
    b.legend(frameon=False)
    return figure


NOTES = (
    "The law is taken from a re-implementation by others of nandakumar2018 and was not looked up in the paper. Reads "
    "20 s after each pulse are assumed. The std is too large from the second to about the "
    "tenth pulse: what opens sector by sector differs in its conductivity (texture_spread), so that few openings make "
    "most of it."
)
KNOWN_MISSES = {
    "case 6: std of the change, worst relative deviation of a pulse": "sectors open one by one, and the best "
    "conducting of them (texture_spread) count several times the mean one; without texture the std falls below 1.25 "
    "of the law",
    "case 6: mean change of single pulses 1 to 10, worst relative deviation": "the curve is right within 15 %, its "
    "steps from pulse to pulse are not",
}
