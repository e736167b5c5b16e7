"""The figure of the statistical cells."""

from __future__ import annotations

import numpy as np

from pcmphys.plot.style import COLOURS, GREY
from validation.statistical_cells import formulas


def draw(sampled: dict, points: dict, reads: list, structures: dict, refitted: tuple):
    """Formulas as lines, sampled devices as filled circles, digitised measurements as black crosses.

    ``sampled[cell]`` holds g and sampled moments, ``points`` the digitised measurements, ``reads`` (cell, age, ratio of
    read noise to G Q_s), ``structures[cell]`` (first age, intervals, values over Q_s^2), ``refitted`` (g, sampled,
    expected) the spread of exponents fitted to noisy reads.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14.0, 8.2), layout="constrained")
    panels = figure.subplots(2, 3).ravel()
    _moments(panels[:3], sampled, points)
    _noise(panels[3], reads)
    _structure(panels[4], structures)
    _refitted(panels[5], refitted, points)
    for axes in panels:
        axes.grid(alpha=0.25, lw=0.5)
    return figure


def _moments(panels, sampled: dict, points: dict) -> None:
    g = np.geomspace(0.01, 1.0, 400)
    names = ("programming_error", "exponent_mean", "exponent_spread")
    labels = ("std of programmed conductance (µS)", "mean drift exponent ν", "std of drift exponent ν")
    for axes, name, label in zip(panels, names, labels, strict=True):
        factor = 1e6 if name == "programming_error" else 1.0
        for cell, colour in zip(formulas.CELLS, COLOURS):
            short = cell.name.removesuffix("-statistical")
            axes.plot(g, factor * getattr(cell, name)(g), color=colour, lw=1.4, label=f"{short}: formula")
            level, values = sampled[cell.name]["g"], factor * sampled[cell.name][name]
            axes.plot(level, values, "o", ms=6, mfc="none", mew=1.3, color=colour, label=f"{short}: 1e6 devices")
        axes.plot(
            points[name][0], points[name][1], "x", ms=5, mew=1.0, color="black", label="90 nm: measured (digitised)"
        )
        axes.set_xlabel("target conductance / largest conductance")
        axes.set_ylabel(label)
    panels[0].legend(fontsize=8.5, frameon=False, loc="lower right")


def _noise(axes, reads: list) -> None:
    age = np.geomspace(1e-3, 3e7, 200)
    for cell, colour in zip(formulas.CELLS, COLOURS):
        short = cell.name.removesuffix("-statistical")
        axes.semilogx(
            age,
            np.sqrt(formulas.noise_variance(age, cell.read_duration)),
            color=colour,
            lw=1.4,
            label=f"{short}: formula",
        )
        own = [(t, ratio) for name, t, ratio in reads if name == cell.name]
        axes.plot(*zip(*own, strict=True), "o", ms=5, mfc="none", mew=1.2, color=colour, label=f"{short}: sampled")
    axes.set_xlabel("time since programming (s)")
    axes.set_ylabel("read noise / (G Q_s)")
    axes.legend(fontsize=9, frameon=False)


def _structure(axes, structures: dict) -> None:
    for cell, colour in zip(formulas.CELLS, COLOURS):
        first, interval, values = structures[cell.name]
        short = cell.name.removesuffix("-statistical")
        log = np.log((interval + 2 * cell.read_duration) / (2 * cell.read_duration))
        axes.plot(
            log,
            formulas.structure(first, interval, cell.read_duration),
            color=colour,
            lw=1.4,
            label=f"{short}: formula",
        )
        axes.plot(log, values, "o", ms=5, mfc="none", mew=1.2, color=colour, label=f"{short}: sampled")
    top = np.array([0.0, 27.0])
    axes.plot(top, 2 * top, "--", color=GREY, lw=1.0, label="1/f noise: slope 2")
    axes.set_xlabel("ln((Δt + 2d) / 2d),  d: duration of a read")
    axes.set_ylabel("mean squared change of the noise / Q_s²")
    axes.set_title("first read at 1e4 s, second Δt later", fontsize=11)
    axes.legend(fontsize=9, frameon=False)


def _refitted(axes, refitted: tuple, points: dict) -> None:
    cell, g = formulas.CELLS[0], np.geomspace(0.1, 1.0, 200)
    level, found, expected = refitted
    axes.plot(g, cell.exponent_spread(g), color=COLOURS[0], lw=1.4, label="as drawn (published σ_ν)")
    axes.plot(level, expected, "--", color=COLOURS[1], lw=1.2, label="σ_ν and 1/f noise, added in squares")
    axes.plot(level, found, "s", ms=5, mfc="none", mew=1.3, color=COLOURS[1], label="fitted to 20 noisy reads a device")
    measured = points["exponent_spread"]
    axes.plot(measured[0], measured[1], "x", ms=5, mew=1.0, color="black", label="measured (digitised)")
    axes.set_xlim(0.1, 1.02)
    axes.set_ylim(0.0, 0.03)
    axes.set_xlabel("target conductance / largest conductance")
    axes.set_ylabel("std of drift exponent ν")
    axes.set_title("90 nm: the published spread already holds noise", fontsize=11)
    axes.legend(fontsize=9, frameon=False)
