"""The split of a weight over its devices that errs least at a chosen time, for any cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.errors import ParameterError
from pcmphys.matrix.mapping.base import Mapping, top
from pcmphys.matrix.mapping.differential_pair import DifferentialPair
from pcmphys.matrix.mapping.search import Candidates, candidates, chosen, least_error
from pcmphys.matrix.mapping.several_pairs import SeveralPairs
from pcmphys.matrix.mapping.split import NAMED, Split, shares, significances
from pcmphys.numerics import check
from pcmphys.numerics.brief import fields

_FEWEST_SMOOTHED = 9
"""Levels below which the measured table is not smoothed."""
_FINER = 4
"""Targets tried between two measured ones."""
_QUANTILES = 201
"""Magnitudes that stand for the distribution of the weights."""
_GAINS = np.geomspace(1.0, 4.0, 25)
"""Gains tried first, over the one that uses the whole range."""


class Levels(NamedTuple):
    """What devices programmed to a target hold when they are read: target, mean [S] and variance [S2]."""

    target: np.ndarray
    mean: np.ndarray
    variance: np.ndarray

    def at(self, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance at targets in between."""
        return np.interp(target, self.target, self.mean), np.interp(target, self.target, self.variance)


@dataclass(frozen=True, eq=False)
class OptimisedSplit(Split):
    """A `Split` made by `optimise_split`, and what it is worth.

    All errors are rms, of a weight after one gain for all weights, over the largest weight.

    Attributes
    ----------
    cell : str
        Name of the technology.
    time : float [s]
        Time after programming that it is made for.
    gain : float
        Expected gain of `AnalogMatrix.calibrate` at that time.
    predicted : float
        Error by the tables that the split was chosen from: slightly too good, since the choice also follows their
        sampling error.
    achieved : float
        Error of fresh devices that were programmed with the split and read at that time.
    alternatives : dict of str to float
        Predicted errors of the named splits of the same devices, and of "one pair".
    """

    cell: str
    time: float
    gain: float
    predicted: float
    achieved: float
    alternatives: dict[str, float] = field(repr=False)

    def __repr__(self) -> str:
        return fields(self)

    def summary(self) -> str:
        """Say in a table what the split is worth."""
        rows = [("this split, predicted", self.predicted), ("this split, fresh devices", self.achieved)]
        rows += [(f"{name}, predicted", error) for name, error in self.alternatives.items()]
        head = f"{self.cell}, {self.time:g} s after programming: rms weight error over the largest weight"
        return "\n".join([head, *(f"  {name:<36}{error:.4f}" for name, error in rows)])


def optimise_split(
    cell: Any,
    mapping: Mapping | None = None,
    time: float | None = None,
    *,
    weights: ArrayLike | None = None,
    levels: int = 33,
    samples: int = 500,
    points: int = 129,
    temperature: float | None = None,
    read_duration: float | None = None,
    seed: int = 0,
) -> OptimisedSplit:
    """Choose the targets of a weight's devices for the least error at a time.

    Devices are programmed to a grid of targets, left alone until ``time`` and read once; mean and variance of the
    conductance are tabulated. Then, for every magnitude of a weight, those targets are chosen (also of both devices
    of a pair) that make the expected squared error least: E[(a sum_d c_d G_d - w)^2] = (a sum_d c_d mean_d - w)^2 +
    a^2 sum_d c_d^2 variance_d, with c_d = +-F^-k; a is the one gain for all weights that serves them best, without
    clipping the largest. All sums of devices are searched, by dynamic programming over the devices.

    Parameters
    ----------
    cell : cell
        Any kind with ``population``, ``conductance_minimum`` and ``conductance_maximum``.
    mapping : SeveralPairs or DifferentialPair
        Pairs, factor and ceiling; its own split plays no role. Two pairs of factor 2 by default.
    time : float [s]
        From the end of programming to the read, as in ``matrix.program(); matrix.wait(time)``; the cell's reference
        time by default.
    weights : array_like, optional
        Typical weights, any shape: the distribution that gain and errors are for. Uniform magnitudes by default.
    levels, samples : int
        Targets on the grid, and devices for each of them; as many as ``samples`` times 4 weights check the result.
    points : int
        Magnitudes in the table.
    temperature : float [K], optional
        Of the wait; the cell's own by default.
    read_duration : float [s], optional
        Of the read; the cell's own by default.
    seed : int
        Of the sampled devices: same seed, same split.

    Returns
    -------
    OptimisedSplit
        For ``SeveralPairs(pairs, factor, split=...)``.

    Raises
    ------
    ParameterError
        Another mapping, a cell without devices, or numbers out of range.

    Notes
    -----
    Not modelled: wires, converters and selectors; correlation between devices. The tables hold for the cell and the
    time they were made for; another age needs another split.

    References
    ----------
    The idea, with a search by differential evolution: C. Mackin et al., Nat. Commun. 13, 3765 (2022).

    Examples
    --------
    >>> import pcmphys as pcm
    >>> cell = pcm.load_cell("ibm-90nm-statistical")
    >>> split = optimise_split(cell, SeveralPairs(pairs=2, factor=2.0), time=3600.0, samples=200, levels=17)
    >>> split.predicted < split.alternatives["equal"] < split.alternatives["one pair"]
    True
    >>> matrix = pcm.AnalogMatrix(np.eye(4), cell, mapping=SeveralPairs(split=split))
    """
    pairs, factor, low, high = _range(cell, mapping)
    time = check.number("time", cell.reference_time if time is None else time, "s", 0.0)
    levels, points = check.integer("levels", levels, 2), check.integer("points", points, 2)
    samples, seed = check.integer("samples", samples, 2), check.integer("seed", seed, 0, 2**64 - 1)
    typical = _quantiles(weights)
    history = (time, temperature, read_duration)
    table = _measure(cell, np.linspace(low, high, levels), samples, history, seed)
    options = np.linspace(low, high, _FINER * (levels - 1) + 1)
    mean, variance = table.at(options)
    signed = np.stack([significances(pairs, factor), -significances(pairs, factor)], axis=1).reshape(-1)
    sums = candidates(mean, variance, signed)
    magnitude = np.linspace(0.0, 1.0, points)
    targets = options[chosen(sums, _best_gain(sums, typical), magnitude)]
    found = Split(magnitude, targets, factor)
    gain, predicted = _expected(table, found.at(typical), signed, typical)
    alternatives = {name: _named(table, name, pairs, factor, typical)[1] for name in NAMED} if pairs > 1 else {}
    alternatives["one pair"] = _named(table, "equal", 1, factor, typical)[1]
    achieved = _check_on_fresh(cell, found, signed, (4 * samples, levels * samples), history, seed, typical)
    return OptimisedSplit(
        magnitude, targets, factor, cell.name, time, gain * found.full, predicted, achieved, alternatives
    )


def _range(cell, mapping) -> tuple[int, float, float, float]:
    """Pairs, factor, least and largest target [S]."""
    if not callable(getattr(cell, "population", None)):
        named = f": write load_cell({cell!r})" if isinstance(cell, str) else ""
        raise ParameterError(f"cell must be a cell as load_cell gives it; got {cell!r}{named}")
    mapping = SeveralPairs() if mapping is None else mapping
    if isinstance(mapping, DifferentialPair):
        pairs, factor = 1, 2.0
    elif isinstance(mapping, SeveralPairs):
        pairs, factor = mapping.pairs, mapping.factor
    else:
        raise ParameterError(
            f"mapping must be a SeveralPairs or a DifferentialPair, whose weights have devices to split over; "
            f"got {mapping!r}"
        )
    low = cell.conductance_minimum
    return pairs, factor, low, top(mapping.ceiling, cell.conductance_maximum, low)


def _quantiles(weights) -> np.ndarray:
    """Magnitudes over the largest that stand for the distribution of ``weights``, increasing."""
    middle = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    if weights is None:
        return middle
    magnitude = np.abs(check.array("weights", weights)).reshape(-1)
    if not magnitude.any():
        raise ParameterError("weights must not all be zero")
    return np.quantile(magnitude / magnitude.max(), middle)


def _measure(cell, target: np.ndarray, samples: int, history, seed: int) -> Levels:
    """Program devices to a grid of targets and read them at the end of ``history``."""
    wanted = np.repeat(target[:, None], samples, axis=1)
    read = _read(cell.population(wanted.shape, seed=seed), wanted, history)
    deviation = read.std(axis=1, ddof=1)
    # both are known to a part of the deviation, which the smoothing weighs them by
    scale = np.maximum(deviation, 1e-6 * (read.max() or 1.0))
    mean, deviation = (_smooth(target, values, scale) for values in (read.mean(axis=1), deviation))
    return Levels(target, mean, np.maximum(deviation, 0.0) ** 2)


def _smooth(target: np.ndarray, values: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Take out the sampling error, which the search would else take for merit; few values stay as they are."""
    from scipy.interpolate import make_smoothing_spline

    if target.size < _FEWEST_SMOOTHED or not values.any():
        return values
    unit = (target - target[0]) / (target[-1] - target[0])
    size = np.abs(values).max()
    return size * make_smoothing_spline(unit, values / size, w=(scale / scale.max()) ** -2.0)(unit)


def _read(devices, targets: np.ndarray, history) -> np.ndarray:
    time, temperature, duration = history
    devices.program(targets)
    devices.wait(time, temperature)
    return devices.read(None, duration)


def _best_gain(sums: Candidates, typical: np.ndarray) -> float:
    """Gain [1/S] of the least mean squared error, of those that clip no weight: coarse search, then a fine one."""
    from scipy.optimize import minimize_scalar

    lowest = 1.0 / float(sums.mean.max())
    errors = [least_error(sums, lowest * gain, typical).mean() for gain in _GAINS]
    k = int(np.argmin(errors))
    bounds = (_GAINS[max(k - 1, 0)], _GAINS[min(k + 1, _GAINS.size - 1)])
    fine = minimize_scalar(
        lambda gain: least_error(sums, lowest * gain, typical).mean(), bounds=bounds, method="bounded"
    )
    return lowest * (float(fine.x) if fine.fun < errors[k] else float(_GAINS[k]))


def _expected(table: Levels, targets: np.ndarray, signed: np.ndarray, typical: np.ndarray) -> tuple[float, float]:
    """Best gain [1/S] and rms error of weights on devices with these targets (devices, weights)."""
    mean, variance = table.at(targets)
    held, spread = signed @ mean, signed**2 @ variance
    gain = float((held * typical).sum() / (held**2 + spread).sum())
    return gain, float(np.sqrt(((gain * held - typical) ** 2 + gain**2 * spread).mean()))


def _named(table: Levels, name: str, pairs: int, factor: float, typical: np.ndarray) -> tuple[float, float]:
    part = shares(name, typical, pairs, factor)
    low, high = table.target[[0, -1]]
    targets = np.full((2 * pairs, typical.size), low)
    targets[::2] += (high - low) * part
    signed = np.stack([significances(pairs, factor), -significances(pairs, factor)], axis=1).reshape(-1)
    return _expected(table, targets, signed, typical)


def _check_on_fresh(cell, split: Split, signed, numbers, history, seed: int, typical: np.ndarray) -> float:
    """Rms error of weights on devices that had no part in the choice; their numbers follow on."""
    count, first_cell = numbers
    wanted = np.resize(typical, count)
    devices = cell.population((2 * split.pairs, count), seed=seed, first_cell=first_cell)
    held = signed @ _read(devices, split.at(wanted), history)
    gain = float((held * wanted).sum() / (held**2).sum())
    return float(np.sqrt(((gain * held - wanted) ** 2).mean()))
