"""The 90 nm cell in program-and-verify: programming error, drift exponents and read noise against conductance.

Cases 2, 3, 4 and 10 of the list of what must be reproduced. Devices are programmed by the "gradient" scheme, read
20 s later (programming error), then 20 times from 27 s to 1e5 s, and each device's exponent is fitted to those noisy
reads, as an experiment does. Points that the cell was calibrated to are told from those that were held out of it; the
shipped numbers saw all of them.
"""

from __future__ import annotations

import pathlib

import matplotlib as mpl
import numpy as np

import pcmphys as pcm
from pcmphys.plot.figures import save_figure
from pcmphys.plot.style import BLUE, ORDERED
from validation import experiments as experiments
from validation.calibration import seen
from validation.result import CALIBRATED, MEASURED, PUBLISHED_FIT, Result, within

NAME = "mushroom_programming"
TITLE = "Physical 90 nm cell: programming error, drift and noise against conductance"
CELL = "ibm-90nm-doped-gst"
LEVELS = np.array([0.05, 0.07, 0.1, 0.14, 0.2, 0.27, 0.35, 0.45, 0.6, 0.75, 0.95])
INTERVAL = 1e-3
INTERVALS = (1e-3, 1e-1, 10.0, 1e3, 1e5)


DEVICES, NOISE_DEVICES, NOISE_READS = 1000, 900, 2048


def run(out: pathlib.Path, quick: bool) -> list[Result]:
    """Program, read, fit; then spectra. As large in a quick run as in a full one.

    The tolerances are those of the measured curves: with fewer devices the worst of 48 points is decided by the
    sampling error of means and standard deviations, and with fewer reads that of the spectrum's slope.
    """
    cell = pcm.load_cell(CELL)
    drift = experiments.table("pcm_drift_nu_vs_target.csv")
    error = experiments.table("pcm_prog_sigma_vs_target.csv")
    at_drift = experiments.programmed(cell, drift[:, 0], DEVICES, seed=21)
    at_error = experiments.programmed(cell, error[:, 0], DEVICES, seed=22)
    noise = _noise(cell, NOISE_DEVICES, NOISE_READS)
    results = [*_error(at_error, error), *_drift(at_drift, drift), *noise["results"], _against_statistical(at_drift)]
    save_figure(_draw(at_error, error, at_drift, drift, noise), out / "figure.png")
    return results


def _split(title: str, values: np.ndarray, quantity: str, levels: np.ndarray, standing: str):
    """Values at the points that the calibration saw, then at those held out, with a title and a standing for each."""
    used = seen(quantity, levels * experiments.MAXIMUM)
    for words, some, kind in (("seen", used, CALIBRATED), ("held out", ~used, standing)):
        if some.any():
            yield f"{title}, points {words}", values[some], f"{int(some.sum())} points", kind


def _error(found: experiments.Programmed, error: np.ndarray) -> list[Result]:
    used = error[:, 0] > 0.03
    ratio = found.error[used] * 1e6 / error[used, 2] - 1.0
    results = []
    for title, off, points, kind in _split("programming error", ratio, "programming_error", error[used, 0], MEASURED):
        results += [
            within(f"case 2: {title}, worst relative deviation", np.abs(off).max(), 0.20, f"{points}, g > 0.03", kind),
            within(f"case 2: {title}, rms relative deviation", np.sqrt((off**2).mean()), 0.12, points, kind),
        ]
    return results


def _drift(found: experiments.Programmed, drift: np.ndarray) -> list[Result]:
    mean, std = found.exponent.mean(axis=1), found.exponent.std(axis=1, ddof=1)
    results = []
    for low, words in ((False, "g > 0.1"), (True, "g <= 0.1")):
        some = (drift[:, 0] <= 0.1) == low
        for title, off, points, kind in _split(
            f"mean nu, {words}", (mean - drift[:, 2])[some], "exponent_mean", drift[some, 0], MEASURED
        ):
            results.append(within(f"case 3: {title}, worst", np.abs(off).max(), 0.012 if low else 0.006, points, kind))
        for title, off, points, kind in _split(
            f"std of nu, {words}", (std - drift[:, 3])[some], "exponent_std", drift[some, 0], MEASURED
        ):
            results.append(within(f"case 4: {title}, worst", np.abs(off).max(), 0.010 if low else 0.004, points, kind))
    plateau = found.exponent[drift[:, 0] > 0.25].mean()
    return [*results, within("case 3: plateau of nu minus 0.049", plateau - 0.049, 0.004, "g > 0.25", CALIBRATED)]


def _noise(cell, devices: int, reads: int) -> dict:
    frequency, density, _ = experiments.spectrum(cell, LEVELS, devices, seed=23, interval=INTERVAL, reads=reads)
    band = experiments.noise_band(frequency, INTERVAL)
    slope = np.array([np.polyfit(np.log(frequency[band]), np.log(row[band]), 1)[0] for row in density])
    amplitude = experiments.noise_amplitude(frequency, density, INTERVAL)
    ratio = amplitude / experiments.published_noise(LEVELS) - 1.0
    shape = _variance(cell, 4 * devices)
    published = "published fit, S = Q_s^2 / f"
    results = [
        Result("case 10: slope of the spectrum, steepest level", float(slope.min()), "1.21 published", "-1.3..-0.9",
               bool(slope.min() >= -1.3), PUBLISHED_FIT),
        Result("case 10: slope of the spectrum, flattest level", float(slope.max()), "1.21 published", "-1.3..-0.9",
               bool(slope.max() <= -0.9), PUBLISHED_FIT),
        *(within(f"case 10: {title}, worst relative deviation", np.abs(off).max(), 0.20, f"{published}; {points}", kind)
          for title, off, points, kind in _split("Q_s", ratio, "amplitude", LEVELS, PUBLISHED_FIT)),
        within("case 10: variance at 1 ms to 1e5 s over Q_s^2 ln((t + d)/2d), one Q_s a level, worst deviation",
               np.abs(shape - 1.0).max(), 0.10, "published time dependence, mean over levels", PUBLISHED_FIT),
    ]  # fmt: skip
    return {"results": results, "frequency": frequency, "density": density, "amplitude": amplitude}


def _variance(cell, devices: int) -> np.ndarray:
    """Half the mean squared change between two reads of 250 ns over ln((t + d)/2d), each level's mean taken out."""
    population = cell.population((LEVELS.size, devices), seed=24)
    population.program(np.repeat(LEVELS[:, None] * experiments.MAXIMUM, devices, axis=1))
    population.wait(1e4)
    first = _relative(population)
    found = []
    for interval in INTERVALS:
        later = population.copy()
        later.wait(interval)
        variance = 0.5 * ((_relative(later) - first) ** 2).mean(axis=1)
        found.append(variance / np.log((interval + experiments.READ) / (2.0 * experiments.READ)))
    shares = np.array(found)
    return (shares / shares.mean(axis=0)).mean(axis=1)


def _relative(population) -> np.ndarray:
    return population.read() / population.conductance()


def _against_statistical(found: experiments.Programmed) -> Result:
    moments = pcm.load_cell("ibm-90nm-statistical").moments(found.level * experiments.MAXIMUM)
    ratio = found.exponent.mean(axis=1) / moments["drift_exponent_mean"]
    high = found.level > 0.1
    return within(
        "mean nu against the published fit, worst relative deviation for g > 0.1",
        np.abs(ratio[high] - 1.0).max(), 0.15, "mu_nu(g) of the statistical cell", PUBLISHED_FIT,
    )  # fmt: skip


def _draw(at_error, error, at_drift, drift, noise):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.0, 7.0), layout="constrained")
    (a, b), (c, d) = figure.subplots(2, 2)
    a.plot(error[:, 0], error[:, 2], "ko", label="measured (digitised)")
    a.plot(at_error.level, 1e6 * at_error.error, "s-", color=BLUE, mfc="none", label="physical cell")
    a.set(xlabel="target G / 25 µS", ylabel="std of programmed G [µS]", title="programming error")
    b.plot(drift[:, 0], drift[:, 2], "k.", label="measured (digitised)")
    b.plot(at_drift.level, at_drift.exponent.mean(axis=1), color=BLUE, label="from noisy reads")
    b.plot(at_drift.level, at_drift.clean.mean(axis=1), ":", color=BLUE, label="without noise")
    b.set(xlabel="target G / 25 µS", ylabel="mean drift exponent", xscale="log", title="mean of ν")
    c.plot(drift[:, 0], drift[:, 3], "k.", label="measured (digitised)")
    c.plot(at_drift.level, at_drift.exponent.std(axis=1, ddof=1), color=BLUE, label="from noisy reads")
    c.plot(at_drift.level, at_drift.clean.std(axis=1, ddof=1), ":", color=BLUE, label="of the devices themselves")
    c.set(xlabel="target G / 25 µS", ylabel="std of drift exponent", xscale="log", title="spread of ν")
    colours = mpl.colormaps[ORDERED](np.arange(LEVELS.size) / LEVELS.size)
    for colour, level, row in zip(colours, LEVELS, noise["density"], strict=True):
        d.loglog(noise["frequency"], row, color=colour, lw=0.8)
        line = experiments.published_noise(level) ** 2 / noise["frequency"]
        d.loglog(noise["frequency"], line, "--", color=colour, lw=1.0)
    d.set(xlabel="frequency [Hz]", ylabel="$S_G/G^2$ [1/Hz]", title="noise, g = 0.05 (dark) to 0.95; dashed: $Q_s^2/f$")
    for axes in (a, b, c):
        axes.legend(frameon=False)
    return figure


NOTES = (
    "The cell was calibrated to the points seen, with other random numbers. How many reads stand behind the measured "
    "exponents, how long after the last pulse the measured programming error was read, and the margin of the loop are "
    "not known: 20 reads of 250 ns, 20 s, and min(0.5 uS, 20 %) are assumed. "
    "Published is 1/f^1.21; traps with log-uniform time constants give 1/f^1.0."
)
_ERROR = (
    "a quarter too much at 24.6 uS. Most of the error is 1/f noise between verify and read; the published read noise "
    "alone, taken at face value, gives 25 % too much there"
)
_NOISE = (
    "a quarter to a third too little at g = 0.1: more noise there would push programming error and std of nu out of "
    "their tolerances, see the case of the trade-off; the published curve is a fit, its points are not known"
)
KNOWN_MISSES = {
    "case 2: programming error, points held out, worst relative deviation": _ERROR,
    "case 2: programming error, points held out, rms relative deviation": "by its last two points, see the worst one",
    "case 3: mean nu, g > 0.1, points seen, worst": "at g = 0.109 alone, where the mean lies at the tolerance: 0.0057 "
    "(4000 devices), 0.0058 and 0.0066 (2000) below the measured one; the sampling error of 1000, 0.0006, decides",
    "case 3: mean nu, g <= 0.1, points seen, worst": "at 0.4 uS alone: so low a target is read in devices whose dome "
    "is nearly closed, half of which drift as glass; the next point lies within 0.005",
    "case 10: Q_s, points seen, worst relative deviation": _NOISE,
    "case 10: Q_s, points held out, worst relative deviation": _NOISE,
}
