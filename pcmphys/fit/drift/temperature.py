"""Devices that were kept at several temperatures: exponents of each, one law for all or not, equivalent times."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.constants import BOLTZMANN, ELEMENTARY_CHARGE
from pcmphys.errors import ParameterError
from pcmphys.numerics import check

LEVEL = 0.0027
"""Chance below which one law for all temperatures is rejected: 3 standard deviations."""


class AtTemperature(NamedTuple):
    """Drift exponents of the devices that were kept at one temperature [K], as those of a `DriftPopulation`."""

    temperature: float
    devices: int
    mean: float
    mean_error: float
    spread: float
    spread_error: float
    method: str


def common_chance(groups: tuple[AtTemperature, ...]) -> float:
    """Chance of means that differ as much as these if there is one exponent for all temperatures (Cochran's Q)."""
    from scipy.special import chdtrc

    mean, error = (np.array([getattr(group, key) for group in groups]) for key in ("mean", "mean_error"))
    known = np.isfinite(mean) & (error > 0.0)
    if known.sum() < 2:
        return math.nan
    weight = 1.0 / error[known] ** 2
    middle = (weight * mean[known]).sum() / weight.sum()
    return float(chdtrc(known.sum() - 1.0, (weight * (mean[known] - middle) ** 2).sum()))


def given(temperature: ArrayLike | None, devices: int) -> np.ndarray | None:
    """Temperatures [K], (devices,), that the user states."""
    if temperature is None:
        return None
    found = check.array("temperature", temperature, "K", ndim=(0, 1), low=0.0)
    if (found <= 0.0).any():
        raise ParameterError("temperature must be above 0 K")
    if found.ndim == 1 and found.size != devices:
        raise ParameterError(f"temperature must be one number, or one for each of {devices} devices; got {found.size}")
    return np.broadcast_to(found, (devices,)).copy()


def equivalent_time(
    time: ArrayLike, temperature: ArrayLike, activation_energy: float, reference_temperature: float = 300.0
) -> np.ndarray:
    r"""Time at a reference temperature that has the effect of the time spent at others, if all rates are Arrhenius.

    Parameters
    ----------
    time : (reads,) or (devices, reads) array
        Times since programming [s], increasing.
    temperature : float, (devices, 1) or array as ``time``
        Temperature [K]: constant, or that of the interval that ends at each read.
    activation_energy : float
        Of the relaxation [eV].
    reference_temperature : float
        [K].

    Returns
    -------
    array
        :math:`\int \exp(E/k (1/T_{ref} - 1/T))\, dt` [s], of the shape of ``time``: what `drift` takes as ``time``.

    Notes
    -----
    Conductances must be those at one temperature: that of conduction itself is not corrected here. Lags of the noise
    scale with the time as well, which for 1/f noise changes its constant only, not its differences.

    Examples
    --------
    An hour at 300 K, then an hour at 360 K, with 0.5 eV:

    >>> [round(float(t)) for t in equivalent_time([3600.0, 7200.0], [300.0, 360.0], 0.5)]
    [3600, 94015]
    """
    time = check.array("time", time, "s", 0.0, ndim=(1, 2))
    energy = check.number("activation_energy", activation_energy, "eV", 0.0)
    reference = check.number("reference_temperature", reference_temperature, "K", 0.0, low_open=True)
    kelvin = check.array("temperature", temperature, "K", 0.0, ndim=(0, 1, 2))
    if (kelvin <= 0.0).any():
        raise ParameterError("temperature must be above 0 K")
    try:
        kelvin = np.broadcast_to(kelvin, time.shape)
    except ValueError:
        raise ParameterError(f"temperature must fit times of shape {time.shape}; got {kelvin.shape}") from None
    steps = np.diff(time, axis=-1, prepend=0.0)
    if (steps < 0.0).any():
        raise ParameterError("time must increase along each row")
    return np.cumsum(steps * np.exp(energy * ELEMENTARY_CHARGE / BOLTZMANN * (1.0 / reference - 1.0 / kelvin)), axis=-1)
