"""What leaves for other programs: the devices of a cell, sampled once into statistics of its conductance levels.

Every level's devices are programmed, wait and are read as any others; what is kept are moments and tables over target
and time, from which each target format is written.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.cells.protocol import Cell
from pcmphys.errors import ParameterError
from pcmphys.export.scores import SCORES, coupling, tabulated
from pcmphys.numerics import check, labelled
from pcmphys.numerics.compile import together
from pcmphys.numerics.frozen import Frozen

if TYPE_CHECKING:
    import xarray as xr

LEVELS, TIMES, DEVICES = 30, 20, 2000
"""How many there are unless told."""
LONGEST = 31_557_600.0
"""Last time [s] unless told: one year."""
LEAST_DEVICES = 100
"""Of a level: from fewer, a spread is known to no better than 7 %."""
VOLTAGES = 9
"""Voltages of a level's I-V, from zero to the cell's read voltage."""
_AT_ONCE = 4096
_LEAST_ALIVE = 30
"""Conducting devices of a level from which drift and noise are taken."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False, repr=False)
class LevelStatistics(Frozen, labelled.Labelled):
    """Statistics of a cell's devices by target conductance and time since programming; `sample` makes them.

    Axes: targets, times, and the normal scores of a table's nodes (`pcmphys.export.scores`). All arrays are read-only.

    Attributes
    ----------
    cell : cell
        The technology.
    target : ndarray [S]
        What devices were programmed to, ascending.
    time : ndarray [s]
        Since the end of programming, ascending; the first is the cell's reference time.
    devices : int
        Devices of each level.
    seed : int
        Theirs.
    conductance_mean, conductance_std : ndarray [S]
        Without read noise, (targets, times); the first time is what programming left.
    programmed : ndarray [S]
        Table of the conductance at the first time, (targets, scores).
    loss_mean, loss_std, loss : ndarray
        ln of a device's conductance at the first time over that now, (targets, times) and (targets, times, scores).
    exponent_mean, exponent_std : ndarray
        Drift exponent over all times (least squares of the loss over ln t), (targets,).
    coupling : ndarray
        Correlation of a device's programmed conductance with its drift exponent, as normal scores, (targets,).
    noise_mean, noise_std, noise : ndarray
        A reading over the conductance without noise, minus one: (targets, times) and (targets, times, scores).
    noise_rms : ndarray
        What the devices' own noise law expects of it, (targets, times).
    shape : ndarray
        Current at some voltages over that of an ohmic device with the conductance of the read voltage, (targets,
        voltages); the voltages are `VOLTAGES` from zero to ``cell.read_voltage``.
    conductance_std_error, exponent_std_error, noise_std_error : ndarray
        Relative standard errors of these spreads, from the sample's own fourth moments.
    blank : ndarray
        Part of a level's devices that conduct nothing: they have neither drift nor noise, (targets,).
    """

    table_axes: ClassVar[tuple[str, ...]] = ("target", "time")
    cell: Cell
    target: np.ndarray
    time: np.ndarray
    devices: int
    seed: int
    conductance_mean: np.ndarray
    conductance_std: np.ndarray
    programmed: np.ndarray
    loss_mean: np.ndarray
    loss_std: np.ndarray
    loss: np.ndarray
    exponent_mean: np.ndarray
    exponent_std: np.ndarray
    coupling: np.ndarray
    noise_mean: np.ndarray
    noise_std: np.ndarray
    noise: np.ndarray
    noise_rms: np.ndarray
    shape: np.ndarray
    conductance_std_error: np.ndarray
    exponent_std_error: np.ndarray
    noise_std_error: np.ndarray
    blank: np.ndarray

    def __post_init__(self) -> None:
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    def __repr__(self) -> str:
        return (
            f"LevelStatistics({self.cell.name!r}, {self.target.size} targets up to {1e6 * self.target[-1]:g} uS, "
            f"{self.time.size} times up to {self.time[-1]:.3g} s, {self.devices} devices each)"
        )

    @property
    def drifts(self) -> bool:
        """Whether any device loses or gains conductance with time."""
        return bool(np.any(self.exponent_mean != 0.0) or np.any(self.exponent_std != 0.0))

    @property
    def ohmic(self) -> bool:
        """Whether the current of every level is proportional to the voltage."""
        return bool(np.all(self.shape == 1.0))

    def to_dataset(self) -> xr.Dataset:
        """All of it as an `xarray.Dataset` with units; ``to_netcdf`` writes it to a file."""
        level, both = ("target",), ("target", "time")
        return labelled.dataset(
            f"pcmphys level statistics of {self.cell.name}",
            {
                "conductance_mean": (both, self.conductance_mean, "S", "mean conductance without read noise"),
                "conductance_std": (both, self.conductance_std, "S", "its standard deviation over devices"),
                "conductance_std_error": (
                    both, self.conductance_std_error, "1", "relative standard error of conductance_std"
                ),
                "programmed": ((*level, "score"), self.programmed, "S", "conductance at the first time, a table"),
                "loss_mean": (both, self.loss_mean, "1", "mean of ln of the conductance at the first time over now"),
                "loss_std": (both, self.loss_std, "1", "its standard deviation over devices"),
                "loss": ((*both, "score"), self.loss, "1", "the same as a table"),
                "exponent_mean": (level, self.exponent_mean, "1", "mean drift exponent"),
                "exponent_std": (level, self.exponent_std, "1", "its standard deviation over devices"),
                "exponent_std_error": (
                    level, self.exponent_std_error, "1", "relative standard error of exponent_std"
                ),
                "coupling": (level, self.coupling, "1", "correlation of conductance and exponent, normal scores"),
                "noise_mean": (both, self.noise_mean, "1", "mean of a reading over the conductance, minus one"),
                "noise_std": (both, self.noise_std, "1", "its standard deviation: relative read noise"),
                "noise_std_error": (both, self.noise_std_error, "1", "relative standard error of noise_std"),
                "noise_rms": (both, self.noise_rms, "1", "relative read noise that the devices' law expects"),
                "noise": ((*both, "score"), self.noise, "1", "reading over conductance minus one, a table"),
                "shape": ((*level, "voltage"), self.shape, "1", "current over that of an ohmic device"),
                "blank": (level, self.blank, "1", "part of the devices that conduct nothing"),
            },
            {
                "target": (level, self.target, "S", "target conductance"),
                "time": (("time",), self.time, "s", "time since the end of programming"),
                "score": (("score",), SCORES, "1", "normal score of a table's node"),
                "voltage": (("voltage",), voltages(self.cell), "V", "read voltage"),
            },
            cell=self.cell.name,
            devices=self.devices,
            seed=self.seed,
        )  # fmt: skip


def voltages(cell: Cell) -> np.ndarray:
    """Voltages [V] at which `LevelStatistics.shape` is known."""
    return np.linspace(0.0, cell.read_voltage, VOLTAGES)


def sample(
    cell: Cell,
    *,
    levels: int | ArrayLike = LEVELS,
    times: int | ArrayLike = TIMES,
    devices: int = DEVICES,
    seed: int = 0,
    at_once: int = _AT_ONCE,
    progress: Progress | None = None,
) -> LevelStatistics:
    """Sample a cell of any kind into statistics of its levels, once for all exports.

    Parameters
    ----------
    cell : cell
        Statistical, physical, projected, fitted or changed.
    levels : int or array_like [S]
        How many targets, denser towards the low end where laws bend most, or the targets themselves.
    times : int or array_like [s]
        How many times from the cell's reference time to a year, evenly spaced in their logarithm, or the times
        themselves; the reference time is put before them.
    devices : int
        Devices of each level: 2000 know a mean to 2 % of the spread and a spread to 1.6 %.
    seed : int
        Same seed, same bits, whatever the number of threads or ``at_once``.
    at_once : int
        Devices of a level that live at the same time; each of the threads holds that many, and 24 bytes a device and
        time of its level.
    progress : callable, optional
        Called with levels done and levels in all.

    Returns
    -------
    LevelStatistics

    Raises
    ------
    ParameterError
        Something that has no devices, fewer than 100 devices, one level, levels outside of the cell's range, a single
        time or times before the reference time.

    Notes
    -----
    Times count from the end of programming. Devices of a physical cell then are up to seconds older than that, each
    counted from its own last pulse.

    Not kept: how one device's reads at different times go together (1/f noise, telegraph noise), and any temperature
    other than the cell's own.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> cell = pcm.load_cell("ibm-90nm-statistical")
    >>> found = pcm.export.sample(cell, levels=[5e-6, 20e-6], times=[1e4], devices=1000)
    >>> found
    LevelStatistics('ibm-90nm-statistical', 2 targets up to 20 uS, 2 times up to 1e+04 s, 1000 devices each)
    >>> found.exponent_mean.round(3)
    array([0.049, 0.049])
    """
    _check_cell(cell)
    target, time = _targets(cell, levels), _times(cell, times)
    devices = check.integer("devices", devices, LEAST_DEVICES)
    seed = check.integer("seed", seed, 0, 2**64 - 1)
    at_once = check.integer("at_once", at_once, 1)
    done, lock = [0], threading.Lock()

    def numbers(level: int) -> tuple[int, int, int, int]:
        return seed, level * devices, devices, at_once

    def one(level: int) -> dict[str, Any]:
        found = _reduced(cell, time, _measured(cell, float(target[level]), time, numbers(level)))
        if progress is not None:
            with lock:
                done[0] += 1
                progress(done[0], target.size)
        return found

    if progress is not None:
        progress(0, target.size)
    rows = together([functools.partial(one, level) for level in range(target.size)])
    return LevelStatistics(cell, target, time, devices, seed, **_filled(rows))


def _check_cell(cell: Any) -> None:
    if not callable(getattr(cell, "population", None)):
        kind = type(cell).__name__
        raise ParameterError(f"cell must have devices, as statistical and physical cells do; a {kind} has none")


def _targets(cell: Cell, levels: int | ArrayLike) -> np.ndarray:
    low, high = cell.conductance_minimum, cell.conductance_maximum
    if isinstance(levels, (int, np.integer)) and not isinstance(levels, bool):
        count = check.integer("levels", levels, 2)
        if not low < high:
            raise ParameterError(f"cell {cell.name} has one state, {high:g} S: there are no levels to export")
        return low + (high - low) * (np.arange(count) / (count - 1)) ** 2
    found = check.increasing("levels", check.array("levels", levels, "S", 0.0, high, ndim=1), "S")
    if found.size < 2:
        raise ParameterError(f"levels must hold at least two targets [S]; got {found.size}")
    return found


def _times(cell: Cell, times: int | ArrayLike) -> np.ndarray:
    first = cell.reference_time
    if isinstance(times, (int, np.integer)) and not isinstance(times, bool):
        return np.geomspace(first, max(LONGEST, 10.0 * first), check.integer("times", times, 2))
    found = check.increasing("times", check.array("times", times, "s", first, ndim=1), "s")
    if found.size == 0 or found[-1] == first:
        raise ParameterError(f"times must hold one beyond the cell's reference time, {first:g} s: drift counts from it")
    return found if found[0] == first else np.concatenate([[first], found])


class _Level(NamedTuple):
    """What was seen of a level's devices: (times, devices), and current (voltages, devices) at the first time."""

    conductance: np.ndarray
    reading: np.ndarray
    expected_noise: np.ndarray
    current: np.ndarray | None


def _measured(cell: Cell, target: float, time: np.ndarray, numbers: tuple[int, int, int, int]) -> _Level:
    """Devices of one level, part by part; ``numbers`` are seed, first device, devices and how many at once."""
    seed, first, devices, at_once = numbers
    conductance, reading, expected = np.empty((3, time.size, devices))
    current = None
    for start in range(0, devices, at_once):
        stop = min(start + at_once, devices)
        some = cell.population(stop - start, seed=seed, first_cell=first + start)
        some.program(target)
        programmed = some.time
        for k, when in enumerate(time):
            some.wait(max(when - (some.time - programmed), 0.0))
            look = some.now()
            conductance[k, start:stop] = look.conductance
            expected[k, start:stop] = look.relative_noise
            if k == 0 and not look.ohmic:
                current = np.empty((VOLTAGES, devices)) if current is None else current
                current[:, start:stop] = [look.current(v, warn=False)[0] for v in voltages(cell)]
            reading[k, start:stop] = some.read()
    return _Level(conductance, reading, expected, current)


def _reduced(cell: Cell, time: np.ndarray, seen: _Level) -> dict[str, Any]:
    """Moments and tables of a level; NaN for drift and noise where too few devices conduct."""
    g = seen.conductance
    alive = (g > 0.0).all(axis=0)
    found: dict[str, Any] = {
        "conductance_mean": g.mean(axis=1),
        "conductance_std": g.std(axis=1),
        "conductance_std_error": _error_of_std(g),
        "programmed": tabulated(g[0], least=0.0),
        "blank": 1.0 - alive.mean(),
    }
    if alive.sum() < _LEAST_ALIVE:
        return found | _SILENT
    g = g[:, alive]
    since = np.log(time / time[0])
    loss = np.log(g[0] / g)
    exponent = since @ loss / (since @ since)
    noise = seen.reading[:, alive] / g - 1.0
    return found | {
        "loss_mean": loss.mean(axis=1),
        "loss_std": loss.std(axis=1),
        "loss": tabulated(loss),
        "exponent_mean": exponent.mean(),
        "exponent_std": exponent.std(),
        "exponent_std_error": _error_of_std(exponent),
        "coupling": coupling(g[0], exponent),
        "noise_mean": noise.mean(axis=1),
        "noise_std": noise.std(axis=1),
        "noise_std_error": _error_of_std(noise),
        "noise": tabulated(noise, least=-1.0),
        "noise_rms": np.sqrt((seen.expected_noise[:, alive] ** 2).mean(axis=1)),
        "shape": _shape(cell, seen),
    }


_SILENT = dict.fromkeys(
    (
        "loss_mean", "loss_std", "loss", "exponent_mean", "exponent_std", "exponent_std_error", "coupling",
        "noise_mean", "noise_std", "noise_std_error", "noise", "noise_rms", "shape",
    )
)  # fmt: skip
"""What devices that do not conduct have nothing to say of."""


def _shape(cell: Cell, seen: _Level) -> np.ndarray:
    if seen.current is None:
        return np.ones(VOLTAGES)
    volts = voltages(cell)
    # at no voltage both are zero: their ratio there is that of the slopes, which the next point is closest to
    ratio = seen.current.sum(axis=1)[1:] / (seen.current[-1].sum() / volts[-1] * volts[1:])
    at_zero = ratio[0] - (ratio[1] - ratio[0]) / 3.0  # it bends with the square of the voltage
    return np.concatenate([[at_zero], ratio])


def _error_of_std(values: np.ndarray) -> np.ndarray:
    """Relative standard error of the standard deviation of samples (..., devices): sqrt((kurtosis - 1) / 4n)."""
    away = values - values.mean(axis=-1, keepdims=True)
    square = (away**2).mean(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        kurtosis = np.where(square > 0.0, (away**4).mean(axis=-1) / square**2, 1.0)
    return np.sqrt(np.maximum(kurtosis - 1.0, 0.0) / (4.0 * values.shape[-1]))


def _filled(rows: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    """Rows as arrays; a level without conducting devices has the drift and noise of the nearest one that has some."""
    speaking = [k for k, row in enumerate(rows) if row["loss"] is not None]
    if not speaking:
        raise ParameterError("levels: the devices of all of them conduct nothing")
    nearest = [min(speaking, key=lambda other: (abs(other - k), other)) for k in range(len(rows))]
    return {
        name: np.array([row[name] if row[name] is not None else rows[nearest[k]][name] for k, row in enumerate(rows)])
        for name in rows[0]
    }
