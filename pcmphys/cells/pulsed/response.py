"""What a typical device does without noise: its staircase, its symmetry point, and the field's figures of merit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pcmphys.cells.pulsed import kernels
from pcmphys.cells.pulsed.laws.nonlinear import PER_DISTANCE
from pcmphys.cells.pulsed.laws.own import Own
from pcmphys.cells.pulsed.parameters import PulsedParameters
from pcmphys.numerics import labelled
from pcmphys.numerics.brief import fields

if TYPE_CHECKING:
    import xarray as xr

_GRID = 2001
_FIRST, _LONGEST = 64, 2_000_000
"""Pulses of the first walk across the window, and of the last: what has not arrived by then never does."""
_ROUNDING = 1e-9
"""Of the window, by which a walk may miss where it should arrive."""


@dataclass(frozen=True)
class UpdateResponse(labelled.Labelled):
    """A staircase of pulses up, then down, on one device; `pcmphys.plot.staircase` draws it.

    Attributes
    ----------
    pulse : ndarray of int
        Pulses sent so far: 0, 1, ...
    conductance : ndarray [S]
        After them, without noise.
    up : ndarray of bool
        Whether the pulse before was one up; the first element, before any pulse, tells of the next.
    """

    pulse: np.ndarray
    conductance: np.ndarray
    up: np.ndarray

    __repr__ = fields

    @property
    def asymmetry(self) -> float:
        """Distance of both branches half way through their pulses, of the range; NaN if these differ in number."""
        up, down = self._branches
        if up.size != down.size or up[-1] == up[0]:
            return math.nan
        return _imbalance(up, down)

    @property
    def nonlinearity(self) -> Nonlinearity:
        """NeuroSim's labels of both branches, each between its own ends; NaN of one that goes nowhere."""
        return Nonlinearity(*(_label(branch) for branch in self._branches))

    @property
    def _branches(self) -> tuple[np.ndarray, np.ndarray]:
        turn = int(np.count_nonzero(self.up[1:]))
        return self.conductance[: turn + 1], self.conductance[turn:]

    def to_dataset(self) -> xr.Dataset:
        """The staircase as an `xarray.Dataset` with the axis pulse, units as attributes."""
        return labelled.dataset(
            "pcmphys response to pulses",
            {
                "conductance": (("pulse",), self.conductance, "S", "conductance without noise"),
                "up": (("pulse",), self.up, "1", "whether the pulse before was one up; of the first, the next"),
            },
            {"pulse": (("pulse",), self.pulse, "1", "pulses sent so far")},
        )


class Nonlinearity(NamedTuple):
    """NeuroSim's label of the up and of the down curve; positive where the first pulses do most."""

    up: float
    down: float


class PulsesAcross(NamedTuple):
    """Pulses up from the lower and down from the upper bound; infinite where steps vanish, NaN where there are none."""

    up: float
    down: float


def typical(parameters: PulsedParameters) -> Own:
    """The device without spread."""
    birth = parameters.birth(0.0)
    return Own(birth.up * birth.step, birth.down * birth.step, birth.low, birth.high, birth.first, birth.second, 1.0)


def walk(parameters: PulsedParameters, start: float, up: Any) -> np.ndarray:
    """Weights of the typical device before and after each of some pulses, ``up`` or not, from a weight."""
    up = np.asarray(up, dtype=bool)
    out = np.empty(up.size)
    kernels.staircase(0, up.size, parameters.pack(), parameters.table, typical(parameters), float(start), up, out)
    return np.concatenate([[start], out])


def mean_steps(parameters: PulsedParameters, weight: np.ndarray) -> np.ndarray:
    """Steps up and down of the typical device at some weights, shape (2, weights).

    Where a jump table has rows for the first pulses after a RESET: those of a device that was pulsed more often.
    """
    return step_moments(parameters, weight)[:2]


def step_moments(parameters: PulsedParameters, weight: np.ndarray) -> np.ndarray:
    """The same with their stds from pulse to pulse: means up and down, then stds up and down, shape (4, weights)."""
    weight = np.ascontiguousarray(weight, dtype=np.float64)
    out = np.empty((4, weight.size))
    own = typical(parameters)
    if parameters.jump_table is not None:
        own = own._replace(memory=0.0)
    kernels.steps(0, weight.size, parameters.pack(), parameters.table, own, weight, out)
    return out


def symmetry_weight(parameters: PulsedParameters) -> float:
    """Weight at which the typical device's steps up and down are alike; NaN if there is none between its bounds."""
    window = parameters.window
    low, high = window.weight_minimum, window.weight_maximum
    for _ in range(5):  # each round has the bracket a thousand times closer
        grid = np.linspace(low, high, _GRID)
        up, down = mean_steps(parameters, grid)
        difference = up - down
        if np.abs(difference).max() <= 1e-12 * np.abs(up).max():
            return 0.0 if low == window.weight_minimum else 0.5 * (low + high)
        crossing = np.flatnonzero((difference[:-1] > 0.0) & (difference[1:] <= 0.0))
        if not crossing.size:
            return math.nan
        low, high = grid[crossing[0]], grid[crossing[0] + 1]
        if high - low < 1e-14:
            break
    return 0.5 * (low + high)


def imbalance_of_curves(parameters: PulsedParameters, pulses: tuple[int, int]) -> float:
    """Distance of the up and the down curve after half of their pulses, of the range between the up one's ends."""
    return _imbalance(*_curves(parameters, pulses))


def labels(parameters: PulsedParameters, pulses: tuple[int, int]) -> Nonlinearity:
    """NeuroSim's labels of both curves, each between its own ends."""
    return Nonlinearity(*(_label(curve) for curve in _curves(parameters, pulses)))


def pulses_across(parameters: PulsedParameters, share: float) -> PulsesAcross:
    """Pulses that take the typical device so far from either bound towards the other, counted on its walk."""
    window = parameters.window
    low, high = window.weight_minimum, window.weight_maximum
    down = math.nan if parameters.one_sided else _pulses_until(parameters, high, high - share * (high - low), False)
    return PulsesAcross(_pulses_until(parameters, low, low + share * (high - low), True), down)


def _pulses_until(parameters: PulsedParameters, start: float, end: float, up: bool) -> float:
    rounding = _ROUNDING * (parameters.window.weight_maximum - parameters.window.weight_minimum)
    distance, pulses = abs(end - start) - rounding, _FIRST
    while True:
        path = np.abs(walk(parameters, start, np.full(pulses, up)) - start)
        there = np.flatnonzero(path >= distance)
        if there.size:
            return float(there[0])
        if pulses >= _LONGEST:
            return math.inf
        pulses = min(8 * pulses, _LONGEST)


def _curves(parameters: PulsedParameters, pulses: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Weights of a walk up from the lower bound and of one down from the upper one."""
    window = parameters.window
    up = walk(parameters, window.weight_minimum, np.ones(pulses[0]))
    if parameters.one_sided:
        return up, np.full(pulses[1] + 1, math.nan)
    return up, walk(parameters, window.weight_maximum, np.zeros(pulses[1]))


def _imbalance(up: np.ndarray, down: np.ndarray) -> float:
    pulses = down.size - 1
    return float(abs(up[(up.size - 1) // 2] - down[pulses - pulses // 2]) / (up[-1] - up[0]))


def _label(curve: np.ndarray) -> float:
    span = curve[-1] - curve[0]
    if span == 0.0 or not np.isfinite(curve).all():
        return math.nan
    distance = (curve - curve[0]) / span - np.linspace(0.0, 1.0, curve.size)
    return float(PER_DISTANCE * distance[np.argmax(np.abs(distance))])
