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
    "traps: its spread is known to some per cent from 20 000 devices. The network has no converters, no wires and no "
    "drift compensation on either side, so that drift itself costs accuracy."
)
MEAN, SPREAD = 0.01, 0.03
LEAST = 2e-6
TIMES = np.array([20.0, 1e3, 1e5, 1e7])
NETWORK_TIMES = np.array([20.0, 3600.0, 86400.0, 2.6e6, 3.15e7])
CHIPS = 10
QUANTITIES = {
    "conductance_mean": ("mean conductance", MEAN),
    "conductance_std": ("spread of conductance", SPREAD),
    "exponent_mean": ("mean drift exponent", MEAN),
    "exponent_std": ("spread of the drift exponent", SPREAD),
    "noise_std": ("relative read noise", SPREAD),
}


class Size(NamedTuple):
    """Devices of an exported level, of a bin, and bins."""

    exported: int
    samples: int
    bins: int


SIZES = {
    "ibm-90nm-statistical": (Size(20_000, 100_000, 12), Size(20_000, 100_000, 6)),
    "ibm-90nm-doped-gst": (Size(20_000, 100_000, 8), None),
}
"""Of a full run, and of a quick one."""


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
            settings = exported(cell, pathlib.Path(folder) / "export", size.exported)
            results += bins(program, cell, settings, size)
            drawn[name] = networks(program, cell, settings, 3 if quick else CHIPS)
        results.append(agreement(name, *drawn[name]))
    save_figure(figure(drawn), out / "figure.png")
    return results


def exported(cell, folder: pathlib.Path, devices: int) -> dict:
    """Export a cell; what in_aihwkit.py must know of it."""
    pcm.export.aihwkit(cell, folder, devices=devices, seed=1)
    return {"folder": str(folder), "module": "pcm_noise_model", "name": "PcmNoiseModel", "kind": "module", "seed": 7}


def bins(program: str, cell, settings: dict, size: Size) -> list[Result]:
    """Each quantity at targets between the exported ones: the largest difference in bins from `LEAST` on."""
    targets = np.linspace(LEAST, cell.conductance_maximum, size.bins)
    here = pcm.export.sample(cell, levels=targets, times=TIMES, devices=size.samples, seed=2)
    given = {"targets": 1e6 * targets, "times": TIMES}
    there = environment.run(program, "levels", settings | {"samples": size.samples}, given)
    results = []
    for name, (text, limit) in QUANTITIES.items():
        unit = 1e-6 if name.startswith("conductance") else 1.0
        off = np.abs(unit * there[name] / getattr(here, name) - 1.0)
        what = f"{cell.name}: {text} in aihwkit, largest relative difference of {off.size} bins from 2 uS on"
        reference = f"pcmphys, {size.samples:,} other devices a bin"
        results.append(within(what, off.max(), limit, reference, MODEL))
    return results


def networks(program: str, cell, settings: dict, chips: int) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy of chips over time in pcmphys and in aihwkit, (chips, times)."""
    digits = network.digits()
    ours = network.accuracies(cell, digits, NETWORK_TIMES, chips, seed=3)
    given = network.arrays(digits) | {"times": NETWORK_TIMES}
    settings = settings | {"chips": chips, "t_0": cell.reference_time}
    return ours, environment.run(program, "network", settings, given)["accuracy"]


def agreement(name: str, ours: np.ndarray, theirs: np.ndarray) -> Result:
    """Largest difference of the mean accuracies, in standard errors of both."""
    chips = len(ours)
    error = np.sqrt((ours.var(axis=0, ddof=1) + theirs.var(axis=0, ddof=1)) / chips)
    # an image is the least that an accuracy can change by: no standard error is below one of all images and chips
    apart = np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) / np.maximum(error, 1.0 / (360 * chips))
    what = f"{name}: accuracy of the digits network over time, largest difference in standard errors"
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
                    label=f"{text}, {len(found)} chips",
                )  # fmt: skip
            style.time_axis(axes, NETWORK_TIMES)
            axes.set_title(name)
        rows[0][0].set_ylabel("accuracy [%]; bars: 3 standard errors")
        rows[0][0].legend(loc="lower left")
    return made
