"""Exports in the real target: devices of aihwkit 1.1.0 drawn from an exported module, against devices of pcmphys.

The module is exported from one population of a cell and held against another one, at targets between the exported
ones. A network of digits is programmed in both. CrossSim and NeuroSim are not on the package index: the tests hold
their files against their documented formats.
"""

from __future__ import annotations

import pathlib
import tempfile
from typing import NamedTuple

import numpy as np

import pcmphys as pcm
from pcmphys.plot import style
from pcmphys.plot.figures import save_figure
from validation.exports import environment, network
from validation.result import MODEL, NOT_CHECKABLE, Result, within

NAME = "exports"
TITLE = "Exported devices and a network of them in aihwkit 1.1.0"
NOTES = (
    "aihwkit runs in an environment of its own. Below 2 uS (8 % of the largest conductance) levels of the physical "
    "cell are a mixture of devices that were closed and others that were not, and its read noise is one of single "
    "traps, whose spread no sample of this size knows. The network has no converters, no wires and no drift "
    "compensation on either side, so that drift itself costs accuracy; its means are those of more than ten chips, and "
    "their difference is counted in standard errors of ten."
)
LONG = True
"""A quarter of an hour, and an environment of 8 GB: by its name, see --update."""
MEAN, SPREAD = 0.01, 0.03
LEAST = 2e-6
TIMES = np.array([20.0, 1e3, 1e5, 1e7])
NETWORK_TIMES = np.array([20.0, 3600.0, 86400.0, 2.6e6, 3.15e7])
CHIPS = 10
"""Whose standard error is the measure of a difference."""
LEVELS = 60
"""Twice as many as usual: the published spread of the drift exponent has a kink, where interpolation is off by 4 %."""
QUANTITIES = {
    "conductance_mean": ("mean conductance", MEAN),
    "conductance_std": ("spread of conductance", SPREAD),
    "exponent_mean": ("mean drift exponent", MEAN),
    "exponent_std": ("spread of the drift exponent", SPREAD),
    "noise_std": ("relative read noise", SPREAD),
}


class Size(NamedTuple):
    """Devices of an exported level and of a bin, bins, and chips."""

    exported: int
    samples: int
    bins: int
    chips: int


SIZES = {
    "ibm-90nm-statistical": (Size(20_000, 100_000, 12, 40), Size(20_000, 100_000, 6, 5)),
    "ibm-90nm-doped-gst": (Size(10_000, 100_000, 6, 20), None),
}
"""Of a full run, and of a quick one."""
KNOWN_MISSES = {
    "ibm-90nm-statistical: relative read noise in aihwkit's own model, largest relative difference from 2 uS on": (
        "aihwkit takes Q_s of the programmed conductance, not of the target: 4.6 % more at 2 uS, where programming is "
        "uncertain by a fifth; listed as not carried in the export's report"
    ),
}
OWN_LAW = ("ibm-90nm-statistical",)
"""Cells with the very laws of aihwkit's own model, so that its constructor's arguments carry all of them."""


def run(out: pathlib.Path, quick: bool) -> list[Result]:
    """Levels of each cell, then the network."""
    program = environment.python(make=not quick)
    results, drawn = [], {}
    for name, (full, small) in SIZES.items():
        size = small if quick else full
        if size is None:
            continue
        cell = pcm.load_cell(name)
        with tempfile.TemporaryDirectory() as folder:
            settings, source = exported(cell, pathlib.Path(folder) / "export", size.exported)
            results += bins(program, source, settings, size)
            if name in OWN_LAW:
                results += bins(program, source, settings | {"kind": "constructor"}, size)
            drawn[name] = networks(program, cell, settings, size.chips)
        results.append(agreement(name, *drawn[name]))
    save_figure(figure(drawn), out / "figure.png")
    return results


def exported(cell, folder: pathlib.Path, devices: int) -> tuple[dict, pcm.export.LevelStatistics]:
    """Export a cell; what in_aihwkit.py must know of it, and the statistics."""
    done = pcm.export.aihwkit(cell, folder, levels=LEVELS, devices=devices, seed=1)
    settings = {
        "folder": str(folder),
        "module": "pcm_noise_model",
        "name": "PcmNoiseModel",
        "kind": "module",
        "seed": 7,
    }
    return settings, done.round_trip.source


def bins(program: str, source: pcm.export.LevelStatistics, settings: dict, size: Size) -> list[Result]:
    """Each quantity at targets between the exported ones: the largest difference in bins from `LEAST` on.

    Spreads whose standard error is above a third of the bound, from the samples' own tails, tell nothing and are left
    out; how many are judged is said.
    """
    cell = source.cell
    targets = np.linspace(LEAST, cell.conductance_maximum, size.bins)
    here = pcm.export.sample(cell, levels=targets, times=TIMES, devices=size.samples, seed=2)
    given = {"targets": 1e6 * targets, "times": TIMES}
    there = environment.run(program, "levels", settings | {"samples": size.samples}, given)
    model = "aihwkit" if settings["kind"] == "module" else "aihwkit's own model"
    results = []
    for name, (text, limit) in QUANTITIES.items():
        unit = 1e-6 if name.startswith("conductance") else 1.0
        off = np.abs(unit * there[name] / getattr(here, name) - 1.0)
        known = np.ones(off.shape, dtype=bool)
        if hasattr(here, f"{name}_error"):
            known = 3.0 * np.hypot(errors(source, name, targets, off.ndim), getattr(here, f"{name}_error")) <= limit
        what = f"{cell.name}: {text} in {model}, largest relative difference from 2 uS on"
        reference = f"pcmphys, {size.samples:,} other devices a bin; {known.sum()} of {off.size} bins are judged"
        off = off[known]
        results.append(within(what, off.max(), limit, reference, MODEL))
    return results


def errors(source: pcm.export.LevelStatistics, name: str, targets: np.ndarray, axes: int) -> np.ndarray:
    """Relative standard error of an exported spread at some targets, the larger of the two levels beside it."""
    found = getattr(source, f"{name}_error")
    above = np.clip(np.searchsorted(source.target, targets), 1, source.target.size - 1)
    if axes == 2:
        found = found[:, np.abs(np.log(source.time[:, None] / TIMES)).argmin(axis=0)]
    return np.maximum(found[above], found[above - 1])


def networks(program: str, cell, settings: dict, chips: int) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy of chips over time in pcmphys and in aihwkit, (chips, times)."""
    digits = network.digits()
    ours = network.accuracies(cell, digits, NETWORK_TIMES, chips, seed=3)
    given = network.arrays(digits) | {"times": NETWORK_TIMES}
    settings = settings | {"chips": chips, "t_0": cell.reference_time}
    return ours, environment.run(program, "network", settings, given)["accuracy"]


def agreement(name: str, ours: np.ndarray, theirs: np.ndarray) -> Result:
    """Largest difference of the mean accuracies, in standard errors of ten chips of each."""
    chips = len(ours)
    error = np.sqrt((ours.var(axis=0, ddof=1) + theirs.var(axis=0, ddof=1)) / CHIPS)
    apart = np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) / error
    what = f"{name}: accuracy of the digits network over time, largest difference in standard errors of ten chips"
    if chips < CHIPS:
        return Result(what, apart.max(), f"aihwkit, {chips} chips each", "none with so few chips", True, NOT_CHECKABLE)
    return within(what, apart.max(), 3.0, f"aihwkit, {chips} chips each", MODEL)


def figure(drawn: dict[str, tuple[np.ndarray, np.ndarray]]):
    """Accuracy over time in both programs, a panel a cell."""
    with style.figure(1, len(drawn), figsize=(4.6 * len(drawn) + 1.0, 3.6), squeeze=False, sharey=True) as (made, rows):
        for axes, (name, both) in zip(rows[0], drawn.items(), strict=True):
            for found, shift, colour, text in zip(
                both, (0.96, 1.04), (style.BLUE, style.VERMILION), ("pcmphys", "aihwkit"), strict=True
            ):
                error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
                axes.errorbar(
                    shift * NETWORK_TIMES, 100 * found.mean(axis=0), 300 * error, fmt="o-", ms=4, color=colour,
                    label=text,
                )  # fmt: skip
            style.time_axis(axes, NETWORK_TIMES)
            axes.set_title(f"{name}, {len(both[0])} chips each")
        rows[0][0].set_ylabel("accuracy [%]; bars: 3 standard errors")
        rows[0][0].legend(loc="lower left")
    return made
