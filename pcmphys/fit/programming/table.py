"""Mean and spread of steps in bins of state and pulse number: no law."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.fit.programming.steps import Steps
from pcmphys.numerics import check, labelled

if TYPE_CHECKING:
    import xarray as xr

_BINS = 12
_MEANT = {
    "state": ("S", "mean conductance before the pulse"),
    "count": ("1", "steps"),
    "devices": ("1", "devices"),
    "mean": ("S", "mean step"),
    "mean_error": ("S", "its standard error"),
    "std": ("S", "standard deviation of the step, without noise of reads"),
    "std_error": ("S", "its standard error"),
}


def state_edges(steps: Steps, given: Any) -> np.ndarray:
    """Edges of bins of state [S]; equal ones over what was visited by default."""
    if given is not None:
        return _edges("states", given, "S")
    low, high = float(steps.state.min()), float(steps.state.max())
    return np.linspace(low, high, _BINS + 1) if high > low else np.array([low, low + max(abs(low), 1e-12)])


def pulse_edges(steps: Steps, given: Any) -> np.ndarray:
    """First pulse numbers of groups, and one beyond the last; 1, 2, 3-4, 5-8, 9-16 ... by default."""
    if given is not None:
        return _edges("pulses", given, "")
    edges = [1.0, 2.0, 3.0]
    while edges[-1] <= steps.pulse.max():
        edges.append(2.0 * edges[-1] - 1.0)
    return np.array(edges)


def _edges(name: str, given: Any, unit: str) -> np.ndarray:
    found = check.array(name, given, unit, ndim=1)
    if found.size < 2:
        raise ParameterError(f"{name} must hold the edges of at least one bin")
    return check.increasing(name, found, unit)


def binned(steps: Steps, slope: float, states: np.ndarray, pulses: np.ndarray) -> xr.Dataset:
    """Count, devices, mean, its error, std and its error of the steps in each bin, (pulse, state).

    A bin holds its lower edge, the last one of states both. Variance that reads leave is taken out of the std (NaN
    where nothing is left of it); errors are from the sums of each device.
    """
    shape = pulses.size - 1, states.size - 1
    row = np.searchsorted(pulses, steps.pulse, side="right") - 1
    column = np.searchsorted(states, steps.state, side="right") - 1
    column = np.where(steps.state == states[-1], shape[1] - 1, column)
    inside = (row >= 0) & (row < shape[0]) & (column >= 0) & (column < shape[1])
    place = (row * shape[1] + column)[inside]
    found = _moments(place, steps.change[inside], steps.noise(slope)[inside], steps.device[inside], shape[0] * shape[1])
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = np.bincount(place, steps.state[inside], minlength=found["count"].size) / found["count"]
    columns = {"state": middle, **found}
    axes = ("pulse_bin", "state_bin")
    return labelled.dataset(
        "steps in bins of state and pulse number",
        {name: (axes, one.reshape(shape), *_MEANT[name]) for name, one in columns.items()},
        {
            "state_low": (axes[1:], states[:-1], "S", "lower edge of the bin of state"),
            "state_high": (axes[1:], states[1:], "S", "upper edge of the bin of state"),
            "pulse_first": (axes[:1], pulses[:-1], "1", "first pulse number of the group"),
            "pulse_last": (axes[:1], np.ceil(pulses[1:]) - 1.0, "1", "last pulse number of the group"),
        },
    )


def _moments(place, change, noise, device, bins: int) -> dict[str, np.ndarray]:
    """Moments in each bin, with errors from device to device."""
    count = np.bincount(place, minlength=bins).astype(float)
    numbers = int(device.max(initial=0)) + 1
    pair, of_pair = np.unique(place * numbers + device, return_inverse=True)
    devices = np.bincount(pair // numbers, minlength=bins).astype(float)

    def error(influence: np.ndarray) -> np.ndarray:
        sums = np.bincount(of_pair, influence, minlength=pair.size)
        return np.sqrt(np.bincount(pair // numbers, sums**2, minlength=bins) * devices / (devices - 1.0)) / count

    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(place, change, minlength=bins) / count
        off = change - mean[place]
        variance = np.bincount(place, off**2, minlength=bins) / (count - 1.0)
        variance = variance - np.bincount(place, noise, minlength=bins) / count
        std = np.sqrt(np.where(variance > 0.0, variance, np.nan))
        std_error = error(off**2 - noise - variance[place]) / (2.0 * std)
        mean_error = np.where(devices > 1, error(off), np.nan)
    return {
        "count": count,
        "devices": devices,
        "mean": mean,
        "mean_error": mean_error,
        "std": std,
        "std_error": np.where(devices > 1, std_error, np.nan),
    }
