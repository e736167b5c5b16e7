"""Two pairs of devices per weight against one pair: how much the weight error falls at significance F = 2.

A weight is w = (F (G1+ - G1-) + (G2+ - G2-)) / (F G_max), in units of its full scale F G_max; one pair alone is
w = (G1+ - G1-) / G_max, the same full scale. Weights are uniform in [-1, 1]; a positive one goes to the plus device,
and the other device of the pair is programmed to zero.

With correction (the verdict): the first pair is programmed to the weight and read once at the reference time t_0, all
noise included; the second pair is programmed to the error of that reading, F times the missing conductance, clipped to
its range. When the second pair is t_0 old (the first twice that), all devices are read once. The error of two pairs and
that of the first pair alone are taken from these same reads, each after one gain for all weights, which takes out the
mean drift. Shown beside it: the same with the error of the first pair averaged over a hundred reads, 0.1 s apart, up to
about t_0; and both pairs programmed to the weight, w = (F (G1+ - G1-) + (G2+ - G2-)) / ((F + 1) G_max), uncorrected.
"""

from __future__ import annotations

import pathlib
from dataclasses import dataclass

import numpy as np

import pcmphys as pcm
from pcmphys.fit.figure import COLOURS, save
from validation._result import MODEL, NOT_CHECKABLE, PUBLISHED_FIT, Result

NAME = "two_devices_per_weight"
TITLE = "Two pairs of devices per weight, significance 2, against one pair (90 nm cells)"
CELLS = {"ibm-90nm-statistical": PUBLISHED_FIT, "ibm-90nm-doped-gst": MODEL}
FACTOR = 2.0
PUBLISHED, ALLOWED = 39.0, 10.0
LATER = (1e2, 1e3, 1e4, 1e5, 1e6)
SPACING = 0.1  # s
AVERAGED = 100


def _title(name: str) -> str:
    return f"{name}: fall of the rms weight error by a second pair that corrects one reading [%]"


REASON = (
    "the one reading that is corrected holds as much fast noise as programming error: 1/f noise of a read of 250 ns is "
    "another one 20 s later, so the second pair writes the noise of the first read into the weight. With the reading "
    "averaged more is gained (shown). How the publication measures what it corrects was not at hand"
)
KNOWN_MISSES = {_title(name): REASON for name in CELLS}
NOTES = (
    "39 % is quoted second-hand from Mackin et al., Nat. Commun. 13, 3765 (2022), which optimises how a network's "
    "weights are split over two pairs; which error it compares, when, and for which weights was not at hand. So this "
    "can neither confirm nor refute the cells; it says what two pairs bring in the way this case describes. The gain "
    "for all weights was added after a first form without it gave 2 % and -3 %: there the drift of the first pair "
    "between t_0 and 2 t_0 counted as error. The averaged variant came after both and is no verdict, however near it "
    "comes. The statistical cell rests on published fits, the physical cell is a model against a model."
)


@dataclass(frozen=True)
class Errors:
    """Weight errors of one cell over full scale, each after one gain for all weights.

    Rms values by time (`LATER`), columns: one pair, two pairs.
    """

    weight: np.ndarray
    single: np.ndarray
    double: np.ndarray
    later: np.ndarray


def run(out: pathlib.Path, quick: bool) -> list[Result]:
    """Both cells: one reading corrected, its average corrected, not corrected; at the reference time and later."""
    count = 500 if quick else 4000
    weight = np.random.default_rng(81).uniform(-1.0, 1.0, count)
    cells = {name: pcm.load_cell(name) for name in CELLS}
    once = {name: _corrected(cell, weight, 1) for name, cell in cells.items()}
    averaged = {name: _corrected(cell, weight, AVERAGED) for name, cell in cells.items()}
    blind = {name: _blind(cell, weight) for name, cell in cells.items()}
    results = [
        row
        for name, standing in CELLS.items()
        for row in _rows(name, standing, once[name], averaged[name], blind[name])
    ]
    save(_draw(once, averaged), out / "figure.png")
    return results


def _corrected(cell, weight: np.ndarray, reads: int) -> Errors:
    """Program one pair, then a second one to the error of the first as found by ``reads`` reads."""
    first, second = (cell.population((2, weight.size), seed=seed) for seed in (82, 83))
    top, age = cell.conductance_maximum, cell.reference_time
    _program(first, _coded(weight, top), age - (reads - 1) * SPACING)
    measured = _difference(first.read(), top)
    for _ in range(reads - 1):
        first.wait(SPACING)
        measured = measured + _difference(first.read(), top)
    programmed = second.time
    _program(second, _coded(np.clip(FACTOR * (weight - measured / reads), -1.0, 1.0), top), age)
    first.wait(second.time - programmed)
    single, double = _errors(first, second, weight, top)
    rms = []
    for later in LATER:
        duration = max(programmed + later - second.time, 0.0)
        for pair in (first, second):
            pair.wait(duration)
        rms.append([_rms(error) for error in _errors(first, second, weight, top)])
    return Errors(weight, single, double, np.array(rms))


def _errors(first, second, weight: np.ndarray, top: float) -> tuple[np.ndarray, np.ndarray]:
    """Errors of the first pair alone and of both pairs, from one read of each device."""
    one, two = _difference(first.read(), top), _difference(second.read(), top)
    return _error(one, weight), _error(one + two / FACTOR, weight)


def _error(found: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weight error after one gain for all weights."""
    return found * (found @ weight) / (found @ found) - weight


def _coded(weight: np.ndarray, top: float) -> np.ndarray:
    """Conductances [S] (2, weights) of the plus and the minus device."""
    return np.stack([np.maximum(weight, 0.0), np.maximum(-weight, 0.0)]) * top


def _program(devices, goal: np.ndarray, age: float) -> None:
    """Program devices and wait until they are ``age`` [s] old, counted from the start of programming."""
    start = devices.time
    devices.program(goal)
    devices.wait(max(age - (devices.time - start), 0.0))


def _difference(read: np.ndarray, top: float) -> np.ndarray:
    """Plus minus minus device, over G_max."""
    return (read[0] - read[1]) / top


def _blind(cell, weight: np.ndarray) -> tuple[float, float]:
    """Rms errors of one pair and of two, all programmed to the weight, at the reference time."""
    top, found = cell.conductance_maximum, []
    for seed in (84, 85):
        devices = cell.population((2, weight.size), seed=seed)
        _program(devices, _coded(weight, top), cell.reference_time)
        found.append(_difference(devices.read(), top))
    both = (FACTOR * found[0] + found[1]) / (FACTOR + 1.0)
    return _rms(_error(found[0], weight)), _rms(_error(both, weight))


def _rms(error: np.ndarray) -> float:
    return float(np.sqrt((error**2).mean()))


def _fall(before: float, after: float) -> float:
    return 100.0 * (1.0 - after / before)


def _rows(name: str, standing: str, once: Errors, averaged: Errors, blind: tuple[float, float]) -> list[Result]:
    single, double = _rms(once.single), _rms(once.double)
    fall = _fall(single, double)
    mean = (_rms(averaged.single), _rms(averaged.double))
    late = LATER.index(1e6)
    return [
        Result(
            _title(name), fall,
            f"about {PUBLISHED:g} % (Mackin 2022, second-hand); found rms {single:.4f} and {double:.4f} of full scale",
            f"{PUBLISHED - ALLOWED:g} to {PUBLISHED + ALLOWED:g}", abs(fall - PUBLISHED) <= ALLOWED, standing,
        ),
        Result(
            f"{name}: the same, the corrected reading averaged over {AVERAGED} reads [%]", _fall(*mean),
            f"found rms {mean[0]:.4f} and {mean[1]:.4f}; at 1e6 s a fall of {_fall(*averaged.later[late]):.0f} %",
            "none", True, NOT_CHECKABLE,
        ),
        Result(
            f"{name}: the same, both pairs programmed to the weight, without correction [%]", _fall(*blind),
            "independent equal errors: 1 - sqrt(5) / 3 = 25 %", "none", True, NOT_CHECKABLE,
        ),
    ]  # fmt: skip


def _draw(once: dict[str, Errors], averaged: dict[str, Errors]):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13.0, 7.4), layout="constrained")
    panels = figure.subplots(2, 3)
    for row, name in zip(panels, once, strict=True):
        for axes, errors, how in (
            (row[0], once[name], "one reading corrected"),
            (row[1], averaged[name], f"mean of {AVERAGED} readings corrected"),
        ):
            for error, colour, label in (
                (errors.single, COLOURS[0], "one pair"),
                (errors.double, COLOURS[1], "two pairs"),
            ):
                axes.plot(errors.weight, error, ".", ms=2, alpha=0.4, color=colour,
                          label=f"{label}: rms {_rms(error):.4f}")  # fmt: skip
            axes.set(xlabel="weight (of full scale)", ylabel="weight error", ylim=(-0.2, 0.24))
            axes.set_title(f"{name}: {how}", fontsize=9.5)
            axes.legend(fontsize=8.5, frameon=False, markerscale=5, loc="upper center", ncols=2, handletextpad=0.2)
        row[2].semilogx(LATER, once[name].later[:, 0], "o-", color=COLOURS[0], label="one pair")
        row[2].semilogx(LATER, once[name].later[:, 1], "s--", color=COLOURS[1], mfc="none", label="two, one reading")
        row[2].semilogx(LATER, averaged[name].later[:, 1], "o-", color=COLOURS[1], label="two, mean of readings")
        row[2].set(xlabel="age of the second pair (s)", ylabel="rms weight error, one gain", ylim=(0, None))
        row[2].set_title(name, fontsize=9.5)
        row[2].legend(fontsize=9, frameon=False)
    for axes in panels.flat:
        axes.grid(alpha=0.25, lw=0.5)
    return figure
