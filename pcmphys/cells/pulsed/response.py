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


@dataclass(frozen=True)
class UpdateResponse(labelled.Labelled):
    """A staircase of pulses up, then down, on one device.

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
    weight = np.ascontiguousarray(weight, dtype=np.float64)
    out = np.empty((2, weight.size))
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


def imbalance_of_curves(parameters: PulsedParameters, pulses: int) -> float:
    """Distance of the up and the down curve after half of the pulses, of the range between their ends."""
    up, down = _curves(parameters, pulses)
    half, span = pulses // 2, up[-1] - up[0]
    return float(abs(up[half] - down[pulses - half]) / span)


def labels(parameters: PulsedParameters, pulses: int) -> Nonlinearity:
    """NeuroSim's labels of both curves, each between its own ends."""
    return Nonlinearity(*(_label(curve) for curve in _curves(parameters, pulses) if curve is not None))


def _curves(parameters: PulsedParameters, pulses: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights of a walk up from the lower bound and of one down from the upper one."""
    window = parameters.window
    up = walk(parameters, window.weight_minimum, np.ones(pulses))
    if parameters.one_sided:
        return up, np.full(pulses + 1, math.nan)
    return up, walk(parameters, window.weight_maximum, np.zeros(pulses))


def _label(curve: np.ndarray) -> float:
    span = curve[-1] - curve[0]
    distance = (curve - curve[0]) / span - np.linspace(0.0, 1.0, curve.size)
    furthest = distance[np.argmax(np.abs(distance))] if np.isfinite(distance).all() else math.nan
    return float(PER_DISTANCE * furthest)
