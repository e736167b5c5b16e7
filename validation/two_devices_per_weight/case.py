"""Two pairs of devices per weight against one pair: how much the weight error falls at significance F = 2.

A weight on two pairs is w = scale (G0+ - G0- + (G1+ - G1-) / 2), on one pair w = scale (G+ - G-); the largest weight is
the whole range of the devices in both cases. All errors are rms over the largest weight, after one gain for all
weights, which takes out the mean drift. Weights are uniform in [-1, 1], or normal and cut at three standard deviations,
which is the largest weight then. All devices are programmed once, to targets that depend on the weight alone, left to
themselves and read once, all noise included.

The split of a weight over its four devices is optimised for the moment of the read (`pcmphys.matrix.optimise_split`).
Two verdicts: against one pair, and against the split that gives both pairs the same part of their range.

Shown beside them: the same at a month; for normal weights; and what a second pair brings that corrects a reading of the
first one. There the first pair is programmed to the weight and read at the reference time t_0, once or as the mean of a
hundred reads, 0.1 s apart; the second pair is programmed to the error of that reading, F times the missing conductance,
clipped to its range, and all devices are read when the second pair is t_0 old.
"""

from __future__ import annotations

import pathlib
from dataclasses import dataclass

import numpy as np

import pcmphys as pcm
from pcmphys.matrix import DifferentialPair, OptimisedSplit, SeveralPairs, optimise_split
from pcmphys.plot.figures import save_figure
from pcmphys.plot.style import COLOURS
from validation.result import MODEL, NOT_CHECKABLE, PUBLISHED_FIT, Result

NAME = "two_devices_per_weight"
TITLE = "Two pairs of devices per weight, significance 2, against one pair (90 nm cells)"
CELLS = {"ibm-90nm-statistical": PUBLISHED_FIT, "ibm-90nm-doped-gst": MODEL}
FACTOR = 2.0
PUBLISHED, PUBLISHED_MONTH, ALLOWED = 39.0, 17.0, 10.0
MONTH = 30 * 86400.0
TIMES = (20.0, 1e2, 1e3, 1e4, 1e5, 1e6, MONTH, 1e7)  # the first is t_0 of both cells
SHAPE = (80, 50)  # weights of a verdict: a sampling error of about 1.5 points of a fall, also in a quick run
SPACING = 0.1  # s
AVERAGED = 100
ONE, EQUAL, FIRST = "one pair", "two pairs, equal parts", "two pairs, most significant first"
OPTIMISED, LATE = "two pairs, optimised for t_0", "two pairs, optimised for a month"


def _pair_title(name: str) -> str:
    return f"{name}: fall of the rms weight error by a second pair, split optimised for t_0 [%]"


def _split_title(name: str) -> str:
    return f"{name}: fall of it from equal parts to the optimised split, two pairs both times [%]"


REASON = (
    "of the publication's example neither the naive split, nor the weights, nor the measured devices were at hand. "
    "With the cells here small weights gain most (an error of the more significant pair counts twice), so that the "
    "fall grows with their number: see the lines on normal weights"
)
KNOWN_MISSES = {_split_title(name): REASON for name in CELLS} | {
    "ibm-90nm-doped-gst: fall of the rms weight error by a second pair, split optimised for t_0 [%]": (
        "at the lower end, with a sampling error of 1.5 points: 28.5 to 29.8 in runs of several versions"
    )
}
NOTES = (
    "Mackin et al., Nat. Commun. 13, 3765 (2022), was not at hand itself. By a reader's notes on its text its 39 % "
    "(17 % after a month) is the fall from a naive to an optimised split of a weight over the same two pairs, F = 2 "
    "(Fig. 2b against 2e), and the optimised split fills the less significant pair first, as it does here; the "
    "optimiser that its first author added to aihwkit programs all devices blindly and allows one drift compensation, "
    "as here. So the second verdict is the publication's comparison, and missed; the first one is how check 13 is "
    "worded here (what a second pair brings), and that it lies near 39 % confirms neither the cells nor the "
    "publication. Until the notes were found the verdict was a second pair that corrects one reading of the first, "
    "from a guess at the method; it missed (9.5 % and 11.6 % when it was replaced) and is shown still: 1/f noise of a "
    "read of 250 ns is another one 20 s later, so the second pair writes the noise of that reading into the weight. "
    "The statistical cell rests on published fits, the physical cell is a model against a model."
)


@dataclass(frozen=True)
class Blind:
    """Weights on devices that are programmed without looking.

    ``errors`` holds for each way to do it the errors over the largest weight at `TIMES`, shape (times, weights);
    ``split`` is the one optimised for t_0.
    """

    weights: np.ndarray
    errors: dict[str, np.ndarray]
    split: OptimisedSplit

    def rms(self, way: str) -> np.ndarray:
        """Of one way, at all times."""
        return np.sqrt((self.errors[way] ** 2).mean(axis=1))

    def fall(self, before: str, time: float) -> float:
        """From another way to the split that is optimised for this time [%]."""
        k = TIMES.index(time)
        return _fall(self.rms(before)[k], self.rms(LATE if time == MONTH else OPTIMISED)[k])


def run(out: pathlib.Path, quick: bool) -> list[Result]:
    """Both cells: blind with an optimised split, at t_0 and at a month; and a second pair that corrects the first."""
    rng = np.random.default_rng(81)
    uniform, normal = rng.uniform(-1.0, 1.0, SHAPE), np.clip(rng.normal(size=SHAPE) / 3.0, -1.0, 1.0)
    corrected = np.random.default_rng(81).uniform(-1.0, 1.0, 500 if quick else 4000)
    results, drawn = [], {}
    for name, standing in CELLS.items():
        cell = pcm.load_cell(name)
        blind = {"uniform": _blind(cell, uniform, quick), "normal": _blind(cell, normal, quick)}
        once, averaged = _corrected(cell, corrected, 1), _corrected(cell, corrected, AVERAGED)
        results += _rows(name, standing, blind, once, averaged)
        drawn[name] = blind
    save_figure(_draw(drawn), out / "figure.png")
    return results


def _blind(cell, weights: np.ndarray, quick: bool) -> Blind:
    samples = 200 if quick else 1000
    splits = {
        way: optimise_split(cell, SeveralPairs(2, FACTOR), time, weights=weights, samples=samples, seed=86)
        for way, time in ((OPTIMISED, TIMES[0]), (LATE, MONTH))
    }
    mappings = {
        ONE: DifferentialPair(),
        EQUAL: SeveralPairs(2, FACTOR, "equal"),
        FIRST: SeveralPairs(2, FACTOR, "most-significant-first"),
        **{way: SeveralPairs(2, FACTOR, split) for way, split in splits.items()},
    }
    errors = {way: _aged(cell, weights, mapping, seed) for seed, (way, mapping) in enumerate(mappings.items(), 87)}
    return Blind(weights, errors, splits[OPTIMISED])


def _aged(cell, weights: np.ndarray, mapping, seed: int) -> np.ndarray:
    """Errors of the weights at `TIMES` after programming, each from one read of all devices."""
    ideal = pcm.Periphery(dac_bits=None, adc_bits=None)
    matrix = pcm.AnalogMatrix(weights, cell, mapping, seed=seed, periphery=ideal)
    matrix.program()
    start, out = matrix.time, []
    for time in TIMES:
        matrix.wait(max(start + time - matrix.time, 0.0))
        held = matrix.matvec(np.eye(len(weights)))
        out.append(_error(held.reshape(-1), weights.reshape(-1)) / np.abs(weights).max())
    return np.array(out)


def _corrected(cell, weight: np.ndarray, reads: int) -> tuple[float, float]:
    """Rms errors of a pair and of that pair with a second one, programmed to the error that ``reads`` reads found.

    In units of one pair's range: w = (G0+ - G0- + (G1+ - G1-) / 2) / G_max.
    """
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
    one, two = _difference(first.read(), top), _difference(second.read(), top)
    return _rms(_error(one, weight)), _rms(_error(one + two / FACTOR, weight))


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


def _rms(error: np.ndarray) -> float:
    return float(np.sqrt((error**2).mean()))


def _fall(before: float, after: float) -> float:
    return 100.0 * (1.0 - after / before)


def _rows(name: str, standing: str, blind: dict[str, Blind], once, averaged) -> list[Result]:
    uniform = blind["uniform"]
    span = f"{PUBLISHED - ALLOWED:g} to {PUBLISHED + ALLOWED:g}"

    def verdict(title: str, before: str, reference: str) -> Result:
        fall = uniform.fall(before, TIMES[0])
        found = f"found rms {uniform.rms(before)[0]:.4f} and {uniform.rms(OPTIMISED)[0]:.4f} of the largest weight"
        return Result(title, fall, f"{reference}; {found}", span, abs(fall - PUBLISHED) <= ALLOWED, standing)

    def shown(what: str, value: float, reference: str) -> Result:
        return Result(f"{name}: {what} [%]", value, reference, "none", True, NOT_CHECKABLE)

    def variant(label: str, time: float) -> Result:
        when, published = ("a month", PUBLISHED_MONTH) if time == MONTH else ("t_0", PUBLISHED)
        equal, one, first = (blind[label].fall(before, time) for before in (EQUAL, ONE, FIRST))
        return shown(
            f"{label} weights at {when}, split optimised for then: fall from equal parts",
            equal,
            f"about {published:g} % from some naive split (second-hand); from one pair {one:.0f} %, from the more "
            f"significant pair first {first:.0f} %",
        )

    return [
        verdict(
            _pair_title(name), ONE, f"check 13: about {PUBLISHED:g} %, though the publication compares another pair"
        ),
        verdict(_split_title(name), EQUAL, f"about {PUBLISHED:g} % (Mackin 2022, second-hand)"),
        variant("normal", TIMES[0]),
        variant("uniform", MONTH),
        variant("normal", MONTH),
        shown(
            "fall by a second pair that corrects one reading of the first",
            _fall(*once),
            f"found rms {once[0]:.4f} and {once[1]:.4f}",
        ),
        shown(
            f"the same, the corrected reading averaged over {AVERAGED} reads",
            _fall(*averaged),
            f"found rms {averaged[0]:.4f} and {averaged[1]:.4f}",
        ),
    ]


def _draw(drawn: dict[str, dict[str, Blind]]):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15.0, 7.4), layout="constrained")
    panels = figure.subplots(2, 4)
    for row, (name, blind) in zip(panels, drawn.items(), strict=True):
        for axes, (label, case) in zip(row, blind.items(), strict=False):
            for way, colour in ((ONE, COLOURS[0]), (OPTIMISED, COLOURS[1])):
                axes.plot(case.weights.reshape(-1), case.errors[way][0], ".", ms=2, alpha=0.4, color=colour,
                          label=f"{way}: rms {case.rms(way)[0]:.4f}")  # fmt: skip
            axes.set(xlabel="weight (of the largest)", ylabel="weight error at t_0", ylim=(-0.2, 0.27))
            axes.set_title(f"{name}: {label} weights", fontsize=9)
            axes.legend(fontsize=8, frameon=False, markerscale=5, loc="upper center", handletextpad=0.2)
        _draw_split(row[2], blind["uniform"].split)
        for (way, style), colour in zip(((ONE, "o-"), (EQUAL, "s--"), (OPTIMISED, "^-")), COLOURS, strict=False):
            row[3].semilogx(TIMES, blind["uniform"].rms(way), style, color=colour, label=way)
        row[3].set(xlabel="time after programming (s)", ylabel="rms weight error, one gain", ylim=(0, None))
        row[3].set_title("uniform weights", fontsize=9)
        row[3].legend(fontsize=8, frameon=False)
    for axes in panels.flat:
        axes.grid(alpha=0.25, lw=0.5)
    return figure


def _draw_split(axes, split: OptimisedSplit) -> None:
    for k, (label, style) in enumerate((("G0+", "-"), ("G0-", ":"), ("G1+ (counts half)", "--"), ("G1-", "-."))):
        axes.plot(split.magnitude, 1e6 * split.targets[:, k], style, color=COLOURS[k // 2], label=label)
    axes.set(xlabel="weight (of the largest)", ylabel="target (uS)", ylim=(-1.0, 31.0))
    axes.set_title("split optimised for t_0, uniform weights", fontsize=9)
    axes.legend(fontsize=8, frameon=False, ncols=2, loc="upper left")
