"""Devices that are trained in place against aihwkit 1.1.0: a thousand pulses up, a thousand down, 10 000 devices.

Each shipped cell that takes its numbers from a preset of aihwkit is pulsed as that preset is, from a weight of zero;
mean and standard deviation of what reads as the weight are compared along the way.
"""

from __future__ import annotations

import pathlib

import numpy as np
from matplotlib.figure import Figure

import pcmphys as pcm
from pcmphys.plot.figures import save_figure
from pcmphys.plot.style import COLOURS
from validation.exports import environment
from validation.result import MODEL, Result, within

NAME = "pulsed_devices"
TITLE = "Devices that are trained in place, pulse by pulse, in aihwkit 1.1.0"
NOTES = (
    "aihwkit runs in an environment of its own. Its presets allow negative steps and bounds on the wrong side of zero "
    "where a draw lies far out, and so do not the cells here; this concerns less than one device in a thousand. Mean "
    "and std are those of the 98 % of the devices in the middle: the few whose bound lies below what a thousand pulses "
    "reach, four in a thousand of the idealized ones, make most of the std of all at the end, which is then uncertain "
    "by 15 %; and aihwkit draws other devices each time. Pulses of the toolkit leave out the leak of the capacitors, "
    "so that it is left out here. The PCM preset can be pulsed down in aihwkit and not here: it is pulsed up alone."
)
LONG = True
"""An environment of 8 GB: by its name, see --update."""
PRESETS = {
    "rram-gong2018": "ReRamESPresetDevice",
    "rram-gong2018-softbounds": "ReRamSBPresetDevice",
    "rram-gong2022-optimised": "ReRamArrayOMPresetDevice",
    "rram-gong2022-hfo2": "ReRamArrayHfO2PresetDevice",
    "ecram-tang2018": "EcRamPresetDevice",
    "ecram-kim2019": "EcRamMOPresetDevice",
    "capacitor-li2018": "CapacitorPresetDevice",
    "rpu-rasch2019": "IdealizedPresetDevice",
    "rpu-gokmen2016": "GokmenVlasovPresetDevice",
    "pcm-nandakumar2020": "PCMPresetDevice",
}
MEAN, SPREAD = 0.02, 0.05
"""Of the range between the mean bounds, and of the standard deviation."""
SIDE = 100
SCRIPT = pathlib.Path(__file__).with_name("in_aihwkit.py")


def run(out: pathlib.Path, quick: bool) -> list[Result]:
    """Every preset."""
    program = environment.python(make=not quick)
    names = list(PRESETS)[:2] if quick else list(PRESETS)
    results, drawn = [], {}
    for name in names:
        directions = _directions(pcm.load_cell(name))
        marks = np.unique(np.concatenate([[1, 2, 5, 10, 20], np.arange(50, directions.size + 1, 50)]))
        given = {"directions": directions, "marks": marks}
        settings = {"preset": PRESETS[name], "side": SIDE, "seed": 17}
        theirs = environment.run(program, "staircase", settings, given, SCRIPT)
        mean, std = _ours(name, directions, marks)
        drawn[name] = marks, mean, std, theirs
        window = pcm.load_cell(name).parameters.window
        span = window.weight_maximum - window.weight_minimum
        reference = f"{PRESETS[name]} of aihwkit 1.1.0"
        results += [
            within(f"{name}: mean weight, largest difference, of the range", np.abs(mean - theirs["mean"]).max() / span,
                   MEAN, reference, MODEL),
            within(f"{name}: std of the weights, largest relative difference",
                   np.abs(std / theirs["std"] - 1.0).max(), SPREAD, reference, MODEL),
        ]  # fmt: skip
    save_figure(_draw(drawn), out / "figure.png")
    return results


def _directions(cell) -> np.ndarray:
    up = np.ones(1000, dtype=int)
    return up if cell.one_sided else np.concatenate([up, -up])


def _ours(name: str, directions: np.ndarray, marks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and std of the weights after the marked pulses."""
    cell = pcm.load_cell(name)
    if cell.parameters.leak is not None:
        cell = cell.but({"leak.lifetime": 1e15, "leak.spread": 0.0}, source="validation")
    devices = cell.population((SIDE, SIDE), seed=23)
    mean, std = [], []
    for k, direction in enumerate(directions, start=1):
        devices.pulse(direction)
        if k in marks:
            weight = middle(devices.weight)
            mean.append(weight.mean())
            std.append(weight.std(ddof=1))
    return np.array(mean), np.array(std)


def middle(weight: np.ndarray) -> np.ndarray:
    """Weights between the first and the last of a hundred parts."""
    low, high = np.quantile(weight, [0.01, 0.99])
    return weight[(weight >= low) & (weight <= high)]


def _draw(drawn: dict) -> Figure:
    """Mean, and mean plus and minus a standard deviation, of both."""
    figure = Figure(figsize=(10.0, 2.2 * -(-len(drawn) // 2)), layout="constrained")
    axes = np.atleast_1d(figure.subplots(-(-len(drawn) // 2), 2)).ravel()
    for axis, (name, (marks, mean, std, theirs)) in zip(axes, drawn.items(), strict=False):
        axis.fill_between(marks, mean - std, mean + std, color=COLOURS[0], alpha=0.25, linewidth=0)
        axis.plot(marks, mean, color=COLOURS[0], label="pcmphys, mean and std")
        for sign in (-1, 0, 1):
            label = "aihwkit, the same" if sign == 0 else None
            axis.plot(marks, theirs["mean"] + sign * theirs["std"], color="black", linestyle=":", label=label)
        axis.set_title(name, fontsize="medium")
        axis.set_xlabel("pulse")
        axis.set_ylabel("weight")
    axes[0].legend(fontsize="small")
    for axis in axes[len(drawn) :]:
        axis.set_visible(False)
    return figure
