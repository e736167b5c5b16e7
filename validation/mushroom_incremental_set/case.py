"""Incremental SET of the 90 nm cell: RESET, then 50 equal pulses of 50 ns, a read after each.

Cases 6 and 7. The published law gives mean and std of the change by each pulse. The calibration saw mean conductances
after pulses of 100 uA; the std and the other currents were held out of it.
"""

from __future__ import annotations

import pathlib

import numpy as np

import pcmphys as pcm
from pcmphys.plot.figures import save_figure
from pcmphys.plot.style import COLOURS
from validation import experiments as experiments
from validation.calibration import seen
from validation.result import CALIBRATED, MODEL, PUBLISHED_FIT, Result, within

NAME = "mushroom_incremental_set"
TITLE = "Physical 90 nm cell: incremental SET, 50 pulses of 50 ns"
CELL = "ibm-90nm-doped-gst"
CURRENTS = (50e-6, 75e-6, 100e-6)
PULSES = 50
EARLY = 10


def run(out: pathlib.Path, quick: bool) -> list[Result]:
    """Three currents; the published law is for 100 uA."""
    cell = pcm.load_cell(CELL)
    devices = 300 if quick else 5000
    traces = {current: 1e6 * experiments.incremental_set(cell, current, devices, seed=41) for current in CURRENTS}
    main = traces[100e-6]
    number = np.arange(1, PULSES + 1)
    mean, std = main.mean(axis=1), np.diff(main, axis=0).std(axis=1, ddof=1)
    used = seen("conductance_mean", number)
    expected, expected_std = experiments.published_increment(mean[:-1], number)
    curve = experiments.published_curve(PULSES)
    off = np.abs(mean[1:] / curve[1:] - 1.0)
    change = np.diff(mean)[:EARLY].sum() / expected[:EARLY].sum() - 1.0
    last = [traces[current].mean(axis=1)[-1] for current in CURRENTS]
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
        within("case 7: mean conductance after 50 pulses of 100 uA over 12 uS, minus 1", last[-1] / 12.0 - 1.0, 0.25,
               "about 12 uS", PUBLISHED_FIT),
        Result("case 7: conductance after 50 pulses rises with the current, smallest step [uS]",
               float(np.diff(last).min()), "50, 75, 100 uA", "> 0", bool(np.diff(last).min() > 0.0), MODEL),
    ]  # fmt: skip


def _draw(traces, curve, std, expected_std):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.0, 4.0), layout="constrained")
    a, b = figure.subplots(1, 2)
    number = np.arange(PULSES + 1)
    for (current, trace), colour in zip(traces.items(), COLOURS, strict=False):
        low, high = np.percentile(trace, [16, 84], axis=1)
        a.fill_between(number, low, high, color=colour, alpha=0.2)
        a.plot(number, trace.mean(axis=1), color=colour, label=f"{1e6 * current:.0f} µA")
    a.plot(number, curve, "k--", label="published mean, 100 µA")
    a.set(xlabel="pulses of 50 ns", ylabel="conductance [µS]", title="mean and 16-84 % of devices")
    a.legend(frameon=False)
    b.plot(number[1:], expected_std, "k--", label="published")
    b.plot(number[1:], std, color=COLOURS[2], label="physical cell")
    b.set(xlabel="pulse", ylabel="std of the change [µS]", title="100 µA", ylim=(0.0, None))
    b.legend(frameon=False)
    return figure


NOTES = (
    "The law is taken from a re-implementation by others of nandakumar2018 and was not looked up in the paper. Reads "
    "20 s after each pulse are assumed. The std is too large from the second to about the "
    "tenth pulse: a dome of 16 sectors opens sector by sector, and each opening is a jump of one sector's conductance."
)
KNOWN_MISSES = {
    "case 6: std of the change, rms relative deviation over 50 pulses": "see the worst pulse",
    "case 6: std of the change, worst relative deviation of a pulse": "sectors open one by one: 16 of them are too few",
    "case 6: mean change of single pulses 1 to 10, worst relative deviation": "the curve is right within 15 %, its "
    "steps from pulse to pulse are not",
}
